#include "envelope_batch.h"

#include "radix_sort.h"

#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)
#define AHEAD 12 /* rows that are fetched into the cache before they are looked at */

/*
 * Memory that is not touched costs nothing, so a small batch stays small. A large one is read in random order: with huge pages, where
 * the system gives them, that is several times faster.
 */
static void *take(size_t size)
{
	void *memory = aligned_alloc(HUGE_PAGE, size);
	if (memory)
		(void)madvise(memory, size, MADV_HUGEPAGE);
	return memory;
}

int envelope_batch_open(struct envelope_batch *batch, struct error *error)
{
	*batch = (struct envelope_batch){.rows = take(ENVELOPE_BATCH_BYTES), .order = take(ENVELOPE_BATCH_COUNT * sizeof(uint64_t))};
	if (batch->rows && batch->order)
		return 0;
	envelope_batch_release(batch);
	return error_set(error, EX_OSERR, "out of memory");
}

void envelope_batch_release(struct envelope_batch *batch)
{
	free(batch->rows);
	free(batch->order);
	*batch = (struct envelope_batch){.rows = NULL};
}

bool envelope_batch_is_full(const struct envelope_batch *batch)
{
	return batch->count == ENVELOPE_BATCH_COUNT || ENVELOPE_BATCH_BYTES - batch->length < ENVELOPE_ROW_LIMIT;
}

void envelope_batch_add(struct envelope_batch *batch, const struct envelope *envelope)
{
	batch->order[batch->count++] = (uint64_t)envelope_id_hash(&envelope->envelope_id) << 32 | batch->length;
	batch->length += envelope_row_put(batch->rows + batch->length, envelope);
}

void envelope_batch_look(const struct envelope_batch *batch, size_t place, struct envelope_row *row)
{
	if (place + AHEAD < batch->count) {
		const uint8_t *later = batch->rows + (uint32_t)batch->order[place + AHEAD];
		__builtin_prefetch(later);
		__builtin_prefetch(later + 63);
	}
	/* What envelope_batch_add() wrote cannot be damaged. */
	(void)envelope_row_look(batch->rows + (uint32_t)batch->order[place], batch->rows + batch->length, row);
}

/* Rows of one hash, of which there are rarely two that are not versions of one envelope: by id, stably. */
static void sort_equals(struct envelope_batch *batch, size_t from, size_t to)
{
	for (size_t i = from + 1; i < to; i++) {
		struct envelope_row moving, other;
		uint64_t entry = batch->order[i];
		size_t place = i;
		envelope_batch_look(batch, i, &moving);
		while (place > from) {
			envelope_batch_look(batch, place - 1, &other);
			if (envelope_id_compare(&other.envelope_id, &moving.envelope_id) <= 0)
				break;
			batch->order[place] = batch->order[place - 1];
			place--;
		}
		batch->order[place] = entry;
	}
}

int envelope_batch_sort(struct envelope_batch *batch, struct error *error)
{
	uint64_t *spare = malloc(batch->count * sizeof *spare);
	if (!spare)
		return error_set(error, EX_OSERR, "out of memory");
	radix_sort_words(batch->order, spare, batch->count, 4);
	free(spare);
	for (size_t from = 0, to; from < batch->count; from = to) {
		for (to = from + 1; to < batch->count && envelope_batch_hash(batch, to) == envelope_batch_hash(batch, from); to++)
			;
		if (to - from > 1)
			sort_equals(batch, from, to);
	}
	return 0;
}

void envelope_batch_reset(struct envelope_batch *batch)
{
	batch->length = batch->count = 0;
}
