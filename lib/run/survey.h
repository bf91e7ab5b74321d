/*
 * survey.h: what the service answered, counted: for `envtally validate`.
 *
 * Reads the messages of a pipe and appends facts, a line "key=value" each:
 *   expires_at       of the CONNECTION
 *   accounts, asset_groups, plan_items, envelopes   how many there are
 *   first_account    of those that the profile asks for
 *   billing          the first account's own count, in words
 */
#ifndef ENVTALLY_SURVEY_H
#define ENVTALLY_SURVEY_H

#include "base/buffer.h"

/* `profile_path` is the profile with the requested accounts. */
int survey_append(int descriptor, const char *name, const char *profile_path, struct buffer *text, struct error *error);

#endif
