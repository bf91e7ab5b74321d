/*
 * run_inputs.h: what a person has changed since an interrupted run froze its profile and descriptor.
 */
#ifndef ENVTALLY_RUN_INPUTS_H
#define ENVTALLY_RUN_INPUTS_H

#include "base/buffer.h"

/*
 * Lines for the shell:
 *   profile_changed, feed_changed   none; figures: nothing that was requested depends on it; requests
 *
 * `folder` is the run's, `profile` the file as it is now, `feed` the descriptor as it is now, NULL or "" for a preset.
 */
int run_inputs_append_changes(const char *folder, const char *profile, const char *feed, struct buffer *text, struct error *error);

#endif
