/*
 * envelope_batch.h: envelopes that wait for the ledger, as the rows that its blocks will have.
 *
 * A batch holds about a million in bounded memory, and only takes what it holds. envelope_batch_sort() brings them into the order of
 * blocks: by hash, then by id; the versions of an envelope stand beside each other, in the order in which they came.
 */
#ifndef ENVTALLY_ENVELOPE_BATCH_H
#define ENVTALLY_ENVELOPE_BATCH_H

#include "envelope_row.h"
#include "error.h"

#define ENVELOPE_BATCH_BYTES ((size_t)64 << 20)
#define ENVELOPE_BATCH_COUNT ((size_t)1 << 21)

struct envelope_batch {
	uint8_t *rows;
	size_t length;
	uint64_t *order; /* hash << 32 | offset in `rows` */
	size_t count;
};

int envelope_batch_open(struct envelope_batch *batch, struct error *error);
void envelope_batch_release(struct envelope_batch *batch);

bool envelope_batch_is_full(const struct envelope_batch *batch);

/* The batch must not be full. */
void envelope_batch_add(struct envelope_batch *batch, const struct envelope *envelope);

int envelope_batch_sort(struct envelope_batch *batch, struct error *error);

/* The hash of the row at a place of the order, and the row. */
static inline uint32_t envelope_batch_hash(const struct envelope_batch *batch, size_t place)
{
	return (uint32_t)(batch->order[place] >> 32);
}
void envelope_batch_look(const struct envelope_batch *batch, size_t place, struct envelope_row *row);

void envelope_batch_reset(struct envelope_batch *batch);

#endif
