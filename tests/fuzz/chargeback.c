/*
 * fuzz_chargeback: what chargeback reads, as a table and as CSV, alone and against itself as billed before, and as FOCUS. What is printed is UTF-8.
 */
#include "fuzz.h"

#include "base/utf8.h"
#include "report/chargeback.h"
#include "report/focus.h"

static void print(const struct charge_set *now, const struct charge_set *billed, bool as_csv)
{
	const struct chargeback_question question = {.group_type = "account", .as_csv = as_csv};
	struct error error = ERROR_INIT;
	struct output output;
	fuzz_output(&output);
	if (chargeback_print(now, billed, INT64_MAX, &question, &output, &error) < 0)
		FUZZ_CHECK(error.status == EX_DATAERR);
	else
		FUZZ_CHECK(utf8_prefix(output.pending.data, output.pending.length) == output.pending.length);
	buffer_release(&output.pending);
}

static void read_set(struct charge_set *set, const uint8_t *bytes, size_t length)
{
	const struct chargeback_question question = {.group_type = "account"};
	struct error error = ERROR_INIT;
	fuzz_stdin(bytes, length);
	if (charge_set_read(set, STDIN_FILENO, "standard input", &question, &error) < 0)
		FUZZ_CHECK(error.status == EX_DATAERR);
}

void fuzz_chargeback(const uint8_t *bytes, size_t length)
{
	static const struct focus_question question = {.run = "r1"};
	struct charge_set now = {.list = NULL}, billed = {.list = NULL}, nothing = {.list = NULL};
	struct error error = ERROR_INIT;
	struct output output;
	size_t unpriced;
	read_set(&now, bytes, length);
	read_set(&billed, bytes, length);
	for (int as_csv = 0; as_csv < 2; as_csv++) {
		print(&now, &nothing, as_csv);
		print(&now, &billed, as_csv);
	}
	charge_set_release(&now);
	charge_set_release(&billed);
	fuzz_output(&output);
	fuzz_stdin(bytes, length);
	if (focus_write(STDIN_FILENO, "standard input", &question, &output, &unpriced, &error) < 0)
		FUZZ_CHECK(error.status == EX_DATAERR);
	buffer_release(&output.pending);
}
