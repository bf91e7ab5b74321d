/*
 * fetch_options.h: the common options of the fetchers, and their standard input.
 */
#ifndef ENVTALLY_FETCH_OPTIONS_H
#define ENVTALLY_FETCH_OPTIONS_H

#include "fetch/fetch_turns.h"
#include "http/fetch_source.h"
#include "io/output.h"
#include "stream/message.h"

#include <popt.h>

/* --record, --replay, --tries, --retry-base, --timeout: for POPT_ARG_INCLUDE_TABLE. */
extern struct poptOption fetch_options_table[];

/* Their values, checked; an invalid one ends the program (options.h). */
struct fetch_source_options fetch_options_source(const char *program);

/* --state, --all, --due, --max-requests: whom a fetcher asks, by what earlier runs have left. Values as above. */
extern struct poptOption fetch_rule_table[];
struct fetch_rule fetch_options_rule(void);
const char *fetch_options_state(void); /* or NULL */

/* Standard input of a fetcher: a CONNECTION among lines that are copied. */
struct fetch_input {
	const char *program;
	const char *const *pointers; /* fields of the messages, for `each` */
	size_t pointer_count;
	struct connection *connection; /* is filled */
	struct output *output;
	bool passes_connection; /* writes it again, with its token only if `reveals_token` */
	bool reveals_token;
	int (*each)(void *context, const struct message *message,
		struct error *error); /* for the other messages; 1: it is not copied; or NULL */
	void *context;
};

/* Reads all of it. EX_DATAERR if there is no CONNECTION, or more than one. */
int fetch_read_input(const struct fetch_input *input, struct error *error);

#endif
