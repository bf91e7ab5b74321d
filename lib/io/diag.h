/*
 * diag.h: what a program says to people, on stderr, a line each.
 *
 * For programs, not for library modules. A line is "program: text"; with --log-format=json it is
 * {"level":"error","program":"…","message":"…"}. Control characters in the text, which may come from hostile
 * data, are shown as \xNN. Colour only when stderr is a terminal and NO_COLOR is not set.
 *
 * The level is the process's only global state: 0 normal, raised by -v, lowered by -q (errors only).
 */
#ifndef ENVTALLY_DIAG_H
#define ENVTALLY_DIAG_H

#include "base/error.h"

#include <stdbool.h>

void diag_begin(const char *program);
void diag_set_level(int level);
void diag_set_json(bool json);

void diag_error(const struct error *error);
void diag_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void diag_note(const char *format, ...) __attribute__((format(printf, 1, 2))); /* not with -q */
void diag_info(const char *format, ...) __attribute__((format(printf, 1, 2))); /* with -v */

/* The Singer metric line of a program's end, with -v: "INFO METRIC: {…}", a count of records of one stream. */
void diag_metric_records(const char *stream, unsigned long long count);

/* A line that overwrites itself, at most ten times a second, only when stderr is a terminal and -q is not given. */
void diag_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
