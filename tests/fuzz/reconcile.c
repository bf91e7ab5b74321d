/* fuzz_reconcile: canonical streams against licence files. Every unit has a place in what reconcile prints, and report takes it. */
#include "fuzz.h"

#define main reconcile_main
#include "../../stages/reconcile.c"
#undef main

/* Every unit has a place: "units_unaccounted" is 0. */
static void check_balance(const struct buffer *lines, const uint8_t *bytes, size_t length)
{
	static const char *const fields[] = {"/units_unaccounted"};
	struct message_reader reader;
	struct message message;
	if (memmem(bytes, length, "balance", 7) || memmem(bytes, length, "\\u", 2)) /* what is passed on may be anything */
		return;
	fuzz_stdin(lines->data, lines->length);
	FUZZ_CHECK(message_reader_open(&reader, STDIN_FILENO, "output", fields, 1, false, NULL) == 0);
	while (message_next(&reader, &message, NULL) > 0)
		if (message_is_record(&message, "consumption_balance"))
			FUZZ_CHECK(
				message.fields[0].kind == JSON_NUMBER && message.fields[0].length == 1 && *message.fields[0].text == '0');
	message_reader_release(&reader);
}

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
	if (pass_on(&input, &licence->models, &lines, &error) == 0 && position_declared_read(&input, &licence->declared, &error) == 0 &&
		reconcile_input_finish(&input, options_now(), &error) == 0 &&
		position_print(licence, &input, &options, complain, &lines, &lines, &error) == 0) {
		check_balance(&lines.pending, bytes, length);
		fuzz_report((const uint8_t *)lines.pending.data, lines.pending.length);
	} else {
		FUZZ_CHECK(error.status == EX_DATAERR);
	}
	reconcile_input_release(&input);
	fuzz_close(&lines);
}
