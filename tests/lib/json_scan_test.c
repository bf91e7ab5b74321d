/*
 * json_scan_test.c: which texts are JSON (RFC 8259) and what the pointers (RFC 6901) find in them. tests/json.bats compares
 * verdicts with other parsers on thousands of mutated lines.
 */
#include "base/buffer.h"
#include "json/json_scan.h"
#include "json/json_word.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(table) (sizeof(table) / sizeof(table)[0])

/* Text with its length and the padding that json_scan() asks for, and not a byte more: a sanitizer sees any step over it. */
struct text {
	char *bytes;
	size_t length;
};

static struct text text_of(const char *bytes, size_t length)
{
	struct text text = {malloc(length + BUFFER_PADDING), length};
	assert_non_null(text.bytes);
	memcpy(text.bytes, bytes, length);
	memset(text.bytes + length, '"', BUFFER_PADDING); /* what stands there must not matter */
	return text;
}

static struct json_scanner *scanner_for(const char *const pointers[], size_t count)
{
	struct error error = ERROR_INIT;
	struct json_scanner *scanner = json_scanner_new(pointers, count, &error);
	if (!scanner)
		fail_msg("%s", error.text);
	return scanner;
}

static const char *show(const struct json_slice *slice)
{
	static char texts[4][300];
	static unsigned turn;
	char *text = texts[turn++ % 4];
	snprintf(text, sizeof texts[0], "%s:%.*s", json_kind_name(slice->kind), slice->length > 200 ? 200 : (int)slice->length,
		slice->text ? slice->text : "");
	return text;
}

