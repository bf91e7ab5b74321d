/*
 * watch_print.h: what is known of profiles, for monitors: JSON, and what is made of it (watch.jq): metrics for Prometheus, alerts, lines of mail.
 */
#ifndef ENVTALLY_WATCH_PRINT_H
#define ENVTALLY_WATCH_PRINT_H

#include "run/watch.h"

/* One line: doc/running.md lists its members. */
int watch_append_json(const struct watch *watch, struct buffer *json, struct error *error);

/*
 * Of a descriptor with such lines. `form`: "prometheus", a text file for its node exporter; "alerts", a line "KEY<tab>JSON" for each that
 * holds, with no JSON where a graver one of its kind holds; "profiles", how the keys of each profile begin; "summary", a line for each profile.
 * `label`: "NAME=VALUE" for each metric, as they come from several workspaces; NULL for none.
 */
int watch_append_form(int descriptor, const char *form, const char *label, struct buffer *text, struct error *error);

#endif
