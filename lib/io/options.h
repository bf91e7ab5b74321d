/*
 * options.h: the command line of a program, from one table.
 *
 * A program declares a popt table (letter, name, target, help) and a `struct options_manual`; options_parse()
 * adds the options that every program has (--help, --version, -v, -q, --log-format, --now), parses, and handles
 * --help and --version itself, exiting 0. A usage mistake is one line and exit 64.
 *
 * The clock: --now, else the environment's ENVTALLY_NOW, else the wall clock; options_now() gives it.
 */
#ifndef ENVTALLY_OPTIONS_H
#define ENVTALLY_OPTIONS_H

#include <popt.h>
#include <stdbool.h>
#include <stdint.h>

struct options_manual {
	const char *program;
	const char *operands; /* after the options, or "" when there are none (then any is refused) */
	bool reads_no_input; /* standard input is nothing to it */
	const char *summary; /* a sentence or two: what it reads, what it writes */
	const char *description; /* printed after the options: details, examples that work when pasted */
};

/* Options whose value is a string are set to memory that lives as long as the process. Returns the operands, NULL-terminated. */
const char **options_parse(int argc, const char **argv, struct poptOption *table, const struct options_manual *manual);

/* Reports a usage mistake, points to --help, exits 64. */
_Noreturn void options_refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

int64_t options_now(void);

#endif
