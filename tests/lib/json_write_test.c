/*
 * json_write_test.c: JSON text, held against RFC 8259 by hand; that any string comes back is left to json_scan to say.
 */
#include "base/instant.h"
#include "json/json_integers.h"
#include "json/json_scan.h"
#include "json/json_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(table) (sizeof(table) / sizeof(table)[0])

static void values_are_written_one_after_the_other(void **state)
{
	(void)state;
	struct buffer json = BUFFER_INIT;
	json_begin(&json, '{');
	json_key(&json, "a");
	json_c_string(&json, "x");
	json_key(&json, "none");
	json_c_string(&json, NULL);
	json_key(&json, "list");
	json_begin(&json, '[');
	json_integer(&json, 1);
	json_boolean(&json, true);
	json_boolean(&json, false);
	json_null(&json);
	json_begin(&json, '{');
	json_end(&json, '}');
	json_begin(&json, '[');
	json_end(&json, ']');
	json_end(&json, ']');
	json_key(&json, "raw");
	json_raw(&json, "{\"b\":1.10}", 10);
	json_key(&json, "at");
	json_instant(&json, INT64_C(1738281600001));
	json_key(&json, "never");
	json_instant(&json, INSTANT_NONE);
	json_key(&json, "day");
	json_day(&json, 19782);
	json_end(&json, '}');
	json_finish(&json);
	assert_int_equal(buffer_check(&json, NULL), 0);
	assert_string_equal(json.data,
		"{\"a\":\"x\",\"none\":null,\"list\":[1,true,false,null,{},[]],\"raw\":{\"b\":1.10},"
		"\"at\":\"2025-01-31T00:00:00.001Z\",\"never\":null,\"day\":\"2024-02-29\"}");
	assert_int_equal(json.length, strlen(json.data));
	buffer_release(&json);
}

static void an_empty_object_is_written(void **state)
{
	(void)state;
	struct buffer json = BUFFER_INIT;
	json_begin(&json, '{');
	json_end(&json, '}');
	json_finish(&json);
	assert_string_equal(json.data, "{}");
	json_finish(&json);
	assert_string_equal(json.data, "{}");
	buffer_release(&json);
}

static const struct {
	const char *text;
	size_t length;
	const char *json;
} strings[] = {
	{"", 0, "\"\""},
	{"plain", 5, "\"plain\""},
	{"\"\\", 2, "\"\\\"\\\\\""},
	{"/", 1, "\"/\""},
	{"\n\t\r\b\f", 5, "\"\\n\\t\\r\\b\\f\""},
	{"\x00\x01\x0b\x1f", 4, "\"\\u0000\\u0001\\u000b\\u001f\""},
	{"\x7f", 1, "\"\x7f\""},
	{"\xc3\xa9\xf0\x9f\x9a\x80\xe2\x80\xa8", 9, "\"\xc3\xa9\xf0\x9f\x9a\x80\xe2\x80\xa8\""},
	{"a\0b", 3, "\"a\\u0000b\""},
};

static void strings_are_escaped_as_little_as_may_be(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(strings); i++) {
		struct buffer json = BUFFER_INIT;
		json_string(&json, strings[i].text, strings[i].length);
		json_finish(&json);
		if (json.length != strlen(strings[i].json) || memcmp(json.data, strings[i].json, json.length) != 0)
			fail_msg("expected %s, got %s", strings[i].json, json.data);
		buffer_release(&json);
	}
}

static const struct {
	int64_t value;
	const char *json;
} integers[] = {
	{0, "0"}, {7, "7"}, {-7, "-7"}, {1000000, "1000000"}, {INT64_MAX, "9223372036854775807"}, {INT64_MIN, "-9223372036854775808"}};

static void integers_are_written_to_their_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(integers); i++) {
		struct buffer json = BUFFER_INIT;
		json_integer(&json, integers[i].value);
		json_finish(&json);
		assert_string_equal(json.data, integers[i].json);
		buffer_release(&json);
	}
}

