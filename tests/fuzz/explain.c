/* fuzz_explain: what explain reads, without a ledger, as text and as records: every line of these is JSON. */
#include "fuzz.h"

#include "base/utf8.h"
#include "explain/explanation.h"

static void explain(const uint8_t *bytes, size_t length, bool for_people)
{
	const struct explanation_question question = {.level = EXPLAIN_CONSUMPTION};
	struct explanation explanation;
	struct error error = ERROR_INIT;
	struct output output;
	fuzz_output(&output);
	fuzz_stdin(bytes, length);
	FUZZ_CHECK(explanation_open(&explanation, &question, &error) == 0);
	if (explanation_read(&explanation, STDIN_FILENO, "standard input", &error) < 0 ||
		explanation_print(&explanation, "fuzz", for_people, &output, &error) < 0)
		FUZZ_CHECK(error.status == EX_DATAERR);
	explanation_release(&explanation);
	FUZZ_CHECK(utf8_prefix(output.pending.data, output.pending.length) == output.pending.length);
	if (for_people)
		buffer_release(&output.pending);
	else
		fuzz_close(&output);
}

void fuzz_explain(const uint8_t *bytes, size_t length)
{
	explain(bytes, length, true);
	explain(bytes, length, false);
}
