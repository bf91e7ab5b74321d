#include "envelope_batch.h"

#include "large_memory.h"
#include "radix_sort.h"

#include <stdlib.h>
#include <string.h>

int envelope_batch_open(struct envelope_batch *batch, struct error *error)
{
	*batch = (struct envelope_batch){.rows = large_memory((size_t)BATCH_CHUNK * BATCH_CHUNKS),
		.chunks = calloc(BATCH_CHUNKS, sizeof *batch->chunks)};
	if (batch->rows && batch->chunks)
		return 0;
	envelope_batch_release(batch);
	return error_set(error, EX_OSERR, "out of memory");
}

void envelope_batch_release(struct envelope_batch *batch)
{
	free(batch->rows);
	free(batch->chunks);
	free(batch->order);
	free(batch->spare);
	*batch = (struct envelope_batch){.rows = NULL};
}

/* Whatever partition the next row goes to, it may need a chunk. */
bool envelope_batch_is_full(const struct envelope_batch *batch)
{
	return batch->chunks_used == BATCH_CHUNKS;
}

static uint16_t add_chunk(struct envelope_batch *batch, size_t partition)
{
	uint16_t chunk = (uint16_t)batch->chunks_used++;
	batch->chunks[chunk] = (struct batch_chunk){.next = chunk};
	if (batch->sizes[partition] == 0)
		batch->first[partition] = chunk;
	else
		batch->chunks[batch->last[partition]].next = chunk;
	batch->last[partition] = chunk;
	return chunk;
}

void envelope_batch_add(struct envelope_batch *batch, const struct envelope *envelope)
{
	size_t partition = envelope_id_hash(&envelope->envelope_id) >> (32 - BATCH_PARTITION_BITS);
	uint16_t chunk = batch->last[partition];
	if (batch->sizes[partition] == 0 || BATCH_CHUNK - batch->chunks[chunk].length < ENVELOPE_ROW_LIMIT)
		chunk = add_chunk(batch, partition);
	uint8_t *row = batch->rows + (size_t)chunk * BATCH_CHUNK + batch->chunks[chunk].length;
	batch->chunks[chunk].length = (uint16_t)(batch->chunks[chunk].length + envelope_row_put(row, envelope));
	batch->sizes[partition]++;
	batch->count++;
}

void envelope_batch_look(const struct envelope_batch *batch, size_t place, struct envelope_row *row)
{
	const uint8_t *at = batch->rows + (uint32_t)batch->order[place];
	/* What envelope_batch_add() wrote cannot be damaged. */
	(void)envelope_row_look(at, at + ENVELOPE_ROW_LIMIT, row);
}

static int make_room(struct envelope_batch *batch, size_t count, struct error *error)
{
	if (count <= batch->order_capacity)
		return 0;
	free(batch->order);
	free(batch->spare);
	batch->order = malloc(count * sizeof *batch->order);
	batch->spare = malloc(count * sizeof *batch->spare);
	batch->order_capacity = batch->order && batch->spare ? count : 0;
	return batch->order_capacity ? 0 : error_set(error, EX_OSERR, "out of memory");
}

static void list_partition(struct envelope_batch *batch, size_t partition)
{
	for (uint16_t chunk = batch->first[partition];; chunk = batch->chunks[chunk].next) {
		size_t at = (size_t)chunk * BATCH_CHUNK, end = at + batch->chunks[chunk].length;
		while (at < end) {
			struct envelope_row row;
			(void)envelope_row_look(batch->rows + at, batch->rows + end, &row);
			batch->order[batch->ordered++] = (uint64_t)row.hash << 32 | at;
			at += row.length;
		}
		if (batch->chunks[chunk].next == chunk)
			return;
	}
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

int envelope_batch_sort(struct envelope_batch *batch, size_t first, size_t last, struct error *error)
{
	size_t count = 0;
	for (size_t partition = first; partition < last; partition++)
		count += batch->sizes[partition];
	batch->ordered = 0;
	if (make_room(batch, count, error) < 0)
		return -1;
	for (size_t partition = first; partition < last; partition++)
		if (batch->sizes[partition])
			list_partition(batch, partition);
	radix_sort_words(batch->order, batch->spare, count, 4);
	for (size_t from = 0, to; from < count; from = to) {
		for (to = from + 1; to < count && envelope_batch_hash(batch, to) == envelope_batch_hash(batch, from); to++)
			;
		if (to - from > 1)
			sort_equals(batch, from, to);
	}
	return 0;
}

void envelope_batch_reset(struct envelope_batch *batch)
{
	memset(batch->sizes, 0, sizeof batch->sizes);
	batch->chunks_used = batch->count = batch->ordered = 0;
}
