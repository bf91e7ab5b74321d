/* fuzz_reconcile: canonical streams against licence files. What reconcile prints, report takes. */
#include "fuzz.h"

#define main reconcile_main
#include "../../stages/reconcile.c"
#undef main

void fuzz_reconcile(const uint8_t *bytes, size_t length)
{
	const struct licence *licence = fuzz_rights();
	struct reconcile_input input = {.accounts = NULL};
	struct output lines;
	const struct position_options options = {
		.group_by = 1u << GROUP_ACCOUNT, .trace = true, .settles_by_period = length % 2, .now = options_now()};
	struct error error = ERROR_INIT;
	fuzz_output(&lines);
	fuzz_stdin(bytes, length);
	if (pass_on(&input, &licence->models, &lines, &error) == 0 && reconcile_input_finish(&input, options_now(), &error) == 0 &&
		position_print(licence, &input, &options, warn, &lines, &lines, &error) == 0)
		fuzz_report((const uint8_t *)lines.pending.data, lines.pending.length);
	else
		FUZZ_CHECK(error.status == EX_DATAERR);
	reconcile_input_release(&input);
	fuzz_close(&lines);
}
