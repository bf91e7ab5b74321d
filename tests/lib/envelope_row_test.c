/* envelope_row.h: a row gives back what was put in, and damaged bytes are found out. */
#include "merge/envelope_row.h"

#include "base/instant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct envelope make(const char *id, const char *sender, int64_t created, int64_t sent, int64_t completed, int64_t modified)
{
	struct envelope envelope = {.created_at = created,
		.sent_at = sent,
		.completed_at = completed,
		.modified_at = modified,
		.account = 16777215,
		.plan_item = 65535,
		.status = 1001};
	envelope_id_parse(id, strlen(id), &envelope.envelope_id);
	if (sender)
		envelope_id_parse(sender, strlen(sender), &envelope.sender_id);
	return envelope;
}

static const struct {
	const char *id, *sender;
	int64_t created, sent, completed, modified;
} cases[] = {
	{"aced0001-0000-4000-8000-000000000001", "5d1e9a52-3b0f-4d6a-9e21-5f8840c7d301", 1, 2, 3, 4},
	{"aced0001-0000-4000-8000-000000000001", NULL, INSTANT_NONE, INSTANT_NONE, INSTANT_NONE, 1738281600000},
	{"e1", "someone", 1738281600000, 1738281600001, INSTANT_NONE, 1738281599999},
	{"ACED0001-0000-4000-8000-000000000001", NULL, -62135596800000, 253402300799999, 0, -1},
	{"aced0001-0000-4000-8000-00000000000g", "", 0, 0, 0, 0},
	{"0123456789012345678901234567890123456789012345", NULL, 0, INSTANT_NONE, 0, 253402300799999},
};

static void assert_same_id(const struct envelope_id *left, const struct envelope_id *right)
{
	assert_int_equal(left->length, right->length);
	assert_int_equal(envelope_id_compare(left, right), 0);
}

static void gives_back_what_was_put_in(void **state)
{
	(void)state;
	enum { COUNT = sizeof cases / sizeof *cases };
	uint8_t block[COUNT * ENVELOPE_ROW_LIMIT], *end = block;
	struct envelope made[COUNT], read;
	for (size_t i = 0; i < COUNT; i++) {
		const char *sender = cases[i].sender && *cases[i].sender ? cases[i].sender : NULL;
		made[i] = make(cases[i].id, sender, cases[i].created, cases[i].sent, cases[i].completed, cases[i].modified);
		end += envelope_row_write(end, &made[i]);
	}
	const uint8_t *at = block;
	for (size_t i = 0; i < COUNT; i++) {
		struct envelope_row row;
		assert_int_equal(envelope_row_find(at, end, &row), 0);
		assert_same_id(&row.envelope_id, &made[i].envelope_id);
		assert_int_equal(row.hash, envelope_id_hash(&made[i].envelope_id));
		assert_int_equal(envelope_row_read(&row, &read), 0);
		assert_same_id(&read.envelope_id, &made[i].envelope_id);
		assert_same_id(&read.sender_id, &made[i].sender_id);
		assert_int_equal(read.created_at, made[i].created_at);
		assert_int_equal(read.sent_at, made[i].sent_at);
		assert_int_equal(read.completed_at, made[i].completed_at);
		assert_int_equal(read.modified_at, made[i].modified_at);
		assert_int_equal(read.account, made[i].account);
		assert_int_equal(read.plan_item, made[i].plan_item);
		assert_int_equal(read.status, made[i].status);
		struct buffer text = BUFFER_INIT;
		envelope_id_append(&read.envelope_id, &text);
		assert_string_equal(text.data, cases[i].id);
		buffer_release(&text);
		at += row.length;
	}
	assert_ptr_equal(at, end);
}

