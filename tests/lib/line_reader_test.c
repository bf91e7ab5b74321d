/*
 * line_reader_test.c: lines out of pipes that give their bytes in pieces of every size, and the limit of a line.
 */
#include "io/line_reader.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define LENGTH(table) (sizeof(table) / sizeof(table)[0])

/* A thread that feeds a pipe. */
struct feeder {
	const char *bytes;
	size_t length, piece;
	int write_end, read_end;
	pthread_t thread;
};

static void *feed(void *context)
{
	struct feeder *feeder = context;
	size_t at = 0;
	while (at < feeder->length) {
		size_t piece = feeder->length - at < feeder->piece ? feeder->length - at : feeder->piece;
		ssize_t count = write(feeder->write_end, feeder->bytes + at, piece);
		if (count < 0)
			break;
		at += (size_t)count;
	}
	close(feeder->write_end);
	return NULL;
}

static void feeder_start(struct feeder *feeder, const char *bytes, size_t length, size_t piece)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	*feeder = (struct feeder){bytes, length, piece, ends[1], ends[0], 0};
	assert_int_equal(pthread_create(&feeder->thread, NULL, feed, feeder), 0);
}

static void feeder_end(struct feeder *feeder)
{
	char rest[65536];
	while (read(feeder->read_end, rest, sizeof rest) > 0)
		;
	pthread_join(feeder->thread, NULL);
	close(feeder->read_end);
}

/* Lines, with '|' after each. */
static const struct {
	const char *bytes;
	size_t length;
	const char *lines;
	size_t lines_length;
} table[] = {
	{"", 0, "", 0},
	{"\n", 1, "|", 1},
	{"\n\n", 2, "||", 2},
	{"a", 1, "a|", 2},
	{"a\n", 2, "a|", 2},
	{"a\nb", 3, "a|b|", 4},
	{"a\n\nb\n", 5, "a||b|", 5},
	{"\na", 2, "|a|", 3},
	{"a\r\nb\r\n", 6, "a\r|b\r|", 6},
	{"a\0b\nc\n", 6, "a\0b|c|", 6},
	{"\xff\xfe\n", 3, "\xff\xfe|", 3},
};

static void lines_are_as_the_table_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(table); i++) {
		for (size_t piece = 1; piece < 4; piece++) {
			struct feeder feeder;
			struct line_reader reader;
			struct line line;
			struct buffer lines = BUFFER_INIT;
			struct error error = ERROR_INIT;
			uint64_t count = 0;
			feeder_start(&feeder, table[i].bytes, table[i].length, piece);
			assert_int_equal(line_reader_open(&reader, feeder.read_end, "a pipe", &error), 0);
			while (line_reader_next(&reader, &line, &error) > 0) {
				assert_int_equal(reader.line_number, ++count);
				buffer_append(&lines, line.text, line.length);
				buffer_append_byte(&lines, '|');
				memset(line.text, '?', line.length); /* it may be written to */
			}
			assert_int_equal(error.status, 0);
			if (lines.length != table[i].lines_length || memcmp(lines.data, table[i].lines, lines.length) != 0)
				fail_msg("row %zu in pieces of %zu: got '%s'", i, piece, lines.data);
			/* The end stays the end. */
			assert_int_equal(line_reader_next(&reader, &line, &error), 0);
			line_reader_release(&reader);
			buffer_release(&lines);
			feeder_end(&feeder);
		}
	}
}

/* Lines of many lengths around the block's size, each of its own letter. */
static void lines_of_all_lengths_come_whole(void **state)
{
	(void)state;
	static const size_t lengths[] = {
		0, 1, 63, 64, 65, 4096, 65535, 65536, 65537, 262143, 262144, 262145, 0, 3, 524287, 524288, 600000, 10, 1048576, 5242880, 1};
	struct buffer bytes = BUFFER_INIT;
	for (size_t i = 0; i < LENGTH(lengths); i++) {
		for (size_t j = 0; j < lengths[i]; j++)
			buffer_append_byte(&bytes, (char)('a' + (i + j) % 26));
		buffer_append_byte(&bytes, '\n');
	}
	static const size_t pieces[] = {1000, 65536, 1 << 20};
	for (size_t p = 0; p < LENGTH(pieces); p++) {
		struct feeder feeder;
		struct line_reader reader;
		struct line line;
		struct error error = ERROR_INIT;
		feeder_start(&feeder, bytes.data, bytes.length, pieces[p]);
		assert_int_equal(line_reader_open(&reader, feeder.read_end, "a pipe", &error), 0);
		for (size_t i = 0; i < LENGTH(lengths); i++) {
			assert_int_equal(line_reader_next(&reader, &line, &error), 1);
			if (line.length != lengths[i])
				fail_msg("line %zu: %zu bytes, expected %zu", i + 1, line.length, lengths[i]);
			for (size_t j = 0; j < line.length; j++)
				if (line.text[j] != (char)('a' + (i + j) % 26))
					fail_msg("line %zu: wrong at %zu", i + 1, j);
			/* The padding can be read: a sanitizer watches. */
			volatile char sum = 0;
			for (size_t j = 0; j < BUFFER_PADDING; j++)
				sum = (char)(sum + line.text[line.length + j]);
			(void)sum;
		}
		assert_int_equal(line_reader_next(&reader, &line, &error), 0);
		line_reader_release(&reader);
		feeder_end(&feeder);
	}
	buffer_release(&bytes);
}

