/*
 * gzip_test.c: gzip data as services and files have them: one member, several, cut off, changed, larger than allowed, and with a length that they lie about.
 * What is expected is what zlib's own gzip writer was given.
 */
#include "io/gzip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#define LIMIT ((size_t)1 << 20)

/* Appends a member with `count` times the letter, and stores its length at its end. */
static void pack(struct buffer *packed, char letter, size_t count)
{
	char *plain = malloc(count + 1);
	z_stream stream = {.next_in = (unsigned char *)plain, .avail_in = (uInt)count};
	assert_non_null(memset(plain, letter, count));
	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	size_t most = deflateBound(&stream, count);
	stream.next_out = (unsigned char *)buffer_reserve(packed, most);
	stream.avail_out = (uInt)most;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	packed->length += stream.total_out;
	deflateEnd(&stream);
	free(plain);
}

/* What comes of the bytes, behind what the buffer has already: `letters` of each count, or an error that begins so. */
static void check(const struct buffer *packed, size_t length, size_t limit, const char *expected, const char *fault)
{
	struct buffer decoded = BUFFER_INIT;
	struct error error = ERROR_INIT;
	char *exact = malloc(length + 1); /* so that a sanitizer sees each byte that is read beyond */
	memcpy(exact, packed->data, length);
	buffer_append_string(&decoded, "before:");
	int result = gzip_decode(exact, length, limit, &decoded, &error);
	free(exact);
	if (fault) {
		assert_int_equal(result, -1);
		assert_int_equal(error.status, EX_DATAERR);
		assert_int_equal(strncmp(error.text, fault, strlen(fault)), 0);
	} else {
		assert_int_equal(result, 0);
		assert_int_equal(strncmp(decoded.data, "before:", 7), 0);
		assert_string_equal(decoded.data + 7, expected);
		assert_int_equal(decoded.length, 7 + strlen(expected));
	}
	assert_true(decoded.capacity < 4 * LIMIT);
	buffer_release(&decoded);
}

static void members(void **state)
{
	(void)state;
	static const char early[] = "the gzip data end too early", damaged[] = "the gzip data are damaged",
			  more[] = "it decodes to more than the limit";
	struct buffer one = BUFFER_INIT, two = BUFFER_INIT, none = BUFFER_INIT;
	pack(&one, 'a', 300);
	pack(&two, 'a', 300);
	pack(&two, 'b', 300); /* as long as the first: what is stated at the end fits that, too */
	pack(&none, 'a', 0);
	char expected[601];
	memset(expected, 'a', 300);
	memset(expected + 300, 'b', 300);
	expected[600] = 0;
	check(&two, two.length, LIMIT, expected, NULL);
	check(&two, two.length, 600, expected, NULL);
	check(&two, two.length, 599, NULL, more); /* none of them alone is */
	expected[300] = 0;
	check(&one, one.length, LIMIT, expected, NULL);
	check(&one, one.length, 300, expected, NULL);
	check(&one, one.length, 299, NULL, more);
	check(&none, none.length, LIMIT, "", NULL);
	for (size_t length = 0; length < one.length; length++)
		check(&one, length, LIMIT, NULL, early);
	for (size_t length = one.length + 1; length < two.length; length++)
		check(&two, length, LIMIT, NULL, early);
	/* Checks, lengths and what stands behind. */
	for (size_t at = 1; at <= 8; at++) {
		one.data[one.length - at] ^= 1;
		check(&one, one.length, LIMIT, NULL, damaged);
		one.data[one.length - at] ^= 1;
		two.data[two.length - at] ^= 1;
		check(&two, two.length, LIMIT, NULL, damaged);
		two.data[two.length - at] ^= 1;
	}
	buffer_append_string(&one, "no gzip header");
	check(&one, one.length, LIMIT, NULL, damaged);
	buffer_release(&one);
	buffer_release(&two);
	buffer_release(&none);
}

/* A length that is stated makes no room before there is anything to fill it; a true one of much does. */
static void lengths(void **state)
{
	(void)state;
	struct buffer packed = BUFFER_INIT;
	pack(&packed, 'a', 100);
	memset(packed.data + packed.length - 4, 0x7f, 4);
	check(&packed, packed.length, SIZE_MAX / 2, NULL, "the gzip data are damaged");
	buffer_reset(&packed);
	pack(&packed, 'a', LIMIT + 1);
	check(&packed, packed.length, LIMIT, NULL, "it decodes to more than the limit");
	buffer_release(&packed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(members), cmocka_unit_test(lengths)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
