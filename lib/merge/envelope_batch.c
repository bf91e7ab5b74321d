#include "merge/envelope_batch.h"

#include "base/huge_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int envelope_batch_open(struct envelope_batch *batch, struct error *error)
{
	*batch = (struct envelope_batch){.spilled = -1,
		.rows = huge_pages((size_t)BATCH_CHUNK * BATCH_CHUNKS),
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
	free(batch->runs);
	free(batch->loaded);
	free(batch->order);
	free(batch->spare);
	if (batch->rows && batch->spilled >= 0)
		close(batch->spilled);
	*batch = (struct envelope_batch){.rows = NULL};
}

/* The next row may need a new chunk in any partition. */
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
	size_t length = envelope_row_write(row, envelope);
	batch->chunks[chunk].length = (uint16_t)(batch->chunks[chunk].length + length);
	__builtin_prefetch(row + length + 64, 1); /* where the partition's next row will end */
	batch->sizes[partition]++;
	batch->count++;
}

void envelope_batch_mark(const struct envelope_batch *batch, struct batch_mark *mark)
{
	mark->chunks_used = batch->chunks_used;
	mark->count = batch->count;
	for (size_t i = 0; i < BATCH_PARTITIONS; i++) {
		mark->partitions[i].size = batch->sizes[i];
		mark->partitions[i].last = batch->last[i];
		mark->partitions[i].length = batch->chunks[batch->last[i]].length;
	}
}

void envelope_batch_rewind(struct envelope_batch *batch, const struct batch_mark *mark)
{
	batch->chunks_used = mark->chunks_used;
	batch->count = mark->count;
	for (size_t i = 0; i < BATCH_PARTITIONS; i++) {
		batch->sizes[i] = mark->partitions[i].size;
		batch->last[i] = mark->partitions[i].last;
		if (batch->sizes[i])
			batch->chunks[batch->last[i]] = (struct batch_chunk){mark->partitions[i].length, mark->partitions[i].last};
	}
}

/* ---- the temporary file ---- */

bool envelope_batch_can_spill(const struct envelope_batch *batch)
{
	return batch->run_count < BATCH_RUNS;
}

static int open_spill(struct envelope_batch *batch, struct error *error)
{
	const char *folder = getenv("TMPDIR");
	char name[4096];
	int length = snprintf(name, sizeof name, "%s/envtally-XXXXXX", folder && *folder ? folder : P_tmpdir);
	if (length < 0 || (size_t)length >= sizeof name)
		return error_set(error, EX_CANTCREAT, "cannot create a temporary file: the name in TMPDIR is too long");
	batch->spilled = mkostemp(name, O_CLOEXEC);
	if (batch->spilled < 0)
		return error_set_errno(error, EX_CANTCREAT, "cannot create temporary file '%s'", name);
	unlink(name);
	batch->runs = calloc(BATCH_RUNS, sizeof *batch->runs);
	return batch->runs ? 0 : error_set(error, EX_OSERR, "out of memory");
}

/* Writes or reads all of `left` bytes. */
static int transfer(bool writes, int descriptor, uint8_t *at, size_t left, uint64_t offset, struct error *error)
{
	const char *verb = writes ? "write" : "read";
	while (left > 0) {
		ssize_t count = writes ? pwrite(descriptor, at, left, (off_t)offset) : pread(descriptor, at, left, (off_t)offset);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_set_errno(error, EX_IOERR, "cannot %s a temporary file", verb);
		if (count == 0)
			return error_set(error, EX_IOERR, "cannot %s a temporary file: it is shorter than what was written", verb);
		at += count;
		left -= (size_t)count;
		offset += (uint64_t)count;
	}
	return 0;
}

/* The chunks of a partition: the first, and the one after it; -1 at the end. */
static int first_chunk(const struct envelope_batch *batch, size_t partition)
{
	return batch->sizes[partition] ? batch->first[partition] : -1;
}

static int next_chunk(const struct envelope_batch *batch, int chunk)
{
	return batch->chunks[chunk].next == chunk ? -1 : batch->chunks[chunk].next;
}

static size_t bytes_in_memory(const struct envelope_batch *batch, size_t partition)
{
	size_t bytes = 0;
	for (int chunk = first_chunk(batch, partition); chunk >= 0; chunk = next_chunk(batch, chunk))
		bytes += batch->chunks[chunk].length;
	return bytes;
}

/* The rows of a partition that are in memory, one after the other. Returns their end. */
static uint8_t *gather(const struct envelope_batch *batch, size_t partition, uint8_t *to)
{
	for (int chunk = first_chunk(batch, partition); chunk >= 0; chunk = next_chunk(batch, chunk))
		to = mempcpy(to, batch->rows + (size_t)chunk * BATCH_CHUNK, batch->chunks[chunk].length);
	return to;
}

static int reserve_loaded(struct envelope_batch *batch, size_t size, struct error *error)
{
	if (size <= batch->loaded_capacity)
		return 0;
	free(batch->loaded);
	batch->loaded_capacity = size + size / 8;
	batch->loaded = malloc(batch->loaded_capacity);
	if (batch->loaded)
		return 0;
	batch->loaded_capacity = 0;
	return error_set(error, EX_OSERR, "out of memory");
}