/* Slices of /a, /b/c and /b, as kind and text; NULL: the text is refused. */
static const char *const found_pointers[] = {"/a", "/b/c", "/b"};
static const struct {
	const char *text, *found[3];
} found[] = {
	{"{}", {"absent:", "absent:", "absent:"}},
	{"{\"a\":1}", {"a number:1", "absent:", "absent:"}},
	{"  { \"a\" : 1 }  ", {"a number:1", "absent:", "absent:"}},
	{"\t{\"a\":\r1\t}\r", {"a number:1", "absent:", "absent:"}},
	{"{\"a\":null}", {"null:null", "absent:", "absent:"}},
	{"{\"a\":true,\"b\":false}", {"a boolean:true", "absent:", "a boolean:false"}},
	{"{\"a\":\"\"}", {"a string:", "absent:", "absent:"}},
	{"{\"a\":\"x y\"}", {"a string:x y", "absent:", "absent:"}},
	{"{\"b\":{\"c\":\"x\"}}", {"absent:", "a string:x", "an object:{\"c\":\"x\"}"}},
	{"{\"b\": { \"c\" : \"x\" } }", {"absent:", "a string:x", "an object:{ \"c\" : \"x\" }"}},
	{"{\"b\":[1, 2]}", {"absent:", "absent:", "an array:[1, 2]"}},
	{"{\"b\":[] }", {"absent:", "absent:", "an array:[]"}},
	{"{\"b\":{}}", {"absent:", "absent:", "an object:{}"}},
	/* Only keys on the way count. */
	{"{\"c\":1,\"x\":{\"a\":2,\"b\":{\"c\":3}}}", {"absent:", "absent:", "absent:"}},
	{"{\"b\":[{\"c\":1}]}", {"absent:", "absent:", "an array:[{\"c\":1}]"}},
	{"{\"A\":1,\"a \":2,\"aa\":3,\"\":4}", {"absent:", "absent:", "absent:"}},
	/* Of keys that come twice the last counts, and takes what the earlier one had within. */
	{"{\"a\":1,\"a\":2}", {"a number:2", "absent:", "absent:"}},
	{"{\"a\":1,\"a\":null}", {"null:null", "absent:", "absent:"}},
	{"{\"b\":{\"c\":1},\"b\":{}}", {"absent:", "absent:", "an object:{}"}},
	{"{\"b\":{\"c\":1},\"b\":2}", {"absent:", "absent:", "a number:2"}},
	{"{\"b\":2,\"b\":{\"c\":1}}", {"absent:", "a number:1", "an object:{\"c\":1}"}},
	{"{\"b\":{\"c\":1,\"c\":2}}", {"absent:", "a number:2", "an object:{\"c\":1,\"c\":2}"}},
	{"{\"a\":1,\"\\u0061\":2}", {"a number:2", "absent:", "absent:"}},
	/* Escapes. */
	{"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", {"a string:\"\\/\b\f\n\r\t", "absent:", "absent:"}},
	{"{\"a\":\"\\u0041\\u00e9\\u20AC\"}", {"a string:A\xc3\xa9\xe2\x82\xac", "absent:", "absent:"}},
	{"{\"a\":\"\\ud83d\\ude80\"}", {"a string:\xf0\x9f\x9a\x80", "absent:", "absent:"}},
	/* Half of a surrogate pair is U+FFFD where it is wanted, in a key too, and nothing where it is not. */
	{"{\"a\":\"\\ud83d\"}", {"a string:\xef\xbf\xbd", "absent:", "absent:"}},
	{"{\"a\":\"\\ude80\"}", {"a string:\xef\xbf\xbd", "absent:", "absent:"}},
	{"{\"a\":\"\\uD83Dx\"}", {"a string:\xef\xbf\xbdx", "absent:", "absent:"}},
	{"{\"a\":\"\\ud83d\\ud83d\\ude80\"}", {"a string:\xef\xbf\xbd\xf0\x9f\x9a\x80", "absent:", "absent:"}},
	{"{\"a\":\"\\ude80\\ud83d\"}", {"a string:\xef\xbf\xbd\xef\xbf\xbd", "absent:", "absent:"}},
	{"{\"a\":\"\\ud83d\\n\"}", {"a string:\xef\xbf\xbd\n", "absent:", "absent:"}},
	{"{\"a\":\"\\\\ud83d\"}", {"a string:\\ud83d", "absent:", "absent:"}},
	{"{\"\\ud83d\":1,\"a\":2}", {"a number:2", "absent:", "absent:"}},
	{"{\"x\":\"\\udfff\",\"a\":\"\\u0041\"}", {"a string:A", "absent:", "absent:"}},
	{"{\"b\":{\"x\":\"\\ud83d\"},\"x\":\"\\ud83d\"}", {"absent:", "absent:", "an object:{\"x\":\"\\ud83d\"}"}},
	{"{\"a\":\"\xf0\x9f\x9a\x80 \xd7\x97\x7f\"}", {"a string:\xf0\x9f\x9a\x80 \xd7\x97\x7f", "absent:", "absent:"}},
	{"{\"\\u0062\":{\"\\u0063\":1}}", {"absent:", "a number:1", "an object:{\"\\u0063\":1}"}},
	{"{\"a\":\"},{]\"}", {"a string:},{]", "absent:", "absent:"}},
	/* Numbers keep their token, whatever a double makes of it. */
	{"{\"a\":0}", {"a number:0", "absent:", "absent:"}},
	{"{\"a\":-0}", {"a number:-0", "absent:", "absent:"}},
	{"{\"a\":1.10}", {"a number:1.10", "absent:", "absent:"}},
	{"{\"a\":1e2,\"b\":1E+2}", {"a number:1e2", "absent:", "a number:1E+2"}},
	{"{\"a\":1.5e-3}", {"a number:1.5e-3", "absent:", "absent:"}},
	{"{\"a\":123456789012345678901234567890.10}", {"a number:123456789012345678901234567890.10", "absent:", "absent:"}},
	{"{\"a\":0.1000000000000000055511151231257827}", {"a number:0.1000000000000000055511151231257827", "absent:", "absent:"}},
	{"{\"a\":1e99999,\"b\":-1e-99999}", {"a number:1e99999", "absent:", "a number:-1e-99999"}},
	{"{\"a\":18446744073709551616 }", {"a number:18446744073709551616", "absent:", "absent:"}},
	/* No objects. */
	{"[]", {NULL}},
	{"[{\"a\":1}]", {NULL}},
	{"1", {NULL}},
	{"\"a\"", {NULL}},
	{"null", {NULL}},
	{"true", {NULL}},
	{"", {NULL}},
	{" ", {NULL}},
	/* Not JSON. */
	{"{", {NULL}},
	{"}", {NULL}},
	{"{]", {NULL}},
	{"{\"a\"", {NULL}},
	{"{\"a\":", {NULL}},
	{"{\"a\":1", {NULL}},
	{"{\"a\":1,", {NULL}},
	{"{\"a\":1,}", {NULL}},
	{"{,}", {NULL}},
	{"{,\"a\":1}", {NULL}},
	{"{\"a\":1,,\"b\":2}", {NULL}},
	{"{\"a\" 1}", {NULL}},
	{"{\"a\"::1}", {NULL}},
	{"{\"a\":1 \"b\":2}", {NULL}},
	{"{a:1}", {NULL}},
	{"{'a':1}", {NULL}},
	{"{1:1}", {NULL}},
	{"{\"a\":1}}", {NULL}},
	{"{\"a\":1}{}", {NULL}},
	{"{\"a\":1} x", {NULL}},
	{"{\"a\":1},", {NULL}},
	{"x{\"a\":1}", {NULL}},
	{"{\"a\":[1,]}", {NULL}},
	{"{\"a\":[,1]}", {NULL}},
	{"{\"a\":[1 2]}", {NULL}},
	{"{\"a\":[1}", {NULL}},
	{"{\"a\":[1}]", {NULL}},
	{"{\"a\":{\"b\":1]}", {NULL}},
	{"{\"a\":[\"b\":1]}", {NULL}},
	{"{\"a\":{\"b\"}}", {NULL}},
	{"{\"a\":{1}}", {NULL}},
	{"{\"a\":\"b\":1}", {NULL}},
	{"{\"a\":tru}", {NULL}},
	{"{\"a\":True}", {NULL}},
	{"{\"a\":truee}", {NULL}},
	{"{\"a\":nul}", {NULL}},
	{"{\"a\":nullx}", {NULL}},
	{"{\"a\":none}", {NULL}},
	{"{\"a\":undefined}", {NULL}},
	{"{\"a\":fals}", {NULL}},
	{"{\"a\":}", {NULL}},
	{"{\"a\":nan}", {NULL}},
	{"{\"a\":NaN}", {NULL}},
	{"{\"a\":Infinity}", {NULL}},
	{"{\"a\":-Infinity}", {NULL}},
	{"{\"a\":01}", {NULL}},
	{"{\"a\":-}", {NULL}},
	{"{\"a\":+1}", {NULL}},
	{"{\"a\":.5}", {NULL}},
	{"{\"a\":1.}", {NULL}},
	{"{\"a\":1e}", {NULL}},
	{"{\"a\":1e+}", {NULL}},
	{"{\"a\":1.e5}", {NULL}},
	{"{\"a\":-01}", {NULL}},
	{"{\"a\":--1}", {NULL}},
	{"{\"a\":0x10}", {NULL}},
	{"{\"a\":1_000}", {NULL}},
	{"{\"a\":1,5}", {NULL}},
	{"{\"a\":1.2.3}", {NULL}},
	{"{\"a\":1 2}", {NULL}},
	{"{\"a\":\"x}", {NULL}},
	{"{\"a\":\"x\\\"}", {NULL}},
	{"{\"a\":\"\\x\"}", {NULL}},
	{"{\"a\":\"\\u12\"}", {NULL}},
	{"{\"a\":\"\\u12g4\"}", {NULL}},
	{"{\"a\":\"\\U0041\"}", {NULL}},
	{"{\"a\":\"\\\"}", {NULL}},
	{"{\"\\x\":1}", {NULL}},
	{"{\"a\":\"\\ud83d\\x\"}", {NULL}},
	{"{\"x\":\"\\ud83g\"}", {NULL}},
	{"{\"x\":\"\\ud83d\\x\"}", {NULL}},
	{"{\"a\":\"\\'\"}", {NULL}},
	/* Control characters within a string. */
	{"{\"a\":\"\x01\"}", {NULL}},
	{"{\"a\":\"x\ty\"}", {NULL}},
	{"{\"a\":\"x\ny\"}", {NULL}},
	{"{\"a\x1f\":1}", {NULL}},
	{"{\"a\":1}\x01", {NULL}},
	{"{\"a\":\x0b"
	 "1}",
		{NULL}},
	{"\xef\xbb\xbf{\"a\":1}x", {NULL}},
	/* Comments and other dialects. */
	{"{\"a\":1}//x", {NULL}},
	{"/**/{\"a\":1}", {NULL}},
	{"{\"a\":/*x*/1}", {NULL}},
	{"#{\"a\":1}", {NULL}},
	/* Not UTF-8: a lone continuation, a cut one, too long forms, surrogates, above U+10FFFF. */
	{"{\"a\":\"\x80\"}", {NULL}},
	{"{\"a\":\"\xc3\"}", {NULL}},
	{"{\"a\":\"\xe2\x82\"}", {NULL}},
	{"{\"a\":\"\xc0\xaf\"}", {NULL}},
	{"{\"a\":\"\xe0\x80\xaf\"}", {NULL}},
	{"{\"a\":\"\xed\xa0\x80\"}", {NULL}},
	{"{\"a\":\"\xf4\x90\x80\x80\"}", {NULL}},
	{"{\"a\":\"\xff\"}", {NULL}},
	{"{\"\xfe\":1}", {NULL}},
	{"{\"a\":\"\xf0\x9f\x9a\"}", {NULL}},
};

