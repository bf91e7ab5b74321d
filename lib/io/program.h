/*
 * program.h: the main of every program: parse the options, open standard output, work, close, report.
 */
#ifndef ENVTALLY_PROGRAM_H
#define ENVTALLY_PROGRAM_H

#include "io/diag.h"
#include "io/options.h"
#include "io/output.h"

/* What a program does between its options and its end. `output` is standard output; `operands` are NULL-terminated. Sets `error` when it
 * fails; a failed write to `output` need not be reported: the close finds it. */
typedef void program_work(const char **operands, struct output *output, struct error *error);

/* For a program that holds a secret, before all else: no core dump, and no other process of the user reads its memory. */
void program_hide_memory(void);

/* Returns the exit code of the process: 0, or the status of the error, which it prints. */
int program_run(int argc, const char **argv, struct poptOption *table, const struct options_manual *manual, program_work *work);

#endif