int envelope_batch_spill(struct envelope_batch *batch, struct error *error)
{
	if (batch->spilled < 0 && open_spill(batch, error) < 0)
		return -1;
	struct batch_run *run = &batch->runs[batch->run_count];
	uint64_t offset = batch->run_count ? run[-1].offsets[BATCH_PARTITIONS] : 0;
	for (size_t partition = 0; partition < BATCH_PARTITIONS; partition++) {
		size_t bytes = bytes_in_memory(batch, partition);
		run->offsets[partition] = offset;
		run->sizes[partition] = batch->sizes[partition];
		if (reserve_loaded(batch, bytes, error) < 0)
			return -1;
		gather(batch, partition, batch->loaded);
		if (transfer(true, batch->spilled, batch->loaded, bytes, offset, error) < 0)
			return -1;
		offset += bytes;
	}
	run->offsets[BATCH_PARTITIONS] = offset;
	batch->run_count++;
	memset(batch->sizes, 0, sizeof batch->sizes);
	batch->chunks_used = 0;
	return 0;
}

/* All rows of some partitions in `loaded`, in the order of their arrival. Sets *end to their end. */
static int load(struct envelope_batch *batch, size_t first, size_t last, size_t *end, struct error *error)
{
	size_t size = ENVELOPE_ROW_LIMIT; /* bytes behind the last row may be read */
	for (size_t partition = first; partition < last; partition++) {
		size += bytes_in_memory(batch, partition);
		for (size_t i = 0; i < batch->run_count; i++)
			size += batch->runs[i].offsets[partition + 1] - batch->runs[i].offsets[partition];
	}
	if (reserve_loaded(batch, size, error) < 0)
		return -1;
	uint8_t *to = batch->loaded;
	for (size_t partition = first; partition < last; partition++) {
		for (size_t i = 0; i < batch->run_count; i++) {
			const struct batch_run *run = &batch->runs[i];
			size_t bytes = run->offsets[partition + 1] - run->offsets[partition];
			if (transfer(false, batch->spilled, to, bytes, run->offsets[partition], error) < 0)
				return -1;
			to += bytes;
		}
		to = gather(batch, partition, to);
	}
	*end = (size_t)(to - batch->loaded);
	return 0;
}

/* ---- sorting ---- */

void envelope_batch_row(const struct envelope_batch *batch, size_t place, struct envelope_row *row)
{
	const uint8_t *at = batch->base + batch->order[place].value;
	/* What envelope_batch_add() wrote cannot be damaged. */
	(void)envelope_row_find(at, at + ENVELOPE_ROW_LIMIT, row);
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

static void list_rows(struct envelope_batch *batch, size_t at, size_t end)
{
	while (at < end) {
		struct envelope_row row;
		(void)envelope_row_find(batch->base + at, batch->base + end, &row);
		batch->order[batch->ordered++] = (struct radix_pair){row.hash, at};
		at += row.length;
	}
}

static void list_partition(struct envelope_batch *batch, size_t partition)
{
	for (int chunk = first_chunk(batch, partition); chunk >= 0; chunk = next_chunk(batch, chunk)) {
		size_t at = (size_t)chunk * BATCH_CHUNK;
		list_rows(batch, at, at + batch->chunks[chunk].length);
	}
}

/* By id, and versions of one envelope in the order of their arrival, which is that of their offsets. */
static int compare_rows(const void *left, const void *right, void *context)
{
	const struct envelope_batch *batch = context;
	const struct radix_pair *pairs[2] = {left, right};
	struct envelope_row rows[2];
	for (int i = 0; i < 2; i++)
		(void)envelope_row_find(batch->base + pairs[i]->value, batch->base + pairs[i]->value + ENVELOPE_ROW_LIMIT, &rows[i]);
	int order = envelope_row_compare(&rows[0], &rows[1]);
	return order ? order : (pairs[0]->value > pairs[1]->value) - (pairs[0]->value < pairs[1]->value);
}

int envelope_batch_sort(struct envelope_batch *batch, size_t first, size_t last, struct error *error)
{
	size_t count = 0;
	for (size_t partition = first; partition < last; partition++) {
		count += batch->sizes[partition];
		for (size_t i = 0; i < batch->run_count; i++)
			count += batch->runs[i].sizes[partition];
	}
	batch->ordered = 0;
	if (make_room(batch, count, error) < 0)
		return -1;
	if (batch->run_count) {
		size_t end = 0;
		if (load(batch, first, last, &end, error) < 0)
			return -1;
		batch->base = batch->loaded;
		list_rows(batch, 0, end);
	} else {
		batch->base = batch->rows;
		for (size_t partition = first; partition < last; partition++)
			list_partition(batch, partition);
	}
	radix_sort(batch->order, batch->spare, count);
	for (size_t from = 0, to; from < count; from = to) {
		for (to = from + 1; to < count && envelope_batch_hash(batch, to) == envelope_batch_hash(batch, from); to++)
			;
		if (to - from > 1)
			qsort_r(batch->order + from, to - from, sizeof *batch->order, compare_rows, batch);
	}
	return 0;
}

void envelope_batch_reset(struct envelope_batch *batch)
{
	/* A large batch is rare, and what follows needs memory, too. */
	if (batch->chunks_used > BATCH_CHUNKS / 8)
		huge_pages_forget(batch->rows, (size_t)BATCH_CHUNK * BATCH_CHUNKS);
	memset(batch->sizes, 0, sizeof batch->sizes);
	batch->chunks_used = batch->count = batch->ordered = batch->run_count = 0;
}
