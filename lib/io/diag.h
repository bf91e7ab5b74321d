/*
 * diag.h: what a program reports to people, on stderr, a line each.
 *
 * For programs, not for library modules. A line is "program: text"; with --log-format=json it is
 * {"level":"error","program":"…","message":"…"}. Control characters in the text, which may come from hostile
 * data, are shown as \xNN. Colour only when stderr is a terminal and NO_COLOR is not set.
 *
 * The verbosity is the process's only global state: 0 normally, raised by -v, -1 with -q (errors only).
 */
#ifndef ENVTALLY_DIAG_H
#define ENVTALLY_DIAG_H

#include "base/error.h"

#include <stdbool.h>

enum diag_level { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE, DIAG_INFO };

void diag_begin(const char *program, bool json);
void diag_set_verbosity(int verbosity);

void diag_error(const struct error *error);
void diag_print(enum diag_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define diag_warn(...) diag_print(DIAG_WARNING, __VA_ARGS__) /* not with -q */
#define diag_note(...) diag_print(DIAG_NOTE, __VA_ARGS__) /* not with -q */
#define diag_info(...) diag_print(DIAG_INFO, __VA_ARGS__) /* with -v */

/* The Singer metric line of a program's end, with -v: "INFO METRIC: {…}", a count of records of one stream. */
void diag_metric_records(const char *stream, unsigned long long count);

/* A line that overwrites itself, at most ten times a second, only when stderr is a terminal and -q is not given. */
void diag_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