static void texts_are_read_as_the_table_says(void **state)
{
	(void)state;
	struct json_scanner *scanner = scanner_for(found_pointers, 3);
	for (size_t i = 0; i < LENGTH(found); i++) {
		struct text text = text_of(found[i].text, strlen(found[i].text));
		struct json_slice slices[3];
		struct error error = ERROR_INIT;
		int result = json_scan(scanner, text.bytes, text.length, slices, &error);
		if ((result == 0) != (found[i].found[0] != NULL))
			fail_msg("'%s': %s", found[i].text, result == 0 ? "taken, expected a refusal" : error.text);
		if (result < 0 && (error.status != EX_DATAERR || !*error.text || strchr(error.text, '\n')))
			fail_msg("'%s': status %d, '%s'", found[i].text, error.status, error.text);
		for (int j = 0; result == 0 && j < 3; j++)
			if (strcmp(show(&slices[j]), found[i].found[j]) != 0)
				fail_msg("'%s' at %s: expected %s, got %s", found[i].text, found_pointers[j], found[i].found[j],
					show(&slices[j]));
		free(text.bytes);
	}
	json_scanner_free(scanner);
}

/* Cut anywhere, a text is no JSON; a scanner that refused one text reads the next. */
static void no_beginning_of_a_text_is_one(void **state)
{
	(void)state;
	static const char whole[] = "{\"a\":\"x\\u00e9\xc3\xa9\",\"b\":{\"c\":[1,-2.5e3,true,null,{\"d\":[]}]},\"e\":\"\\\\\"}";
	struct json_scanner *scanner = scanner_for(found_pointers, 3);
	struct json_slice slices[3];
	for (size_t length = 0; length <= strlen(whole); length++) {
		struct text text = text_of(whole, length);
		struct error error = ERROR_INIT;
		if ((json_scan(scanner, text.bytes, text.length, slices, &error) == 0) != (length == strlen(whole)))
			fail_msg("the first %zu bytes: wrong", length);
		free(text.bytes);
	}
	assert_string_equal(show(&slices[1]), "an array:[1,-2.5e3,true,null,{\"d\":[]}]");
	json_scanner_free(scanner);
}

