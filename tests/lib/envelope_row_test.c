/* envelope_row.h: a row gives back what was put in, and damaged bytes are found out. */
#include "envelope_row.h"

#include "instant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct envelope make(const char *id, const char *sender, int64_t created, int64_t sent, int64_t completed, int64_t modified)
{
	struct envelope envelope = {.created_at = created, .sent_at = sent, .completed_at = completed, .modified_at = modified,
		.account = 16777215, .plan_item = 65535, .status = 1001};
	envelope_id_parse(id, strlen(id), &envelope.envelope_id);
	if (sender)
		envelope_id_parse(sender, strlen(sender), &envelope.sender_id);
	envelope.hash = envelope_id_hash(&envelope.envelope_id);
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
	struct buffer block = BUFFER_INIT;
	size_t count = sizeof cases / sizeof *cases;
	struct envelope made[sizeof cases / sizeof *cases], read;
	for (size_t i = 0; i < count; i++) {
		const char *sender = cases[i].sender && *cases[i].sender ? cases[i].sender : NULL;
		made[i] = make(cases[i].id, sender, cases[i].created, cases[i].sent, cases[i].completed, cases[i].modified);
		envelope_row_append(&block, &made[i]);
	}
	const uint8_t *at = (const uint8_t *)block.data, *end = at + block.length;
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(envelope_row_read(&at, end, &read), 0);
		assert_same_id(&read.envelope_id, &made[i].envelope_id);
		assert_same_id(&read.sender_id, &made[i].sender_id);
		assert_int_equal(read.created_at, made[i].created_at);
		assert_int_equal(read.sent_at, made[i].sent_at);
		assert_int_equal(read.completed_at, made[i].completed_at);
		assert_int_equal(read.modified_at, made[i].modified_at);
		assert_int_equal(read.account, made[i].account);
		assert_int_equal(read.plan_item, made[i].plan_item);
		assert_int_equal(read.status, made[i].status);
		assert_int_equal(read.hash, made[i].hash);
		struct buffer text = BUFFER_INIT;
		envelope_id_append(&read.envelope_id, &text);
		assert_string_equal(text.data, cases[i].id);
		buffer_release(&text);
	}
	assert_ptr_equal(at, end);
	buffer_release(&block);
}

static void finds_a_row_cut_short(void **state)
{
	(void)state;
	struct buffer block = BUFFER_INIT;
	struct envelope envelope = make(cases[0].id, cases[0].sender, 1, 2, 3, 4), read;
	envelope_row_append(&block, &envelope);
	for (size_t length = 0; length < block.length; length++) {
		const uint8_t *at = (const uint8_t *)block.data;
		assert_int_equal(envelope_row_read(&at, at + length, &read), -1);
	}
	buffer_release(&block);
}


static void orders_by_hash_then_id(void **state)
{
	(void)state;
	struct envelope left = make("e1", NULL, 0, 0, 0, 0), right = make("e2", NULL, 0, 0, 0, 0);
	assert_int_equal(envelope_row_compare(&left, &right), left.hash < right.hash ? -1 : 1);
	right.hash = left.hash;
	assert_true(envelope_row_compare(&left, &right) < 0);
	assert_int_equal(envelope_row_compare(&left, &left), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_back_what_was_put_in),
		cmocka_unit_test(finds_a_row_cut_short),
		cmocka_unit_test(orders_by_hash_then_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
