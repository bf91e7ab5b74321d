/*
 * explanation_line.h: the lines of an explanation: indented text for people, `explanation` records for machines.
 */
#ifndef ENVTALLY_EXPLANATION_LINE_H
#define ENVTALLY_EXPLANATION_LINE_H

#include "explain/explanation.h"

/* A figure and the sum of its parts. */
struct explanation_balance {
	bool is_checked, adds_up;
	int64_t units, sum;
};

struct explanation_printing {
	struct explanation *explanation;
	bool for_people;
	struct output *output;
	struct buffer facts;
	int64_t number; /* of the last record */
	int wrong; /* sums that do not add up */
};

struct explanation_balance explanation_balance_of(int64_t units, int64_t sum);

/* Counts it if it does not add up; returns it. */
struct explanation_balance explanation_count_wrong(struct explanation_printing *printing, struct explanation_balance balance);

/* The end of a line, in `text`: nothing if the sum adds up. */
const char *explanation_balance_text(const struct explanation_balance *balance, char text[96]);

/* Prints a line for people, indented by level. */
void explanation_print_line(struct explanation_printing *printing, int level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Prints a record with the facts begun by explanation_begin_facts(); `balance` may be NULL. Returns its number. */
int64_t explanation_record(struct explanation_printing *printing, int64_t parent, const char *level, bool has_units,
	const struct explanation_balance *balance);

struct buffer *explanation_begin_facts(struct explanation_printing *printing);

#endif
