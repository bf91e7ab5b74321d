/*
 * exclude: selects the envelopes of excluded users, so that reconcile can subtract their consumption.
 *
 * Reads canonical streams on standard input, as printed by `export`. Prints the envelopes that a user rule of --exclusions excludes, and
 * everything that is not an envelope, unchanged and in order; drops all other envelopes. merge, which knows each account's plan item,
 * and aggregate-by-period turn the result into reconcile's --excluded FILE.
 *
 * Exit: 0; 64 usage; 65 bad input or exclusions; 66 no such file; 74 cannot write.
 */
#include "base/instant.h"
#include "io/program.h"
#include "licence/exclusions.h"
#include "stream/message.h"

#include <string.h>
#include <unistd.h>

static char *exclusions_path, *profile = "";
static int count_rules;

static struct poptOption table[] = {
	{"exclusions", 'x', POPT_ARG_STRING, &exclusions_path, 0, "the rules", "FILE.csv"},
	{"profile", 'p', POPT_ARG_STRING, &profile, 0, "the name of the profile; rules of other profiles are ignored", "NAME"},
	{"count", 0, POPT_ARG_NONE, &count_rules, 0, "print the number of rules about users, and exit", NULL},
	POPT_TABLEEND,
};

static const struct options_manual manual = {
	.program = "exclude",
	.operands = "",
	.summary = "Selects the envelopes on standard input that excluded users sent.",
	.description = "Everything that is not an envelope is copied.\n\n"
		       "Example, the consumption of excluded users:\n"
		       "  envtally export --ledger acme.db --stream account --stream subscription --stream envelope |\n"
		       "    exclude --exclusions licence/exclusions.csv --profile acme | merge --ledger :memory: --emit all |\n"
		       "    aggregate-by-period -p profiles/acme.json >excluded.ndjson\n",
};

enum { SENDER_ID, SENT_AT };
static const char *const fields[] = {"/sender_id", "/sent_at"};

/* An envelope without sender or sent time matches no rule. */
static int is_wanted(const struct exclusions *exclusions, const struct message *message)
{
	const struct json_slice *sender = &message->fields[SENDER_ID], *sent = &message->fields[SENT_AT];
	char user[256];
	int64_t sent_at;
	if (!message_is_record(message, "envelope"))
		return 1;
	if (sender->kind != JSON_STRING || sender->length >= sizeof user || sent->kind != JSON_STRING ||
		instant_parse(sent->text, sent->length, &sent_at) < 0)
		return 0;
	memcpy(user, sender->text, sender->length);
	user[sender->length] = 0;
	return exclusions_exclude_user(exclusions, user, profile, instant_day(sent_at));
}

static int select_envelopes(const struct exclusions *exclusions, struct output *output, struct error *error)
{
	struct message_reader reader;
	struct message message;
	int got;
	if (message_reader_open(&reader, STDIN_FILENO, "standard input", fields, sizeof fields / sizeof *fields, false, error) < 0)
		return -1;
	while ((got = message_next(&reader, &message, error)) > 0 && !output_failed(output))
		if (is_wanted(exclusions, &message))
			output_line(output, message.line.text, message.line.length);
	message_reader_release(&reader);
	return got < 0 ? -1 : 0;
}

static void print_count(const struct exclusions *exclusions, struct output *output)
{
	size_t count = 0;
	for (size_t i = 0; i < exclusions->count; i++)
		count += exclusions->list[i].type == EXCLUDE_USER;
	buffer_append_format(&output->pending, "%zu\n", count);
	output_line_end(output);
}

static void run(const char **operands, struct output *output, struct error *error)
{
	struct exclusions exclusions = {.count = 0};
	(void)operands;
	if (!exclusions_path)
		options_refuse("cannot exclude without rules: --exclusions FILE");
	if (exclusions_load(exclusions_path, &exclusions, diag_complain, error) == 0) {
		if (count_rules)
			print_count(&exclusions, output);
		else
			select_envelopes(&exclusions, output, error);
	}
	exclusions_release(&exclusions);
}

int main(int argc, const char **argv)
{
	return program_run(argc, argv, table, &manual, run);
}