/* A zero byte is no end: neither in a string nor outside of one. */
static void a_zero_byte_is_refused(void **state)
{
	(void)state;
	static const char whole[] = "{\"a\":[1,\"x\"],\"b\":null}";
	struct json_scanner *scanner = scanner_for(found_pointers, 3);
	for (size_t at = 0; at <= strlen(whole); at++) {
		char bytes[sizeof whole + 1];
		memcpy(bytes, whole, at);
		bytes[at] = 0;
		memcpy(bytes + at + 1, whole + at, strlen(whole) - at);
		struct text text = text_of(bytes, strlen(whole) + 1);
		struct json_slice slices[3];
		if (json_scan(scanner, text.bytes, text.length, slices, NULL) == 0)
			fail_msg("a zero byte at %zu is taken", at);
		free(text.bytes);
	}
	struct text text = text_of("{\"a\":\"x\\u0000y\"}", 16);
	struct json_slice slices[3];
	assert_int_equal(json_scan(scanner, text.bytes, text.length, slices, NULL), 0);
	assert_int_equal(slices[0].length, 3);
	assert_memory_equal(slices[0].text, "x\0y", 3);
	free(text.bytes);
	json_scanner_free(scanner);
}

static struct text nested(int depth, char open, char close)
{
	/* The outermost object is the first level. */
	struct buffer buffer = BUFFER_INIT;
	buffer_append_string(&buffer, "{\"b\":");
	for (int i = 1; i < depth; i++)
		buffer_append_string(&buffer, open == '[' ? "[" : "{\"c\":");
	buffer_append_string(&buffer, "1");
	for (int i = 1; i < depth; i++)
		buffer_append_byte(&buffer, close);
	buffer_append_byte(&buffer, '}');
	struct text text = text_of(buffer.data, buffer.length);
	buffer_release(&buffer);
	return text;
}

