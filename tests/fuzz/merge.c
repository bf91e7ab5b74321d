/*
 * fuzz_merge: canonical streams, whatever is in them, into a ledger in memory. What is accepted gives the same partials when it is read
 * twice, and, if no run is reported in it, backwards; and
 * aggregate-by-period takes them.
 */
#include "fuzz.h"

#define main merge_main
#include "../../stages/merge.c"
#undef main

/* What the ledger has after merging. */
static int merge_lines(const struct buffer *lines, struct output *ledger_lines, struct error *error)
{
	struct ledger ledger;
	struct output passed_on;
	fuzz_output(&passed_on);
	fuzz_output(ledger_lines);
	fuzz_stdin(lines->data, lines->length);
	FUZZ_CHECK(ledger_open(&ledger, ":memory:", LEDGER_WRITE, error) == 0);
	ledger.policy = &policy_default;
	merge(&ledger, (struct emission){.none = true}, &passed_on, error);
	if (error->status == 0)
		FUZZ_CHECK(ledger_print(&ledger, true, INT32_MIN, ledger_lines, error) == 0);
	ledger_close(&ledger);
	fuzz_close(&passed_on);
	FUZZ_CHECK(error->status == 0 || error->status == EX_DATAERR);
	return error->status ? -1 : 0;
}

bool fuzz_merge_takes(const struct buffer *lines)
{
	struct output ignored;
	struct error error = ERROR_INIT;
	int result = merge_lines(lines, &ignored, &error);
	fuzz_close(&ignored);
	return result == 0;
}

static void check_same(const struct buffer *lines, const struct output *wanted)
{
	struct output got;
	struct error error = ERROR_INIT;
	FUZZ_CHECK(merge_lines(lines, &got, &error) == 0);
	FUZZ_CHECK(got.pending.length == wanted->pending.length && memcmp(got.pending.data, wanted->pending.data, got.pending.length) == 0);
	fuzz_close(&got);
}

static void append_backwards(struct buffer *to, const char *text, size_t length)
{
	const char *end = text + length;
	for (const char *newline; end > text; end = newline ? newline : text) {
		newline = memrchr(text, '\n', (size_t)(end - text));
		const char *line = newline ? newline + 1 : text;
		buffer_append(to, line, (size_t)(end - line));
		buffer_append_byte(to, '\n');
	}
}

/* What a run reported is replaced by what the next one did, and a name may be spelled with escapes. */
static bool has_order(const struct buffer *lines)
{
	static const char *const words[] = {"\"job_result\"", "\"consumption\"", "\"restatement\"", "\\u"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (memmem(lines->data, lines->length, words[i], strlen(words[i])))
			return true;
	return false;
}

void fuzz_merge(const uint8_t *bytes, size_t length)
{
	struct buffer lines = BUFFER_INIT, other = BUFFER_INIT;
	struct output once;
	struct error error = ERROR_INIT;
	buffer_append(&lines, bytes, length);
	if (merge_lines(&lines, &once, &error) == 0) {
		FUZZ_CHECK(fuzz_aggregate_takes(&once.pending));
		buffer_append(&other, bytes, length);
		buffer_append_byte(&other, '\n');
		buffer_append(&other, bytes, length);
		check_same(&other, &once);
		buffer_reset(&other);
		append_backwards(&other, lines.data, lines.length);
		if (!has_order(&lines))
			check_same(&other, &once);
	}
	fuzz_close(&once);
	buffer_release(&lines);
	buffer_release(&other);
}
