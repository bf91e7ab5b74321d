/*
 * promotions.h: the runs that a ledger has promoted, in that order.
 *
 * This is the only source of the order of runs and of the latest run: folders may be lost, copied or strange, and names
 * and clocks may go back.
 */
#ifndef ENVTALLY_PROMOTIONS_H
#define ENVTALLY_PROMOTIONS_H

#include "base/sha256.h"

#include <stddef.h>
#include <stdint.h>

struct promotion {
	char run_id[64], state[16]; /* succeeded or partial */
	char started_at[32]; /* its clock, as text */
	int64_t clock;
	char verdict[2048]; /* the line of report/verdict.h; "" for a run of an earlier version */
	char ended_at[32], manifest[SHA256_HEX_LENGTH + 1]; /* the manifest's SHA-256; "" for a run of an earlier version */
	char consumption[24], restatements[24], rejects[24], accounts_without_billing[24],
		units[24]; /* counts; "" for one that was not made */
};

struct promotions {
	struct promotion *list;
	size_t count;
};

/* A ledger that is not there has none. */
int promotions_read(struct promotions *promotions, const char *ledger_path, struct error *error);

/* Of a file of lines "RUN CLOCK STATE ENDED_AT MANIFEST", as `run-facts promotions` prints them: the rest is not set. EX_DATAERR names a line
 * that is not one; then the list is released. */
int promotions_read_file(struct promotions *promotions, const char *path, struct error *error);
void promotions_release(struct promotions *promotions);

/* The place of a run; -1 when it was not promoted. */
ptrdiff_t promotions_find(const struct promotions *promotions, const char *run_id, size_t length);

#endif