static void depth_is_bounded(void **state)
{
	(void)state;
	static const struct {
		int depth, taken;
	} table[] = {{1, 1}, {2, 1}, {JSON_DEPTH_LIMIT, 1}, {JSON_DEPTH_LIMIT + 1, 0}, {1024, 0}, {100000, 0}};
	struct json_scanner *scanner = scanner_for(found_pointers, 3);
	for (size_t i = 0; i < LENGTH(table); i++) {
		for (int arrays = 0; arrays < 2; arrays++) {
			struct text text = nested(table[i].depth, arrays ? '[' : '{', arrays ? ']' : '}');
			struct json_slice slices[3];
			struct error error = ERROR_INIT;
			int result = json_scan(scanner, text.bytes, text.length, slices, &error);
			if ((result == 0) != table[i].taken)
				fail_msg("%d deep in %s: %s", table[i].depth, arrays ? "arrays" : "objects",
					result == 0 ? "taken" : error.text);
			if (result < 0)
				assert_non_null(strstr(error.text, "nested too deep"));
			free(text.bytes);
		}
	}
	json_scanner_free(scanner);
}

static void pointers_are_unescaped(void **state)
{
	(void)state;
	static const char *const pointers[] = {"", "/", "/a~1b", "/m~0n", "/~01", "/ ", "/k\"l", "/\xc3\xa9"};
	static const char text_bytes[] = " {\"\":0,\"a/b\":1,\"m~n\":2,\"~1\":3,\" \":4,\"k\\\"l\":5,\"\\u00e9\":6,\"a~1b\":7} ";
	struct json_scanner *scanner = scanner_for(pointers, LENGTH(pointers));
	struct text text = text_of(text_bytes, strlen(text_bytes));
	struct json_slice slices[LENGTH(pointers)];
	struct error error = ERROR_INIT;
	if (json_scan(scanner, text.bytes, text.length, slices, &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(slices[0].kind, JSON_OBJECT);
	assert_int_equal(slices[0].length, strlen(text_bytes) - 2);
	assert_ptr_equal(slices[0].text, text.bytes + 1);
	for (size_t i = 1; i < LENGTH(pointers); i++) {
		char number[] = {(char)('0' + i - 1), 0};
		assert_int_equal(slices[i].length, 1);
		if (slices[i].text[0] != number[0])
			fail_msg("'%s': got %s", pointers[i], show(&slices[i]));
	}
	free(text.bytes);
	json_scanner_free(scanner);
}

static void wrong_pointers_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *pointers[2];
		size_t count;
	} table[] = {{{"a"}, 1}, {{"a/b"}, 1}, {{"/a~b"}, 1}, {{"/a~"}, 1}, {{"/a~2"}, 1}, {{" /a"}, 1}, {{"/a", "/a"}, 2},
		{{"/a~1b", "/a~1b"}, 2}};
	for (size_t i = 0; i < LENGTH(table); i++) {
		struct error error = ERROR_INIT;
		struct json_scanner *scanner = json_scanner_new(table[i].pointers, table[i].count, &error);
		if (scanner || error.status != EX_CONFIG || !strstr(error.text, table[i].pointers[0]))
			fail_msg("'%s': status %d, '%s'", table[i].pointers[0], error.status, error.text);
	}
}

/* A pointer may lead through a value that another pointer asks for. */
static void pointers_may_lie_within_each_other(void **state)
{
	(void)state;
	static const char *const pointers[] = {"/r", "/r/x/y", "/r/x", "/t"};
	static const char text_bytes[] = "{\"r\":{\"x\":{\"y\":[{}]},\"z\":1},\"t\":\"u\"}";
	struct json_scanner *scanner = scanner_for(pointers, 4);
	struct text text = text_of(text_bytes, strlen(text_bytes));
	struct json_slice slices[4];
	assert_int_equal(json_scan(scanner, text.bytes, text.length, slices, NULL), 0);
	assert_string_equal(show(&slices[0]), "an object:{\"x\":{\"y\":[{}]},\"z\":1}");
	assert_string_equal(show(&slices[1]), "an array:[{}]");
	assert_string_equal(show(&slices[2]), "an object:{\"y\":[{}]}");
	assert_string_equal(show(&slices[3]), "a string:u");
	free(text.bytes);
	json_scanner_free(scanner);
}

