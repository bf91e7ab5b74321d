/*
 * fuzz_combine: outputs of merge for two parts of an organisation, a line "%" between them. What combine prints is in merge's order, so combine
 * reads it, and prints the same lines; lines of other streams may be at other places.
 */
#include "fuzz.h"

#define main combine_main
#include "../../stages/combine.c"
#undef main

static int combine_files(const char *first, const char *second, struct buffer *lines)
{
	const char *paths[] = {first, second, NULL};
	struct output output;
	struct error error = ERROR_INIT;
	fuzz_output(&output);
	run(paths, &output, &error);
	FUZZ_CHECK(!error.status || error.status == EX_DATAERR);
	*lines = output.pending;
	fuzz_check_lines(lines);
	return error.status ? -1 : 0;
}

static void check_again(const struct buffer *lines)
{
	struct buffer again;
	FUZZ_CHECK(combine_files(fuzz_file(2, lines->data, lines->length), NULL, &again) == 0);
	FUZZ_CHECK(again.length == lines->length);
	for (const char *at = lines->data, *next; at < lines->data + lines->length; at = next) {
		next = strchr(at, '\n') + 1;
		FUZZ_CHECK(memmem(again.data, again.length, at, (size_t)(next - at)));
	}
	buffer_release(&again);
}

void fuzz_combine(const uint8_t *bytes, size_t length)
{
	const uint8_t *separator = memmem(bytes, length, "%\n", 2);
	struct buffer lines;
	if (separator) {
		size_t first = (size_t)(separator - bytes);
		const char *path = fuzz_file(0, bytes, first);
		if (combine_files(path, fuzz_file(1, separator + 2, length - first - 2), &lines) == 0)
			check_again(&lines);
	} else if (combine_files(fuzz_file(0, bytes, length), NULL, &lines) == 0) {
		check_again(&lines);
	}
	buffer_release(&lines);
}
