/*
 * rights_change.h: a rights_restatement for people: what a row of entitlements.csv has changed of a closed period.
 *
 *     ENT-2, entitlements line 3, 275 -> 250 rights, 646.25 -> 587.50 USD (changed)
 */
#ifndef ENVTALLY_RIGHTS_CHANGE_H
#define ENVTALLY_RIGHTS_CHANGE_H

#include "base/buffer.h"

/* The fields that it needs: as RIGHTS_CHANGE(RECORD_SLOT) their slots. */
/* clang-format off */
#define RIGHTS_CHANGE(X) \
	X(run_id) X(entitlement_id) X(line) X(line_before) X(rights_before) X(rights_after) X(days_before) X(days_after) \
	X(currency_before) X(spend_before) X(currency_after) X(spend_after) X(cause)
/* clang-format on */
#define RIGHTS_CHANGE_NAME(name) CHANGE_##name,
enum { RIGHTS_CHANGE(RIGHTS_CHANGE_NAME) RIGHTS_CHANGE_FIELDS };

/* Texts of the fields, NULL for null: appended as they are, to be displayed by the caller. */
void rights_change_append(const char *const texts[RIGHTS_CHANGE_FIELDS], struct buffer *text);

/* The same as members of an object. */
void rights_change_append_members(const char *const texts[RIGHTS_CHANGE_FIELDS], struct buffer *json);

#endif