/* Several unescaped strings of one text live side by side, also long ones. */
static void unescaped_strings_do_not_overwrite_each_other(void **state)
{
	(void)state;
	enum { COUNT = 40, SIZE = 5000 };
	char names[COUNT][16];
	const char *pointers[COUNT];
	struct buffer json = BUFFER_INIT;
	buffer_append_byte(&json, '{');
	for (int i = 0; i < COUNT; i++) {
		snprintf(names[i], sizeof names[i], "/f%d", i);
		pointers[i] = names[i];
		buffer_append_format(&json, "%s\"f%d\":\"", i ? "," : "", i);
		for (int j = 0; j < SIZE; j++)
			buffer_append_format(&json, "\\u%04x", 'a' + i % 26);
		buffer_append_byte(&json, '"');
	}
	buffer_append_byte(&json, '}');
	struct json_scanner *scanner = scanner_for(pointers, COUNT);
	struct json_slice slices[COUNT];
	for (int turn = 0; turn < 3; turn++) {
		struct text text = text_of(json.data, json.length);
		assert_int_equal(json_scan(scanner, text.bytes, text.length, slices, NULL), 0);
		for (int i = 0; i < COUNT; i++) {
			assert_int_equal(slices[i].length, SIZE);
			for (int j = 0; j < SIZE; j++)
				assert_int_equal(slices[i].text[j], 'a' + i % 26);
		}
		free(text.bytes);
	}
	buffer_release(&json);
	json_scanner_free(scanner);
}

struct elements {
	struct buffer all;
	int stop_after, count;
};

static int keep_element(void *context, const char *text, size_t length)
{
	struct elements *elements = context;
	if (memchr(text, '\n', length))
		fail_msg("an element has a newline: '%.*s'", (int)length, text);
	buffer_append(&elements->all, text, length);
	buffer_append_byte(&elements->all, '|');
	return ++elements->count == elements->stop_after ? 77 : 0;
}

static void elements_are_given_one_by_one(void **state)
{
	(void)state;
	static const char *const pointer[] = {"/d"};
	static const struct {
		const char *text, *elements;
	} table[] = {
		{"{\"d\":[]}", ""},
		{"{\"d\":[1]}", "1|"},
		{"{\"d\":[1, \"a,b\" ,null,true,[1,2],{\"x\":[{}]}]}", "1|\"a,b\"|null|true|[1,2]|{\"x\":[{}]}|"},
		{"{\"d\":[\n{\n\"x\" : 1\n},\n{\n}\n]}", "{\"x\":1}|{}|"},
		{"{\"d\":[ { \"x\" : \"a b\" } ]}", "{ \"x\" : \"a b\" }|"},
		{"{\"d\":[{\"x\":\"\\n\"},{\"y\":\n\"a  b\"}]}", "{\"x\":\"\\n\"}|{\"y\":\"a  b\"}|"},
	};
	struct json_scanner *scanner = scanner_for(pointer, 1), *other = scanner_for(NULL, 0);
	for (size_t i = 0; i < LENGTH(table); i++) {
		struct text text = text_of(table[i].text, strlen(table[i].text));
		struct json_slice slice;
		struct elements elements = {.all = BUFFER_INIT};
		struct error error = ERROR_INIT;
		assert_int_equal(json_scan(scanner, text.bytes, text.length, &slice, &error), 0);
		assert_int_equal(slice.kind, JSON_ARRAY);
		if (json_scan_elements(other, &slice, keep_element, &elements, &error) != 0 ||
			strcmp(elements.all.data, table[i].elements) != 0)
			fail_msg("'%s': expected %s, got %s (%s)", table[i].text, table[i].elements, elements.all.data, error.text);
		buffer_release(&elements.all);
		free(text.bytes);
	}
	/* What `each` returns ends it and comes back. */
	struct text text = text_of("{\"d\":[1,2,3]}", 13);
	struct json_slice slice;
	struct elements elements = {.all = BUFFER_INIT, .stop_after = 2};
	assert_int_equal(json_scan(scanner, text.bytes, text.length, &slice, NULL), 0);
	assert_int_equal(json_scan_elements(scanner, &slice, keep_element, &elements, NULL), 77);
	assert_string_equal(elements.all.data, "1|2|");
	buffer_release(&elements.all);
	free(text.bytes);
	json_scanner_free(scanner);
	json_scanner_free(other);
}

