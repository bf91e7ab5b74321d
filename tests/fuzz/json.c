/*
 * fuzz_json: JSON texts scanned by simdjson, against libjq.
 *
 * What json_scan() accepts, jq accepts too, with the same value; what jq prints, json_scan() accepts with that value. (jq's own grammar is
 * wider: nan, +1, 01.) The value is built from json_scan_members() and json_scan_elements(), so the walk through
 * the document is checked at every level.
 */
#include "fuzz.h"

#include "json/json_escapes.h"
#include "json/json_indent.h"
#include "json/json_integers.h"
#include "json/json_write.h"

#include <jv.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const pointers[] = {"", "/type", "/record", "/record/account_id", "/a", "/a/b", "/a/b/c", "/x~1y", "/"};
static const char *const paths[][3] = {
	{NULL}, {"type"}, {"record"}, {"record", "account_id"}, {"a"}, {"a", "b"}, {"a", "b", "c"}, {"x/y"}, {""}};
#define POINTERS (sizeof pointers / sizeof *pointers)

static jv value_of(const struct json_slice *slice);

/* jq 1.6 refuses some halves of surrogate pairs; ours are U+FFFD. */
static jv parse(const char *text, size_t length)
{
	char *mended = malloc(length + 1);
	memcpy(mended, text, length);
	json_mend_pairs(mended, length);
	jv value = jv_parse_sized(mended, (int)length);
	free(mended);
	return value;
}

struct building {
	jv value;
};

/* The value of a JSON text within a document. */
static jv part_of(const char *text, size_t length)
{
	static const char *const all[] = {"/v"};
	struct json_scanner *scanner = json_scanner_new(all, 1, NULL);
	struct buffer wrapped = BUFFER_INIT;
	struct json_slice slice;
	buffer_append_string(&wrapped, "{\"v\":");
	buffer_append(&wrapped, text, length);
	buffer_append_byte(&wrapped, '}');
	FUZZ_CHECK(json_scan(scanner, wrapped.data, wrapped.length, &slice, NULL) == 0);
	jv value = value_of(&slice);
	json_scanner_free(scanner);
	buffer_release(&wrapped);
	return value;
}

static int add_element(void *context, const char *text, size_t length)
{
	struct building *building = context;
	FUZZ_CHECK(!memchr(text, '\n', length));
	building->value = jv_array_append(building->value, part_of(text, length));
	return 0;
}

static int add_member(void *context, const char *key, size_t key_length, const char *text, size_t length)
{
	struct building *building = context;
	building->value = jv_object_set(building->value, jv_string_sized(key, (int)key_length), part_of(text, length));
	return 0;
}

/* An integer that is not put into quotes is one that a double holds. */
static void check_held(const struct json_slice *number)
{
	struct buffer quoted = BUFFER_INIT;
	__int128 integer = 0;
	bool is_negative = *number->text == '-', is_integer = number->length < 30;
	for (size_t i = is_negative; i < number->length; i++) {
		is_integer = is_integer && number->text[i] >= '0' && number->text[i] <= '9';
		integer = is_integer ? integer * 10 + number->text[i] - '0' : 0;
	}
	bool is_quoted = json_quote_long_numbers(&quoted, number->text, number->length);
	if (is_integer) /* of those beyond 2^53 some are held, by chance */
		FUZZ_CHECK(is_quoted == (integer > (__int128)1 << 53));
	buffer_release(&quoted);
}

static jv value_of(const struct json_slice *slice)
{
	struct json_scanner *scanner;
	struct building building = {jv_null()};
	switch (slice->kind) {
	case JSON_FALSE:
	case JSON_TRUE:
		return jv_bool(slice->kind == JSON_TRUE);
	case JSON_NUMBER:
		check_held(slice);
		return jv_parse_sized(slice->text, (int)slice->length);
	case JSON_STRING:
		return jv_string_sized(slice->text, (int)slice->length);
	case JSON_OBJECT:
	case JSON_ARRAY:
		scanner = json_scanner_new(NULL, 0, NULL);
		building.value = slice->kind == JSON_ARRAY ? jv_array() : jv_object();
		FUZZ_CHECK((slice->kind == JSON_ARRAY ? json_scan_elements(scanner, slice, add_element, &building, NULL)
						      : json_scan_members(scanner, slice, add_member, &building, NULL)) == 0);
		json_scanner_free(scanner);
		return building.value;
	default:
		return building.value;
	}
}

static void check_equal(jv got, jv wanted, const char *text, size_t length)
{
	if (jv_equal(jv_copy(got), jv_copy(wanted))) {
		jv_free(got);
		jv_free(wanted);
		return;
	}
	fprintf(stderr, "of %.*s\n", (int)length, text);
	jv_dumpf(got, stderr, 0);
	fputs(" is not ", stderr);
	jv_dumpf(wanted, stderr, 0);
	fputs("\n", stderr);
	abort();
}

