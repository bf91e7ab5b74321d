/*
 * focus.h: purchases, usage and corrections as CSV after FOCUS 1.2, the FinOps Open Cost and Usage Specification: doc/focus.md has the rules.
 */
#ifndef ENVTALLY_FOCUS_H
#define ENVTALLY_FOCUS_H

#include "io/output.h"

struct focus_question {
	const char *run; /* whose job_result is meant, and whose restatements are corrections */
	bool has_plain_cells;
};

/*
 * Reads what `reconcile --trace --group-by account` prints, with the restatements of the run before it, and job_result records. *unpriced is
 * the number of usage rows that are left out because no cost is known.
 */
int focus_write(int descriptor, const char *name, const struct focus_question *question, struct output *output, size_t *unpriced,
	struct error *error);

#endif