/* ---- fields of elements: picked in passing, as they would be looked for one by one ---- */

static const char *const in_element[] = {"/t", NULL, "/o/a"};

static void append_element(struct buffer *all, const char *text, size_t length, const struct json_slice fields[])
{
	buffer_append(all, text, length);
	for (size_t i = 0; i < LENGTH(in_element); i++)
		buffer_append_format(all, " %s", show(&fields[i]));
	buffer_append_byte(all, '|');
}

static int keep_picked(void *context, const char *text, size_t length, const struct json_slice fields[])
{
	append_element(context, text, length, fields);
	return 0;
}

static int look_for(void *context, const char *text, size_t length)
{
	struct json_slice fields[LENGTH(in_element)] = {{.kind = JSON_ABSENT}};
	struct json_scanner *scanner = scanner_for(in_element, LENGTH(in_element));
	struct text copy = text_of(text, length);
	if (*text == '{')
		assert_int_equal(json_scan(scanner, copy.bytes, copy.length, fields, NULL), 0);
	append_element(context, text, length, fields);
	free(copy.bytes);
	json_scanner_free(scanner);
	return 0;
}

static void fields_of_elements_are_picked(void **state)
{
	(void)state;
	static const char *const pointers[] = {"/n", "/d", NULL, "/d2"};
	static const char *const texts[] = {
		"{\"d\":[]}",
		"{\"d\":[{\"t\":1}]}",
		"{\"n\":\"x\",\"d\":[{\"o\":{\"a\":[1,{\"t\":5}]},\"t\":\"a\"},{},{\"o\":7},{\"t\":null,\"x\":[{\"t\":2}]}],\"d2\":[{\"t\":9}]}",
		"{\"d\": [ {\"t\":1,\"t\":2} , 3 , \"s\" ,null, [ {\"t\":1} ] , {\"o\":{\"a\":1},\"o\":{}} ] }",
		"{\"d\":[{\"t\":\"a\\nb\"},{\"t\":\"c\"}]}",
		"{\"d\":[{\"t\":\"\\ud800\"},{\"t\":2}]}",
		"{\"d\":[{\"t\":1},\n{\"t\":\n2}]}",
		"{\"d\":[{\"t\":1}],\"d\":[{\"t\":2},{\"t\":3}]}",
		"{\"d\":[{\"t\":1}],\"n\":\"\\u0041\"}",
		"{\"d\":[[{\"t\":1}],{\"d\":[{\"t\":4}]}]}",
	};
	struct json_scanner *scanner = scanner_for(pointers, LENGTH(pointers)), *other = scanner_for(NULL, 0);
	assert_int_equal(json_scanner_pick(scanner, 1, in_element, LENGTH(in_element), NULL), 0);
	for (size_t i = 0; i < 2 * LENGTH(texts); i++) { /* twice: what was kept of one is not the other's */
		struct text text = text_of(texts[i / 2], strlen(texts[i / 2]));
		struct json_slice slices[LENGTH(pointers)];
		struct buffer picked = BUFFER_INIT, looked_for = BUFFER_INIT;
		assert_int_equal(json_scan(scanner, text.bytes, text.length, slices, NULL), 0);
		assert_int_equal(slices[1].kind, JSON_ARRAY);
		assert_int_equal(slices[2].kind, JSON_ABSENT);
		assert_int_equal(json_scan_picked(scanner, &slices[1], keep_picked, &picked, NULL), 0);
		assert_int_equal(json_scan_elements(other, &slices[1], look_for, &looked_for, NULL), 0);
		if (strcmp(picked.data, looked_for.data) != 0)
			fail_msg("'%s': expected %s, got %s", texts[i / 2], looked_for.data, picked.data);
		buffer_release(&picked);
		buffer_release(&looked_for);
		free(text.bytes);
	}
	json_scanner_free(scanner);
	json_scanner_free(other);
}