static jv at_path(jv value, const char *const path[3])
{
	for (int i = 0; i < 3 && path[i]; i++)
		value = jv_get_kind(value) == JV_KIND_OBJECT ? jv_object_get(value, jv_string(path[i])) : (jv_free(value), jv_invalid());
	return value;
}

static void check_slices(const struct json_slice slices[], jv wanted, const char *text, size_t length)
{
	check_equal(value_of(&slices[0]), jv_copy(wanted), text, length);
	for (size_t i = 1; i < POINTERS; i++) {
		jv at = at_path(jv_copy(wanted), paths[i]);
		FUZZ_CHECK(jv_is_valid(at) == (slices[i].kind != JSON_ABSENT));
		if (jv_is_valid(at))
			check_equal(value_of(&slices[i]), at, text, length);
		else
			jv_free(at);
	}
}

/* Numbers that jq would round are strings with the same digits: dropping the quotes again gives the text. */
static void check_long_numbers(const char *text, size_t length)
{
	struct buffer quoted = BUFFER_INIT;
	if (json_quote_long_numbers(&quoted, text, length)) {
		size_t at = 0;
		for (size_t i = 0; i < quoted.length; i++)
			if (at < length && quoted.data[i] == text[at])
				at++;
			else
				FUZZ_CHECK(quoted.data[i] == '"');
		FUZZ_CHECK(at == length);
		jv value = jv_parse_sized(quoted.data, (int)quoted.length);
		FUZZ_CHECK(jv_is_valid(value) || json_has_half_pair(text, length));
		jv_free(value);
	}
	buffer_release(&quoted);
}

static void check_indent(jv value)
{
	struct buffer indented = BUFFER_INIT;
	jv compact = jv_dump_string(jv_copy(value), 0), wanted = jv_dump_string(value, JV_PRINT_PRETTY | JV_PRINT_INDENT_FLAGS(2));
	json_indent(jv_string_value(compact), (size_t)jv_string_length_bytes(jv_copy(compact)), &indented);
	FUZZ_CHECK(indented.length > 0 && indented.data[indented.length - 1] == '\n');
	indented.data[indented.length - 1] = 0;
	FUZZ_CHECK(strcmp(indented.data, jv_string_value(wanted)) == 0);
	buffer_release(&indented);
	jv_free(compact);
	jv_free(wanted);
}

static void check_text(const char *text, size_t length)
{
	struct json_slice slices[POINTERS];
	struct json_scanner *scanner = json_scanner_new(pointers, POINTERS, NULL);
	struct error error = ERROR_INIT;
	jv wanted = parse(text, length);
	if (json_scan(scanner, text, length, slices, &error) == 0) {
		FUZZ_CHECK(jv_is_valid(wanted));
		check_slices(slices, wanted, text, length);
		check_long_numbers(text, length);
	} else {
		FUZZ_CHECK(error.status == EX_DATAERR);
	}
	if (jv_get_kind(wanted) == JV_KIND_OBJECT) {
		struct buffer printed = BUFFER_INIT;
		jv dumped = jv_dump_string(jv_copy(wanted), 0);
		buffer_append(&printed, jv_string_value(dumped), (size_t)jv_string_length_bytes(jv_copy(dumped)));
		jv_free(dumped);
		jv again = jv_parse_sized(printed.data, (int)printed.length);
		FUZZ_CHECK(json_scan(scanner, printed.data, printed.length, slices, &error) == 0);
		check_slices(slices, again, printed.data, printed.length);
		check_indent(again);
		buffer_release(&printed);
	}
	jv_free(wanted);
	json_scanner_free(scanner);
}

/* What a scanner remembers of the lines before changes nothing: each is judged as by a new one. */
static void check_remembered(const struct buffer *lines)
{
	struct json_slice alone[POINTERS], after[POINTERS];
	struct json_scanner *scanner = json_scanner_new(pointers, POINTERS, NULL);
	const char *end = lines->data + lines->length, *next;
	for (const char *at = lines->data; at < end && (next = memchr(at, '\n', (size_t)(end - at))); at = next + 1) {
		struct json_scanner *other = json_scanner_new(pointers, POINTERS, NULL);
		struct error why_alone = ERROR_INIT, why_after = ERROR_INIT;
		int result = json_scan(other, at, (size_t)(next - at), alone, &why_alone);
		FUZZ_CHECK(json_scan(scanner, at, (size_t)(next - at), after, &why_after) == result);
		FUZZ_CHECK(strcmp(why_alone.text, why_after.text) == 0);
		for (size_t i = 0; result == 0 && i < POINTERS; i++)
			FUZZ_CHECK(alone[i].kind == after[i].kind && alone[i].length == after[i].length &&
				(!alone[i].length || memcmp(alone[i].text, after[i].text, alone[i].length) == 0));
		json_scanner_free(other);
	}
	json_scanner_free(scanner);
}

void fuzz_json(const uint8_t *bytes, size_t length)
{
	struct buffer text = BUFFER_INIT;
	buffer_append(&text, bytes, length);
	check_remembered(&text);
	check_text(text.data, text.length);
	buffer_release(&text);
}
