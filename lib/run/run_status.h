/*
 * run_status.h: what the runs of a profile are, and what of it needs a person, as lines: `envtally status`.
 *
 * Lines are appended to a buffer, in this order: a line for each run, oldest first; runs under way or interrupted; then, by the last run: the
 * verdict, positions, figures that do not add up (run_balance.h), damaged evidence, accounts without any reported consumption, envelopes in
 * no period, accounts without Docusign's own count, rights that run out, accounts whose feed is stale, how many the last night asked if
 * not all, and when each is due.
 */
#ifndef ENVTALLY_RUN_STATUS_H
#define ENVTALLY_RUN_STATUS_H

#include "run/watch.h"

struct run_status_view {
	bool restatements, positions; /* also every restatement; also the latest position of each license metric */
	bool accounts; /* also when each account was read, and is due again */
	bool all; /* of each kind all lines, not as many as fit on a screen */
};

int run_status_append(const struct watch *watch, const struct run_status_view *view, struct buffer *text, struct error *error);

#endif
