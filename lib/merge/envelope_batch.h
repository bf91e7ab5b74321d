/*
 * envelope_batch.h: envelopes that wait for the ledger, as the rows that its blocks will hold.
 *
 * A batch holds about a million in bounded memory, and uses no more of it than it fills. A row goes at once to the partition of its
 * hash's top bits, in chunks of one large piece of memory, so that each partition is small enough to be sorted and read within the
 * processor's cache. envelope_batch_sort() brings some partitions into the order of blocks: by hash, then by id; the versions
 * of an envelope are neighbours, in the order of their arrival.
 *
 * envelope_batch_spill() moves the rows of a full batch to a temporary file without a name, from which sorting reads them back, a
 * partition at a time: so a load of any size goes through the ledger's blocks once.
 */
#ifndef ENVTALLY_ENVELOPE_BATCH_H
#define ENVTALLY_ENVELOPE_BATCH_H

#include "base/error.h"
#include "base/radix_sort.h"
#include "merge/envelope_row.h"

#define BATCH_PARTITION_BITS 8
#define BATCH_PARTITIONS (1 << BATCH_PARTITION_BITS)
#define BATCH_CHUNK 8192 /* bytes */
#ifndef BATCH_CHUNKS /* fewer where many batches are made */
#define BATCH_CHUNKS 8192
#endif
#define BATCH_RUNS 128 /* how often it can be spilled: 8 GiB, some 140 million rows */

struct envelope_batch {
	uint8_t *rows; /* BATCH_CHUNKS chunks */
	struct batch_chunk {
		uint16_t length; /* of the rows in it, at most BATCH_CHUNK */
		uint16_t next; /* of its partition; its own number when it is the last */
	} * chunks;
	uint16_t first[BATCH_PARTITIONS], last[BATCH_PARTITIONS]; /* chunks of a partition that has any rows */
	size_t sizes[BATCH_PARTITIONS]; /* rows in a partition */
	size_t chunks_used, count;
	int spilled; /* the temporary file; -1: none */
	struct batch_run {
		uint64_t offsets[BATCH_PARTITIONS + 1]; /* in the file, where each partition begins */
		size_t sizes[BATCH_PARTITIONS];
	} * runs;
	size_t run_count;
	uint8_t *loaded; /* rows of the partitions last sorted, when there are runs */
	size_t loaded_capacity;
	const uint8_t *base; /* `loaded`, or `rows` */
	struct radix_pair *order, *spare; /* of the partitions last sorted: hash, and offset from `base` */
	size_t ordered, order_capacity;
};

/* The rows of a batch at some time, to go back to. */
struct batch_mark {
	struct {
		uint16_t last, length; /* of the last chunk */
		size_t size;
	} partitions[BATCH_PARTITIONS];
	size_t chunks_used, count;
};

int envelope_batch_open(struct envelope_batch *batch, struct error *error);
void envelope_batch_release(struct envelope_batch *batch);

bool envelope_batch_is_full(const struct envelope_batch *batch);

/* Moves all rows to the file, at most BATCH_RUNS times. EX_CANTCREAT or EX_IOERR when that fails. */
int envelope_batch_spill(struct envelope_batch *batch, struct error *error);
bool envelope_batch_can_spill(const struct envelope_batch *batch);

/* Remembers the rows; envelope_batch_rewind() drops those added since. Not across a spill or a reset. */
void envelope_batch_mark(const struct envelope_batch *batch, struct batch_mark *mark);
void envelope_batch_rewind(struct envelope_batch *batch, const struct batch_mark *mark);

/* The batch must not be full. */
void envelope_batch_add(struct envelope_batch *batch, const struct envelope *envelope);

/* Puts the rows of partitions first..last - 1 in order: places 0 to `ordered`. */
int envelope_batch_sort(struct envelope_batch *batch, size_t first, size_t last, struct error *error);

/* The hash of the row at a place of the order, and the row. */
static inline uint32_t envelope_batch_hash(const struct envelope_batch *batch, size_t place)
{
	return (uint32_t)batch->order[place].key;
}
void envelope_batch_row(const struct envelope_batch *batch, size_t place, struct envelope_row *row);

void envelope_batch_reset(struct envelope_batch *batch);

#endif
