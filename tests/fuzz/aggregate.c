/*
 * fuzz_aggregate: daily partials, envelopes and consumption, added up by period. Adding up what was printed gives the same again, and so does
 * adding up parts of the input by themselves.
 */
#include "fuzz.h"

#define main aggregate_main
#include "../../stages/aggregate-by-period.c"
#undef main

static int aggregate_after(const struct fuzz_input *reported, const void *bytes, size_t length, struct output *output, struct error *error)
{
	struct consumption consumption;
	fuzz_output(output);
	fuzz_stdin(bytes, length);
	consumption_open(&consumption, options_now(), "20250401T020000Z");
	consumption.renewal_months = 12;
	reported_path = (char *)(uintptr_t)fuzz_file(0, reported->at, reported->left);
	int result = reported->left ? read_reported(&consumption, error) : 0;
	if (result == 0)
		result = aggregate(&consumption, output, error);
	consumption_release(&consumption);
	fuzz_check_lines(&output->pending);
	return result;
}

static int aggregate_once(const void *bytes, size_t length, struct output *output, struct error *error)
{
	const struct fuzz_input nothing = {.left = 0};
	return aggregate_after(&nothing, bytes, length, output, error);
}

bool fuzz_aggregate_takes(const struct buffer *lines)
{
	struct output ignored;
	struct error error = ERROR_INIT;
	int result = aggregate_once(lines->data, lines->length, &ignored, &error);
	fuzz_close(&ignored);
	return result == 0;
}

/* What was printed at the end: all that is passed on comes before it. */
static const char *consumption_of(const struct output *output)
{
	static const char schema[] = "{\"type\":\"SCHEMA\",\"stream\":\"consumption\"";
	const char *found = "", *at = output->pending.data;
	while ((at = memmem(at, (size_t)(output->pending.data + output->pending.length - at), schema, sizeof schema - 1)))
		found = at++;
	return found;
}

static void check_same(const struct buffer *lines, const struct output *wanted)
{
	struct output got;
	struct error error = ERROR_INIT;
	FUZZ_CHECK(aggregate_once(lines->data, lines->length, &got, &error) == 0);
	FUZZ_CHECK(strcmp(consumption_of(&got), consumption_of(wanted)) == 0);
	fuzz_close(&got);
}

/* The input in two parts, each added up by itself, and then together. */
static void check_parts(const uint8_t *bytes, size_t length, const struct output *wanted)
{
	struct buffer parts = BUFFER_INIT;
	struct error error = ERROR_INIT;
	const uint8_t *newline = memchr(bytes + length / 2, '\n', length - length / 2);
	size_t first = newline ? (size_t)(newline + 1 - bytes) : length, sizes[] = {first, length - first};
	for (size_t i = 0; i < 2; bytes += sizes[i++]) {
		struct output part;
		FUZZ_CHECK(aggregate_once(bytes, sizes[i], &part, &error) == 0);
		buffer_append(&parts, part.pending.data, part.pending.length);
		fuzz_close(&part);
	}
	check_same(&parts, wanted);
	buffer_release(&parts);
}

/* What was reported before, a line "%", and the input. */
static void check_reported(const uint8_t *bytes, const uint8_t *separator, size_t length)
{
	const struct fuzz_input reported = {bytes, (size_t)(separator + 1 - bytes)};
	struct output lines;
	struct error error = ERROR_INIT;
	if (aggregate_after(&reported, separator + 3, (size_t)(bytes + length - separator) - 3, &lines, &error) < 0)
		FUZZ_CHECK(error.status == EX_DATAERR);
	fuzz_close(&lines);
}

void fuzz_aggregate(const uint8_t *bytes, size_t length)
{
	struct output once;
	struct error error = ERROR_INIT;
	const uint8_t *separator = memmem(bytes, length, "\n%\n", 3);
	if (separator) {
		check_reported(bytes, separator, length);
		return;
	}
	if (aggregate_once(bytes, length, &once, &error) == 0) {
		check_same(&once.pending, &once);
		check_parts(bytes, length, &once);
	} else {
		FUZZ_CHECK(error.status == EX_DATAERR);
	}
	fuzz_close(&once);
}
