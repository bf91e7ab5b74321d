/*
 * buffer_test.c: the invariants that buffer.h states, after every kind of append.
 */
#include "base/buffer.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void check_invariants(const struct buffer *buffer)
{
	assert_non_null(buffer->data);
	assert_int_equal(buffer->data[buffer->length], 0);
	assert_true(buffer->length <= buffer->capacity);
	/* The padding can be read: a sanitizer watches. */
	volatile char sum = 0;
	for (size_t i = 0; buffer->capacity && i < BUFFER_PADDING; i++)
		sum = (char)(sum + buffer->data[buffer->length + i]);
	(void)sum;
}

static void an_empty_buffer_is_an_empty_string(void **state)
{
	(void)state;
	struct buffer buffer = BUFFER_INIT;
	check_invariants(&buffer);
	assert_string_equal(buffer.data, "");
	assert_int_equal(buffer.capacity, 0);
	buffer_reset(&buffer);
	buffer_append(&buffer, "", 0);
	buffer_append_string(&buffer, "");
	check_invariants(&buffer);
	assert_int_equal(buffer.length, 0);
	buffer_release(&buffer);
	buffer_release(&buffer);
	check_invariants(&buffer);
}

static void appends_follow_each_other(void **state)
{
	(void)state;
	struct buffer buffer = BUFFER_INIT;
	buffer_append(&buffer, "a\0b", 3);
	buffer_append_byte(&buffer, 'c');
	buffer_append_string(&buffer, "def");
	buffer_append_format(&buffer, "%d-%s-%%", 42, "x");
	char *end = buffer_reserve(&buffer, 2);
	memcpy(end, "yz", 3);
	buffer.length += 2;
	check_invariants(&buffer);
	assert_int_equal(buffer.length, 15);
	assert_memory_equal(buffer.data, "a\0bcdef42-x-%yz", 15);
	buffer_reset(&buffer);
	check_invariants(&buffer);
	assert_int_equal(buffer.length, 0);
	assert_true(buffer.capacity > 0);
	buffer_release(&buffer);
	assert_int_equal(buffer.capacity, 0);
}

/* Growing byte by byte through many sizes, content as it should be at each. */
static void it_grows(void **state)
{
	(void)state;
	struct buffer buffer = BUFFER_INIT;
	for (size_t i = 0; i < 300000; i++) {
		buffer_append_byte(&buffer, (char)('a' + i % 26));
		if ((i & (i + 1)) == 0 || (i & (i - 1)) == 0 || i % 9973 == 0)
			check_invariants(&buffer);
	}
	assert_int_equal(buffer.length, 300000);
	for (size_t i = 0; i < buffer.length; i++)
		assert_int_equal(buffer.data[i], 'a' + i % 26);
	assert_int_equal(buffer_check(&buffer, NULL), 0);
	buffer_release(&buffer);
}

static void a_format_may_be_longer_than_what_there_is(void **state)
{
	(void)state;
	struct buffer buffer = BUFFER_INIT;
	buffer_append_format(&buffer, "%s", "");
	check_invariants(&buffer);
	buffer_append_format(&buffer, "%0*d", 5000, 7);
	check_invariants(&buffer);
	assert_int_equal(buffer.length, 5000);
	assert_int_equal(buffer.data[4999], '7');
	buffer_release(&buffer);
}

static void a_failed_append_is_remembered(void **state)
{
	(void)state;
	struct buffer buffer = BUFFER_INIT;
	buffer_append_string(&buffer, "kept");
	assert_null(buffer_reserve(&buffer, (size_t)-1));
	assert_true(buffer.failed);
	buffer_append_string(&buffer, "not");
	buffer_append_byte(&buffer, 'n');
	buffer_append_format(&buffer, "%d", 1);
	assert_string_equal(buffer.data, "kept");
	struct error error = ERROR_INIT;
	assert_int_equal(buffer_check(&buffer, &error), -1);
	assert_int_equal(error.status, EX_OSERR);
	check_invariants(&buffer);
	buffer_reset(&buffer);
	assert_int_equal(buffer_check(&buffer, &error), 0);
	buffer_append_string(&buffer, "again");
	assert_string_equal(buffer.data, "again");
	buffer_release(&buffer);
	assert_null(buffer_reserve(&buffer, SIZE_MAX - 10));
	assert_true(buffer.failed);
	buffer_release(&buffer);
}

static void a_secret_is_released(void **state)
{
	(void)state;
	struct buffer buffer = BUFFER_INIT;
	buffer_append_string(&buffer, "secret");
	buffer_release_secret(&buffer);
	assert_int_equal(buffer.length, 0);
	check_invariants(&buffer);
	buffer_release_secret(&buffer);
}

static char path[] = "/tmp/buffer_test.XXXXXX";

static void files_are_read_up_to_the_limit(void **state)
{
	(void)state;
	enum { SIZE = 200000 };
	int descriptor = mkstemp(path);
	assert_true(descriptor >= 0);
	char *content = malloc(SIZE);
	for (size_t i = 0; i < SIZE; i++)
		content[i] = (char)(i * 7);
	assert_int_equal(write(descriptor, content, SIZE), SIZE);

	struct buffer buffer = BUFFER_INIT;
	struct error error = ERROR_INIT;
	buffer_append_string(&buffer, ">");
	assert_int_equal(buffer_append_file(&buffer, path, SIZE, &error), 0);
	assert_int_equal(buffer.length, SIZE + 1);
	assert_memory_equal(buffer.data + 1, content, SIZE);
	check_invariants(&buffer);

	buffer_reset(&buffer);
	assert_int_equal(buffer_append_file(&buffer, path, SIZE - 1, &error), -1);
	assert_int_equal(error.status, EX_DATAERR);
	assert_non_null(strstr(error.text, path));

	assert_int_equal(lseek(descriptor, 199990, SEEK_SET), 199990);
	buffer_reset(&buffer);
	assert_int_equal(buffer_append_descriptor(&buffer, descriptor, 10, "it", &error), 0);
	assert_int_equal(buffer.length, 10);

	assert_int_equal(unlink(path), 0);
	assert_int_equal(buffer_append_file(&buffer, path, SIZE, &error), -1);
	assert_int_equal(error.status, EX_NOINPUT);
	assert_int_equal(buffer_append_file(&buffer, "/tmp", SIZE, &error), -1);
	assert_int_equal(error.status, EX_IOERR);
	assert_int_equal(buffer_append_descriptor(&buffer, -1, 10, "it", &error), -1);
	assert_int_equal(error.status, EX_IOERR);
	assert_non_null(strstr(error.text, "'it'"));
	close(descriptor);
	free(content);
	buffer_release(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_buffer_is_an_empty_string),
		cmocka_unit_test(appends_follow_each_other),
		cmocka_unit_test(it_grows),
		cmocka_unit_test(a_format_may_be_longer_than_what_there_is),
		cmocka_unit_test(a_failed_append_is_remembered),
		cmocka_unit_test(a_secret_is_released),
		cmocka_unit_test(files_are_read_up_to_the_limit),
	};
	return cmocka_run_group_tests_name("buffer", tests, NULL, NULL);
}