/* Only what is 36 bytes of digits in lower case and dashes in their places is kept as 16 bytes. */
static void knows_a_uuid(void **state)
{
	(void)state;
	static const char uuid[] = "0123456789-abcdef";
	const char good[] = "01234567-89ab-cdef-0123-456789abcdef";
	static const uint8_t bytes[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
	struct envelope_id id;
	envelope_id_parse(good, 36, &id);
	assert_true(id.is_uuid);
	assert_memory_equal(id.uuid, bytes, sizeof bytes);
	for (size_t place = 0; place < 36; place++) {
		for (int byte = 0; byte < 256; byte++) {
			char text[37];
			memcpy(text, good, sizeof text);
			text[place] = (char)byte;
			bool is_dash = place == 8 || place == 13 || place == 18 || place == 23;
			bool expected = byte != 0 && (is_dash ? byte == '-' : byte != '-' && memchr(uuid, byte, sizeof uuid - 1));
			envelope_id_parse(text, 36, &id);
			if (id.is_uuid != expected)
				fail_msg("byte %d at %zu: %d", byte, place, id.is_uuid);
		}
	}
	envelope_id_parse(good, 35, &id);
	assert_false(id.is_uuid);
}

static void finds_a_row_cut_short(void **state)
{
	(void)state;
	uint8_t block[ENVELOPE_ROW_LIMIT];
	struct envelope envelope = make(cases[0].id, cases[0].sender, 1, 2, 3, 4), read;
	struct envelope_row row;
	size_t whole = envelope_row_write(block, &envelope);
	for (size_t length = 0; length < whole; length++) {
		assert_int_equal(envelope_row_find(block, block + length, &row), -1);
		/* Nor does a length that lies make a row. */
		block[0] = (uint8_t)length;
		assert_true(envelope_row_find(block, block + whole, &row) < 0 || envelope_row_read(&row, &read) < 0);
		block[0] = (uint8_t)whole;
	}
}

/* Whole rows of values that the ledger cannot hold: each has the row's length, and differs from a good one in one thing. */
static void refuses_what_no_envelope_has(void **state)
{
	(void)state;
	enum change {
		NONE,
		ACCOUNT,
		PLAN_ITEM,
		STATUS,
		MODIFIED,
		SENT,
		CREATED,
		COMPLETED,
		ID_NOT_UTF8,
		SENDER_NOT_UTF8,
		ID_EMPTY,
		LONGER,
		CHANGES
	};
	for (int change = NONE; change < CHANGES; change++) {
		const char *id = change == ID_NOT_UTF8 ? "e\xff" : "e1", *sender = change == SENDER_NOT_UTF8 ? "s\xc3" : "s1";
		struct envelope envelope = make(id, sender, 1, 2, 3, 4), read;
		uint8_t block[ENVELOPE_ROW_LIMIT];
		struct envelope_row row;
		envelope.account += change == ACCOUNT;
		envelope.plan_item += change == PLAN_ITEM;
		envelope.status = change == STATUS ? 65536 : envelope.status;
		envelope.modified_at = change == MODIFIED ? INSTANT_END : envelope.modified_at;
		envelope.sent_at = change == SENT ? INSTANT_FIRST - 1 : envelope.sent_at;
		envelope.created_at = change == CREATED ? INSTANT_END : envelope.created_at;
		envelope.completed_at = change == COMPLETED ? INSTANT_FIRST - 1 : envelope.completed_at;
		envelope.envelope_id.length = change == ID_EMPTY ? 0 : envelope.envelope_id.length;
		size_t length = envelope_row_write(block, &envelope);
		if (change == LONGER) {
			block[length++] = 0;
			block[0]++;
		}
		bool is_good = envelope_row_find(block, block + length, &row) == 0 && envelope_row_read(&row, &read) == 0;
		if (is_good != (change == NONE))
			fail_msg("change %d: %s", change, is_good ? "read" : "refused");
	}
}

static void orders_by_hash_then_id(void **state)
{
	(void)state;
	uint8_t blocks[2][ENVELOPE_ROW_LIMIT];
	struct envelope left = make("e1", NULL, 0, 0, 0, 0), right = make("e2", NULL, 0, 0, 0, 0);
	struct envelope_row rows[2];
	assert_int_equal(envelope_row_find(blocks[0], blocks[0] + envelope_row_write(blocks[0], &left), &rows[0]), 0);
	assert_int_equal(envelope_row_find(blocks[1], blocks[1] + envelope_row_write(blocks[1], &right), &rows[1]), 0);
	assert_int_equal(envelope_row_compare(&rows[0], &rows[1]), rows[0].hash < rows[1].hash ? -1 : 1);
	rows[1].hash = rows[0].hash;
	assert_true(envelope_row_compare(&rows[0], &rows[1]) < 0);
	assert_int_equal(envelope_row_compare(&rows[0], &rows[0]), 0);
	/* One text in two accounts is two envelopes. */
	rows[1] = rows[0];
	rows[1].account++;
	assert_true(envelope_row_compare(&rows[0], &rows[1]) < 0 && envelope_row_compare(&rows[1], &rows[0]) > 0);
}

/* Each byte at each place of a UUID: it is one only with digits and letters in lower case where they belong, and gives its text back. */
static void tells_a_uuid_from_a_text(void **state)
{
	(void)state;
	for (int place = 0; place < 36; place++) {
		for (int byte = 0; byte < 256; byte++) {
			char text[] = "0189abcd-ef01-4567-89ab-cdef01234567";
			bool is_dash = text[place] == '-';
			struct buffer back = BUFFER_INIT;
			struct envelope_id id;
			text[place] = (char)byte;
			envelope_id_parse(text, 36, &id);
			bool wanted = is_dash ? byte == '-' : byte && strchr("0123456789abcdef", byte);
			if (id.is_uuid != wanted)
				fail_msg("'%.36s', byte %d at place %d, is %s", text, byte, place, id.is_uuid ? "a UUID" : "a text");
			envelope_id_append(&id, &back);
			assert_int_equal(back.length, 36);
			assert_memory_equal(back.data, text, 36);
			buffer_release(&back);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_back_what_was_put_in),
		cmocka_unit_test(tells_a_uuid_from_a_text),
		cmocka_unit_test(knows_a_uuid),
		cmocka_unit_test(finds_a_row_cut_short),
		cmocka_unit_test(refuses_what_no_envelope_has),
		cmocka_unit_test(orders_by_hash_then_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
