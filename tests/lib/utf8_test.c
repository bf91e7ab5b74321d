/*
 * utf8_test.c: what UTF-8 is by RFC 3629: every code point is, in its shortest form, and nothing else.
 */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(table) (sizeof(table) / sizeof(table)[0])

/* The bytes of a number in a form of `count` bytes, as the bit patterns of section 3 give them, whether allowed or not. */
static void encode(uint32_t number, size_t count, char *bytes)
{
	static const uint8_t heads[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
	for (size_t i = count - 1; i > 0; i--, number >>= 6)
		bytes[i] = (char)(0x80 | (number & 0x3f));
	bytes[0] = (char)(heads[count] | number);
}

static void every_number_in_every_form(void **state)
{
	(void)state;
	static const uint32_t limits[] = {0, 0x80, 0x800, 0x10000, 0x200000}; /* of numbers that fit a form */
	for (size_t count = 1; count <= 4; count++) {
		for (uint32_t number = 0; number < limits[count]; number++) {
			char bytes[4];
			encode(number, count, bytes);
			int allowed = number >= limits[count - 1] && number <= 0x10ffff && (number < 0xd800 || number > 0xdfff);
			if (count == 1)
				allowed = 1;
			if (utf8_prefix(bytes, count) != (allowed ? count : 0))
				fail_msg("U+%04X in %zu bytes: wrong", number, count);
			/* Cut, it is none. */
			if (count > 1 && utf8_prefix(bytes, count - 1) != 0)
				fail_msg("U+%04X cut to %zu bytes: wrong", number, count - 1);
		}
	}
}

static void the_prefix_ends_before_what_is_none(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t length, prefix;
	} table[] = {
		{"", 0, 0},
		{"abc", 3, 3},
		{"a\0b", 3, 3},
		{"\x80", 1, 0},
		{"\xff", 1, 0},
		{"a\xc3", 2, 1},
		{"a\xc3\xa9z", 4, 4},
		{"a\xc3z", 3, 1},
		{"\xe2\x82\xac\xe2\x82", 5, 3},
		{"\xf0\x9f\x9a\x80\xf0\x9f\x9a", 7, 4},
		{"\xc0\xaf", 2, 0},
		{"\xed\xa0\x80", 3, 0},
		{"\xf5\x80\x80\x80", 4, 0},
		{"\xf8\x88\x80\x80\x80", 5, 0},
		{"\xc3\xa9\xa9", 3, 2},
	};
	for (size_t i = 0; i < LENGTH(table); i++)
		if (utf8_prefix(table[i].text, table[i].length) != table[i].prefix)
			fail_msg("row %zu: expected %zu, got %zu", i, table[i].prefix, utf8_prefix(table[i].text, table[i].length));
}

/* White_Space of Unicode's PropList.txt, and the three that show nothing at all; no other character up to U+FFFF. */
static void blanks_are_taken_off(void **state)
{
	(void)state;
	static const struct {
		uint32_t first, last;
	} blank[] = {{0x09, 0x0d}, {0x20, 0x20}, {0x85, 0x85}, {0xa0, 0xa0}, {0x1680, 0x1680}, {0x2000, 0x200b}, {0x2028, 0x2029},
		{0x202f, 0x202f}, {0x205f, 0x2060}, {0x3000, 0x3000}, {0xfeff, 0xfeff}};
	for (uint32_t number = 1; number <= 0xffff; number++) {
		size_t count = number < 0x80 ? 1 : number < 0x800 ? 2 : 3;
		char bytes[16];
		const char *text = bytes;
		bool is_blank = false;
		for (size_t i = 0; i < LENGTH(blank); i++)
			is_blank |= blank[i].first <= number && number <= blank[i].last;
		encode(number, count, bytes);
		memcpy(bytes + count, " x ", 3);
		encode(number, count, bytes + count + 3);
		size_t length = 2 * count + 3;
		utf8_trim(&text, &length);
		if (length != (is_blank ? 1 : 2 * count + 3))
			fail_msg("U+%04X: %zu bytes are left", number, length);
		if (is_blank)
			assert_int_equal(*text, 'x');
		text = bytes;
		length = count;
		utf8_trim(&text, &length);
		assert_int_equal(length, is_blank ? 0 : count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_number_in_every_form),
		cmocka_unit_test(the_prefix_ends_before_what_is_none),
		cmocka_unit_test(blanks_are_taken_off),
	};
	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
