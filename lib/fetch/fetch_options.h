/*
 * fetch_options.h: what the fetchers have in common on their command line and their standard input.
 */
#ifndef ENVTALLY_FETCH_OPTIONS_H
#define ENVTALLY_FETCH_OPTIONS_H

#include "http/fetch_source.h"
#include "stream/message.h"

#include <popt.h>

/* --record, --replay, --tries, --retry-base, --timeout: for POPT_ARG_INCLUDE_TABLE. */
extern struct poptOption fetch_options_table[];

/* What they say, checked (a mistake ends the program: options.h). */
struct fetch_source_options fetch_options_source(const char *program);

/*
 * Takes a CONNECTION message: `*seen` says whether there was one before, and is set. A second one is EX_DATAERR: the
 * accounts that follow would be fetched with the wrong token.
 */
int fetch_read_connection(
	const struct message_reader *reader, const struct message *message, struct connection *connection, bool *seen, struct error *error);

/* EX_DATAERR, saying what the program must be given, when no CONNECTION was seen. */
int fetch_check_connection(const char *program, bool seen, struct error *error);

#endif
