/* envelope_batch.h: what is put in comes out in order, whole, however often it was spilled; and a rewound batch is as it was. */
#include "merge/envelope_batch.h"

#include "base/instant.h"
#include "merge/envelope_block.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* Version `version` of envelope `number`: a UUID, or for every seventh a text. */
static struct envelope make(unsigned number, unsigned version, char text[40])
{
	struct envelope envelope = {.created_at = INSTANT_NONE,
		.sent_at = number,
		.completed_at = INSTANT_NONE,
		.modified_at = version,
		.account = 1,
		.plan_item = 2,
		.status = 3};
	if (number % 7)
		snprintf(text, 40, "%08x-0000-4000-8000-%012x", number * 2654435761u, number);
	else
		snprintf(text, 40, "text-%u", number);
	envelope_id_parse(text, strlen(text), &envelope.envelope_id);
	return envelope;
}

static void add(struct envelope_batch *batch, unsigned number, unsigned version)
{
	char text[40];
	struct envelope envelope = make(number, version, text);
	assert_false(envelope_batch_is_full(batch));
	envelope_batch_add(batch, &envelope);
}

/* Walks all partitions, `step` at a time; checks the order, and sums up what came of each envelope: the versions in their order. */
static size_t walk(struct envelope_batch *batch, size_t step, unsigned *versions, size_t limit)
{
	struct envelope_row previous = {.at = NULL};
	size_t total = 0;
	memset(versions, 0, limit * sizeof *versions);
	for (size_t partition = 0; partition < BATCH_PARTITIONS; partition += step) {
		assert_int_equal(envelope_batch_sort(batch, partition, partition + step, NULL), 0);
		static uint8_t last[ENVELOPE_ROW_LIMIT];
		for (size_t place = 0; place < batch->ordered; place++, total++) {
			struct envelope_row row;
			struct envelope envelope;
			envelope_batch_row(batch, place, &row);
			assert_int_equal(row.hash, envelope_batch_hash(batch, place));
			if (previous.at)
				assert_true(envelope_row_compare(&previous, &row) <= 0);
			assert_int_equal(envelope_row_read(&row, &envelope), 0);
			assert_true(envelope.sent_at >= 0 && (size_t)envelope.sent_at < limit);
			/* Versions are given out in their order: 1, 2 … so each must be the next. */
			assert_int_equal(envelope.modified_at, ++versions[envelope.sent_at]);
			/* The next partition may overwrite what this row lies in. */
			memcpy(last, row.at, row.length);
			assert_int_equal(envelope_row_find(last, last + row.length, &previous), 0);
		}
	}
	return total;
}

static void gives_all_in_order_spilled_or_not(void **state)
{
	(void)state;
	enum { COUNT = 20000 };
	static unsigned versions[COUNT];
	for (unsigned spills = 0; spills < 4; spills++) {
		struct envelope_batch batch;
		assert_int_equal(envelope_batch_open(&batch, NULL), 0);
		for (unsigned turn = 0; turn <= spills; turn++) {
			for (unsigned number = turn; number < COUNT; number++)
				add(&batch, number, turn + 1);
			if (turn < spills)
				assert_int_equal(envelope_batch_spill(&batch, NULL), 0);
		}
		/* Envelope n has been added in turns 0 to n, as far as there were turns: with versions from 1 on. */
		size_t expected = 0;
		for (unsigned turn = 0; turn <= spills; turn++)
			expected += COUNT - turn;
		assert_int_equal(batch.count, expected);
		assert_int_equal(walk(&batch, 1, versions, COUNT), expected);
		assert_int_equal(walk(&batch, BATCH_PARTITIONS, versions, COUNT), expected);
		assert_int_equal(versions[COUNT - 1], spills + 1);
		envelope_batch_reset(&batch);
		assert_int_equal(walk(&batch, BATCH_PARTITIONS, versions, COUNT), 0);
		envelope_batch_release(&batch);
	}
}