static void a_line_over_the_limit_is_an_error_that_names_it(void **state)
{
	(void)state;
	static const struct {
		size_t length;
		int newline, taken;
	} cases[] = {
		{LINE_LIMIT - 1, 1, 1},
		{LINE_LIMIT - 1, 0, 1},
		{LINE_LIMIT, 1, 1},
		{LINE_LIMIT, 0, 1},
		{LINE_LIMIT + 1, 1, 0},
		{LINE_LIMIT + 1, 0, 0},
		{3 * LINE_LIMIT, 1, 0},
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		size_t length = cases[i].length;
		char *bytes = malloc(length + 16);
		memcpy(bytes, "first\n", 6);
		memset(bytes + 6, 'x', length);
		memcpy(bytes + 6 + length, "\nlast\n", 6);
		struct feeder feeder;
		struct line_reader reader;
		struct line line;
		struct error error = ERROR_INIT;
		feeder_start(&feeder, bytes, 6 + length + (cases[i].newline ? 6 : 0), 1 << 20);
		assert_int_equal(line_reader_open(&reader, feeder.read_end, "the input", &error), 0);
		assert_int_equal(line_reader_next(&reader, &line, &error), 1);
		int got = line_reader_next(&reader, &line, &error);
		if ((got == 1) != cases[i].taken)
			fail_msg("%zu bytes%s: %s", length, cases[i].newline ? " and a newline" : "", got == 1 ? "taken" : error.text);
		if (cases[i].taken) {
			assert_int_equal(line.length, length);
			assert_int_equal(line_reader_next(&reader, &line, &error), cases[i].newline);
		} else {
			assert_int_equal(error.status, EX_DATAERR);
			assert_non_null(strstr(error.text, "cannot read 'the input' line 2: "));
			assert_true(reader.capacity <= LINE_LIMIT + 65536);
		}
		line_reader_release(&reader);
		feeder_end(&feeder);
		free(bytes);
	}
}

static void a_line_over_the_limit_comes_in_pieces_where_that_is_wanted(void **state)
{
	(void)state;
	static const struct {
		size_t length;
		int asks_for_all, newline; /* newline: and a line after it */
	} cases[] = {
		{LINE_LIMIT, 1, 1},
		{LINE_LIMIT + 1, 1, 1},
		{LINE_LIMIT + 1, 0, 1},
		{LINE_LIMIT + 2, 1, 1},
		{LINE_LIMIT + 2, 1, 0},
		{2 * LINE_LIMIT + 1, 1, 1},
		{2 * LINE_LIMIT + 2, 1, 0},
		{3 * LINE_LIMIT, 1, 1},
		{3 * LINE_LIMIT, 0, 1},
		{3 * LINE_LIMIT, 0, 0},
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		size_t length = cases[i].length, total = 0;
		char *bytes = malloc(length + 16);
		memcpy(bytes, "first\n", 6);
		for (size_t j = 0; j < length; j++)
			bytes[6 + j] = (char)('a' + j % 26);
		memcpy(bytes + 6 + length, "\nlast\n", 6);
		struct feeder feeder;
		struct line_reader reader;
		struct line line;
		struct error error = ERROR_INIT;
		feeder_start(&feeder, bytes, 6 + length + (cases[i].newline ? 6 : 0), 1 << 20);
		assert_int_equal(line_reader_open(&reader, feeder.read_end, "the input", &error), 0);
		reader.keep_long = true;
		assert_int_equal(line_reader_next(&reader, &line, &error), 1);
		assert_false(line.cut);
		assert_int_equal(line_reader_next(&reader, &line, &error), 1);
		assert_int_equal(line.cut, length > LINE_LIMIT);
		assert_int_equal(reader.line_number, 2);
		bool cut = line.cut;
		do {
			for (size_t j = 0; j < line.length; j++)
				if (line.text[j] != (char)('a' + (total + j) % 26))
					fail_msg("case %zu: wrong at %zu", i, total + j);
			total += line.length;
		} while (cut && cases[i].asks_for_all && line_reader_rest(&reader, &line, &error) > 0);
		if (!cut || cases[i].asks_for_all)
			assert_int_equal(total, length);
		assert_int_equal(line_reader_next(&reader, &line, &error), cases[i].newline);
		if (cases[i].newline) {
			assert_int_equal(line.length, 4);
			assert_memory_equal(line.text, "last", 4);
			assert_false(line.cut);
			assert_int_equal(reader.line_number, 3);
		}
		assert_true(reader.capacity <= LINE_LIMIT + 65536);
		line_reader_release(&reader);
		feeder_end(&feeder);
		free(bytes);
	}
}

static void a_descriptor_that_cannot_be_read_is_an_error(void **state)
{
	(void)state;
	static const int descriptors[] = {-1, 9999};
	for (size_t i = 0; i < LENGTH(descriptors); i++) {
		struct line_reader reader;
		struct line line;
		struct error error = ERROR_INIT;
		assert_int_equal(line_reader_open(&reader, descriptors[i], "nothing", &error), 0);
		assert_int_equal(line_reader_next(&reader, &line, &error), -1);
		assert_int_equal(error.status, EX_IOERR);
		assert_non_null(strstr(error.text, "cannot read 'nothing': "));
		line_reader_release(&reader);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_as_the_table_says),
		cmocka_unit_test(lines_of_all_lengths_come_whole),
		cmocka_unit_test(a_line_over_the_limit_is_an_error_that_names_it),
		cmocka_unit_test(a_line_over_the_limit_comes_in_pieces_where_that_is_wanted),
		cmocka_unit_test(a_descriptor_that_cannot_be_read_is_an_error),
	};
	return cmocka_run_group_tests_name("line_reader", tests, NULL, NULL);
}
