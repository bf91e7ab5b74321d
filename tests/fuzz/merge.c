/*
 * fuzz_merge: canonical streams, whatever is in them, into a ledger in memory. What is accepted gives the same daily partials when it is
 * read twice, and every line that is printed is JSON.
 */
#include "fuzz.h"

#define main merge_main
#include "../../stages/merge.c"
#undef main

static int merge_once(const void *bytes, size_t length, struct buffer *lines, unsigned long long *received, struct error *error)
{
	struct ledger ledger;
	struct output output;
	struct policy policy = policy_default;
	fuzz_output(&output);
	fuzz_stdin(bytes, length);
	FUZZ_CHECK(ledger_open(&ledger, ":memory:", LEDGER_WRITE, error) == 0);
	ledger.policy = &policy;
	merge(&ledger, (struct emission){.all = true, .since = INT32_MIN}, &output, error);
	ledger_close(&ledger);
	fuzz_check_lines(&output.pending);
	*lines = output.pending;
	*received = 0;
	return error->status ? -1 : 0;
}

/* The lines of records that merge itself prints: all that it passes on comes before them. */
static const char *partials(const struct buffer *lines)
{
	const char *schema = memmem(lines->data, lines->length, "{\"type\":\"SCHEMA\",\"stream\":\"daily_consumption\"", 45);
	return schema ? schema : "";
}

void fuzz_merge(const uint8_t *bytes, size_t length)
{
	struct buffer once = BUFFER_INIT, twice = BUFFER_INIT, input = BUFFER_INIT;
	struct error error = ERROR_INIT;
	unsigned long long received;
	int result = merge_once(bytes, length, &once, &received, &error);
	if (result < 0)
		FUZZ_CHECK(error.status == EX_DATAERR);
	if (result == 0 && !memmem(bytes, length, "\"SCHEMA\"", 8)) {
		buffer_append(&input, bytes, length);
		buffer_append_byte(&input, '\n');
		buffer_append(&input, bytes, length);
		FUZZ_CHECK(merge_once(input.data, input.length, &twice, &received, &error) == 0);
		FUZZ_CHECK(strcmp(partials(&once), partials(&twice)) == 0);
	}
	buffer_release(&once);
	buffer_release(&twice);
	buffer_release(&input);
}