static void rewinds_to_a_mark(void **state)
{
	(void)state;
	enum { COUNT = 30000 };
	static unsigned versions[COUNT];
	struct envelope_batch batch;
	struct batch_mark mark;
	assert_int_equal(envelope_batch_open(&batch, NULL), 0);
	for (unsigned kept = 0; kept < 9000; kept += 1500) {
		for (unsigned number = kept; number < kept + 1500; number++)
			add(&batch, number, 1);
		envelope_batch_mark(&batch, &mark);
		/* Enough for new chunks in every partition, and of envelopes of before the mark, too. */
		for (unsigned number = 0; number < COUNT; number++)
			add(&batch, number, 99);
		envelope_batch_rewind(&batch, &mark);
		assert_int_equal(batch.count, kept + 1500);
		assert_int_equal(walk(&batch, 1, versions, COUNT), kept + 1500);
	}
	envelope_batch_release(&batch);
}

static void is_full_in_time(void **state)
{
	(void)state;
	struct envelope_batch batch;
	unsigned number = 0;
	assert_int_equal(envelope_batch_open(&batch, NULL), 0);
	for (; !envelope_batch_is_full(&batch); number++)
		add(&batch, number, 1);
	assert_true(number > 1000000);
	assert_true(envelope_batch_can_spill(&batch));
	assert_int_equal(envelope_batch_spill(&batch, NULL), 0);
	assert_false(envelope_batch_is_full(&batch));
	add(&batch, number, 1);
	size_t count = 0;
	for (size_t partition = 0; partition < BATCH_PARTITIONS; partition++) {
		assert_int_equal(envelope_batch_sort(&batch, partition, partition + 1, NULL), 0);
		count += batch.ordered;
	}
	assert_int_equal(count, number + 1);
	envelope_batch_release(&batch);
}

/* The word that takes the hash of UUIDs to the same value after any first word: as hash_bytes() of 16 bytes calculates. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
	unsigned __int128 product = (unsigned __int128)(hash ^ word) * UINT64_C(0xa0761d6478bd642f);
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static void ids_that_are_chosen_to_collide_take_no_time(void **state)
{
	(void)state;
	struct envelope_batch batch;
	struct error error = ERROR_INIT;
	clock_t begin = clock();
	assert_int_equal(envelope_batch_open(&batch, &error), 0);
	for (uint64_t i = 0; i < 40000; i++) {
		uint64_t words[2] = {i * UINT64_C(0x9e3779b97f4a7c15)};
		struct envelope envelope = {.account = 1, .status = 3, .envelope_id = {.is_uuid = true, .length = 16}};
		words[1] = mix(1 + UINT64_C(0x9e3779b97f4a7c15) * 17, words[0]) ^ 1;
		memcpy(envelope.envelope_id.uuid, words, 16);
		envelope_batch_add(&batch, &envelope);
	}
	assert_int_equal(envelope_batch_sort(&batch, 0, BATCH_PARTITIONS, &error), 0);
	assert_int_equal(batch.ordered, 40000);
	for (size_t i = 1; i < batch.ordered; i++) {
		struct envelope_row rows[2];
		envelope_batch_row(&batch, i - 1, &rows[0]);
		envelope_batch_row(&batch, i, &rows[1]);
		assert_int_equal(rows[0].hash, rows[1].hash);
		assert_true(envelope_row_compare(&rows[0], &rows[1]) < 0);
	}
	envelope_batch_release(&batch);
	assert_true(clock() - begin < CLOCKS_PER_SEC);
}

/* A commit's pages go to the WAL: those of a large ledger in parts, each of 2^18 pages of 4 KiB at most. */
static void commits_in_parts_where_pages_are_many(void **state)
{
	(void)state;
	assert_true(block_commit_limit(0) == SIZE_MAX);
	assert_true(block_commit_limit(10 * 1000 * 1000) == SIZE_MAX);
	assert_int_equal(block_commit_limit(100 * 1000 * 1000), 262144);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_that_are_chosen_to_collide_take_no_time),
		cmocka_unit_test(gives_all_in_order_spilled_or_not),
		cmocka_unit_test(rewinds_to_a_mark),
		cmocka_unit_test(is_full_in_time),
		cmocka_unit_test(commits_in_parts_where_pages_are_many),
	};
	return cmocka_run_group_tests_name("envelope_batch", tests, NULL, NULL);
}