/* Random strings of well-formed UTF-8, through the writer and the scanner. */
static void any_string_comes_back(void **state)
{
	(void)state;
	static const char *const pointer[] = {"/s"};
	static const char *const pieces[] = {"a", "\"", "\\", "\n", "\x01", "\x1f", "\x7f", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x9a\x80",
		"u0041", "}", "{", "]", ":", ","};
	struct json_scanner *scanner = json_scanner_new(pointer, 1, NULL);
	uint64_t dice = 0x9e3779b97f4a7c15u;
	for (int turn = 0; turn < 20000; turn++) {
		struct buffer text = BUFFER_INIT, json = BUFFER_INIT;
		for (unsigned left = (unsigned)(dice % 40); left > 0; left--) {
			dice ^= dice << 13;
			dice ^= dice >> 7;
			dice ^= dice << 17;
			size_t which = dice % (LENGTH(pieces) + 1);
			if (which == LENGTH(pieces))
				buffer_append_byte(&text, 0);
			else
				buffer_append_string(&text, pieces[which]);
		}
		dice = dice * 6364136223846793005u + 1442695040888963407u;
		json_begin(&json, '{');
		json_key(&json, "s");
		json_string(&json, text.data, text.length);
		json_end(&json, '}');
		json_finish(&json);
		struct json_slice slice;
		struct error error = ERROR_INIT;
		if (json_scan(scanner, json.data, json.length, &slice, &error) < 0)
			fail_msg("%s: %s", error.text, json.data);
		if (slice.kind != JSON_STRING || slice.length != text.length || memcmp(slice.text, text.data, text.length) != 0)
			fail_msg("it came back changed: %s", json.data);
		if (memchr(json.data, '\n', json.length))
			fail_msg("more than a line: %s", json.data);
		buffer_release(&text);
		buffer_release(&json);
	}
	json_scanner_free(scanner);
}

static void a_failed_buffer_stays_failed(void **state)
{
	(void)state;
	struct buffer json = BUFFER_INIT;
	json_begin(&json, '[');
	json.failed = true;
	json_string(&json, "x", 1);
	json_integer(&json, 1);
	json_end(&json, ']');
	json_finish(&json);
	struct error error = ERROR_INIT;
	assert_int_equal(buffer_check(&json, &error), -1);
	assert_int_equal(error.status, EX_OSERR);
	buffer_release(&json);
}

static void numbers_that_no_double_holds_are_quoted(void **state)
{
	(void)state;
	static const struct {
		const char *text, *expected; /* NULL: unchanged */
	} cases[] = {
		{"{}", NULL},
		{"9007199254740992", NULL},
		{"-9007199254740992", NULL},
		{"9007199254740993", "\"9007199254740993\""},
		{"-9007199254740993", "\"-9007199254740993\""},
		{"[9223372036854775807,1,-9223372036854775808]", "[\"9223372036854775807\",1,\"-9223372036854775808\"]"},
		{"{\"a\":123456789012345678901234567890}", "{\"a\":\"123456789012345678901234567890\"}"},
		{"{\"9223372036854775807\": \"9223372036854775807\\\"9223372036854775807\"}", NULL},
		{"[\"\\\\\",9223372036854775807 ]", "[\"\\\\\",\"9223372036854775807\" ]"},
		{"[19.99,123456789012.345,1e400,12345678901234567e3]", NULL},
		{"[0.1000000000000000055]", "[\"0.1000000000000000055\"]"},
		{"[1.23456789012345]", NULL},
		{"[1.234567890123456]", "[\"1.234567890123456\"]"},
		{"[true,null]", NULL},
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct buffer to = BUFFER_INIT;
		bool any = json_quote_long_numbers(&to, cases[i].text, strlen(cases[i].text));
		const char *expected = cases[i].expected ? cases[i].expected : "";
		if (any != (cases[i].expected != NULL) || to.length != strlen(expected) ||
			memcmp(to.data ? to.data : "", expected, to.length) != 0)
			fail_msg("%s: %.*s", cases[i].text, (int)to.length, to.data ? to.data : "");
		buffer_release(&to);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_that_no_double_holds_are_quoted),
		cmocka_unit_test(values_are_written_one_after_the_other),
		cmocka_unit_test(an_empty_object_is_written),
		cmocka_unit_test(strings_are_escaped_as_little_as_may_be),
		cmocka_unit_test(integers_are_written_to_their_ends),
		cmocka_unit_test(any_string_comes_back),
		cmocka_unit_test(a_failed_buffer_stays_failed),
	};
	return cmocka_run_group_tests_name("json_write", tests, NULL, NULL);
}
