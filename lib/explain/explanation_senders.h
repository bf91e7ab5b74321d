/*
 * explanation_senders.h: who sent the envelopes of a day: senders with their envelopes, those of most first.
 */
#ifndef ENVTALLY_EXPLANATION_SENDERS_H
#define ENVTALLY_EXPLANATION_SENDERS_H

#include "explain/explanation_line.h"

/* Prints a line, or a record, for each sender of these envelopes. EX_OSERR is kept in printing->facts.failed. */
void explanation_print_senders(
	struct explanation_printing *printing, int64_t parent, const struct explained_envelope envelopes[], size_t count);

#endif
