/*
 * diag.h: what a program reports to people, on stderr, a line each.
 *
 * For programs, not for library modules. A line is "program: text"; with --log-format=json it is
 * {"level":"error","program":"…","message":"…"}. The text may hold what comes from outside: it is shown by display.h, in both forms.
 * Colour only when stderr is a terminal and NO_COLOR is not set.
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
void diag_complain(const char *message, bool is_mistake); /* an error that others follow, as csv_complain; nothing of what is none */
void diag_print(enum diag_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define diag_warn(...) diag_print(DIAG_WARNING, __VA_ARGS__) /* not with -q */
#define diag_note(...) diag_print(DIAG_NOTE, __VA_ARGS__) /* not with -q */
#define diag_info(...) diag_print(DIAG_INFO, __VA_ARGS__) /* with -v */

/* The Singer metric line of a program's end, with -v: "INFO METRIC: {…}", a count of records of one stream. */
void diag_metric_records(const char *stream, unsigned long long count);

/*
 * Progress; nothing with -q or --log-format=json. On a terminal it is a line that overwrites itself, at most ten times a second. The programs
 * of a pipe share the terminal: one of them at a time shows its progress (it holds a lock on the terminal), and every message clears the line.
 *
 * Elsewhere it is a plain line every ENVTALLY_PROGRESS seconds, which the driver sets, and one at the end; of the program only that leads
 * the pipe: diag_progress_lead().
 */
void diag_progress_lead(void);
bool diag_progress_is_due(void); /* would diag_progress() show something now? */
void diag_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The last of it, a plain line also on a terminal. Not in a program that runs by itself, without ENVTALLY_PROGRESS. */
void diag_progress_end(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Before the program ends: clears a line that is shown. */
void diag_end(void);

#endif