static int sum(void *context, const char *text, size_t length, const struct json_slice fields[])
{
	size_t *state = context; /* count and sum */
	assert_true(length > 6 && memcmp(text, "{\"t\":", 5) == 0 && fields[0].kind == JSON_NUMBER);
	state[0]++;
	state[1] += strtoul(fields[0].text, NULL, 10);
	return 0;
}

static void of_many_elements_none_is_lost(void **state)
{
	(void)state;
	static const char *const pointers[] = {"/d"};
	struct json_scanner *scanner = scanner_for(pointers, 1);
	assert_int_equal(json_scanner_pick(scanner, 0, in_element, LENGTH(in_element), NULL), 0);
	for (size_t count = 65535; count <= 65538; count++) {
		struct buffer text = BUFFER_INIT;
		struct json_slice slice;
		size_t found[2] = {0, 0};
		buffer_append_string(&text, "{\"d\":[");
		for (size_t i = 1; i <= count; i++)
			buffer_append_format(&text, "{\"t\":%zu}%s", i, i < count ? "," : "]}");
		assert_int_equal(json_scan(scanner, text.data, text.length, &slice, NULL), 0);
		assert_int_equal(json_scan_picked(scanner, &slice, sum, found, NULL), 0);
		assert_int_equal(found[0], count);
		assert_int_equal(found[1], count * (count + 1) / 2);
		buffer_release(&text);
	}
	json_scanner_free(scanner);
}

/* Each byte at each place, among plain ones: by words, and by what the processor has, as a look at one byte after the other finds it. */
static void plain_text_ends_where_a_byte_at_a_time_says(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		for (size_t place = 0; place < 40; place++) {
			char text[64];
			memset(text, 'a', sizeof text);
			text[place] = (char)byte;
			bool is_end = byte < 0x20 || byte == '"' || byte == '\\', by_words = false, by_vectors = false;
			const char *end = text + (place < 38 ? 38 : 30), *wanted = is_end && text + place < end ? text + place : end;
			const char *words = json_plain_end_of_words(text, end, &by_words);
			const char *vectors = json_plain_end(text, end, &by_vectors);
			if (wanted == end ? words < end || vectors < end : words != wanted || vectors != wanted)
				fail_msg("byte %d at place %zu: %td by words, %td by vectors", byte, place, words - text, vectors - text);
			if (place < 38 && (by_words != (byte > 127) || by_vectors != (byte > 127)))
				fail_msg(
					"byte %d at place %zu: beyond ASCII %d by words, %d by vectors", byte, place, by_words, by_vectors);
		}
	}
}

/* Each byte at each place of texts of each length. */
static void lower_case_is_that_of_a_byte_at_a_time(void **state)
{
	(void)state;
	for (int byte = 0; byte < 256; byte++) {
		for (size_t length = 8; length < 50; length++) {
			char text[64], wanted[64], words[64], vectors[64];
			memset(text, 'Q', sizeof text);
			text[(size_t)byte * 7 % length] = (char)byte;
			for (size_t i = 0; i < length; i++)
				wanted[i] = (char)(text[i] + ((text[i] >= 'A' && text[i] <= 'Z') ? 32 : 0));
			bool is_plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
			bool by_words = json_lower_plain_of_words(words, text, length),
			     by_vectors = json_lower_plain(vectors, text, length);
			if (by_words != is_plain || by_vectors != is_plain ||
				(is_plain && (memcmp(words, wanted, length) != 0 || memcmp(vectors, wanted, length) != 0)))
				fail_msg("byte %d, length %zu: '%.*s' by words, '%.*s' by vectors", byte, length, (int)length, words,
					(int)length, vectors);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_read_as_the_table_says),
		cmocka_unit_test(no_beginning_of_a_text_is_one),
		cmocka_unit_test(a_zero_byte_is_refused),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(pointers_are_unescaped),
		cmocka_unit_test(wrong_pointers_are_refused),
		cmocka_unit_test(pointers_may_lie_within_each_other),
		cmocka_unit_test(unescaped_strings_do_not_overwrite_each_other),
		cmocka_unit_test(elements_are_given_one_by_one),
		cmocka_unit_test(fields_of_elements_are_picked),
		cmocka_unit_test(of_many_elements_none_is_lost),
		cmocka_unit_test(lower_case_is_that_of_a_byte_at_a_time),
		cmocka_unit_test(plain_text_ends_where_a_byte_at_a_time_says),
	};
	return cmocka_run_group_tests_name("json_scan", tests, NULL, NULL);
}
