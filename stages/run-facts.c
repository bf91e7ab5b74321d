/*
 * run-facts: prints facts for the scripts of the driver, and writes some files of a run. An internal part of `envtally`.
 *
 *   run-facts profile FILE                 prints name, active, feed … of a profile, and version, ours; with --replay now of a recording
 *   run-facts new-profile                  checks the lines KEY=VALUE on standard input and prints a profile with them
 *   run-facts begin FOLDER                 writes begun.json of a new run and what the ledger has of earlier ones, and prints the same as `run`
 *   run-facts run FOLDER                   prints what the unfinished run in FOLDER depends on
 *   run-facts promote FOLDER               writes the run's job.json, manifest and promotion.ndjson
 *   run-facts promotions                   prints a line "RUN CLOCK STATE END MANIFEST" for each run that the ledger promoted, in that order; with
 *                                          --runs FOLDER and no ledger, of the runs of that folder, by the chain of their manifests
 *   run-facts index WORKSPACE              writes runs/index.html there: all runs of all profiles, for people
 *   run-facts missing FOLDER               prints the first file that the folder of a promoted run lacks; nothing where it has all
 *   run-facts verify RUN                   checks the manifests of all runs, and that each folder has the files that its manifest lists
 *   run-facts verify-files RUN             checks that the folder of a run has the files that its manifest lists
 *   run-facts seal FOLDER                  writes FOLDER/checkpoint.json for the ledger FOLDER/RUN.db as it was after --run-id RUN
 *   run-facts checkpoint FILE              prints what is in it
 *   run-facts prove LEDGER                 compares the ledger with one that was made from the recordings
 *   run-facts check RUN                    checks the run's figures against the ledger's records on standard input
 *   run-facts connection                   copies messages, and changes in the CONNECTION what to fetch
 *   run-facts load FOLDER DIALECT          writes export.ndjson and load.sql there, from the messages of export on standard input
 *   run-facts until DAY                    copies messages, except daily partials after DAY and billing periods
 *   run-facts join FOLDER PART...          writes FOLDER's recording of fetch-datafeed out of those in the folders PART: of the shards
 *   run-facts shown                        prints the text on standard input as people may see it
 *   run-facts near NAME KNOWN...           prints which of the known names may be meant by NAME; nothing if none is near
 *   run-facts survey                       counts the contents of the messages on standard input
 *
 * Facts are lines "key=value".
 *
 * Exit: 0; 64 usage; 65 bad data, or a run that fails its check; 66 a file is missing; 73, 74 cannot write; 78 invalid profile.
 */
#include "base/instant.h"
#include "base/near_miss.h"
#include "config/connection.h"
#include "config/profile.h"
#include "export/database_load.h"
#include "io/display.h"
#include "io/program.h"
#include "recording/recording_join.h"
#include "run/as_of_check.h"
#include "run/checkpoint.h"
#include "run/ledger_proof.h"
#include "run/manifest.h"
#include "run/run_chain.h"
#include "run/run_facts.h"
#include "run/run_folder.h"
#include "run/run_index.h"
#include "run/run_inputs.h"
#include "run/run_promotion.h"
#include "run/survey.h"
#include "stream/message.h"
#include "json/json_indent.h"
#include "json/json_write.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *runs, *ledger, *run_id, *clock_text, *name, *replay = "", *profile, *state = "succeeded", *ended_at, *account, *fetch_as,
							 *chain_file, *manifest, *feed, *after, *source = "recordings", *before;
static int without_billing, without_bodies, all_accounts, earlier, again;

static struct poptOption table[] = {
	{"runs", 0, POPT_ARG_STRING, &runs, 0, "promote, verify, check: the folder of the profile's runs", "FOLDER"},
	{"ledger", 'l', POPT_ARG_STRING, &ledger, 0, "begin, run, promote, promotions, verify, prove, check: the ledger", "FILE"},
	{"promotions", 0, POPT_ARG_STRING, &chain_file, 0, "verify: a file that `promotions` printed, in place of the ledger", "FILE"},
	{"without-bodies", 0, POPT_ARG_NONE, &without_bodies, 0, "verify: recorded bodies may be missing", NULL},
	{"after", 0, POPT_ARG_STRING, &after, 0, "verify: a checkpoint; of runs up to its own only manifests are checked", "FILE"},
	{"earlier", 0, POPT_ARG_INT, &earlier, 0, "prove, seal: how many runs an earlier version promoted (default: 0)", "N"},
	{"source", 0, POPT_ARG_STRING, &source, 0, "seal: what the ledger was made from: recordings (the default) or ledger", "WORD"},
	{"before", 0, POPT_ARG_STRING, &before, 0, "seal: SHA-256 of the checkpoint that the newest run names", "HASH"},
	{"run-id", 0, POPT_ARG_STRING, &run_id, 0, "begin, seal: the run's name", "NAME"},
	{"clock", 0, POPT_ARG_STRING, &clock_text, 0, "begin: its clock", "RFC3339"},
	{"name", 'n', POPT_ARG_STRING, &name, 0, "begin, load: the profile's name", "NAME"},
	{"profile", 'p', POPT_ARG_STRING, &profile, 0, "begin, survey, changed: the profile", "FILE"},
	{"feed", 0, POPT_ARG_STRING, &feed, 0, "changed: the descriptor, if it is a file", "FILE"},
	{"again", 0, POPT_ARG_NONE, &again, 0, "begin: of evidence, which has what earlier forecasts said", NULL},
	{"replay", 0, POPT_ARG_STRING, &replay, 0, "profile, begin: the recording that is replayed", "FOLDER"},
	{"state", 0, POPT_ARG_STRING, &state, 0, "promote: succeeded or partial", "STATE"},
	{"ended-at", 0, POPT_ARG_STRING, &ended_at, 0, "promote: when it ended (default: the clock)", "RFC3339"},
	{"manifest", 0, POPT_ARG_STRING, &manifest, 0,
		"promote: of a run that is made again: its manifest, whose SHA-256 the ledger gets; seal: the run's SHA-256 itself",
		"FILE"},
	{"account", 0, POPT_ARG_STRING, &account, 0, "connection: fetch only this account", "ID"},
	{"fetch-as", 0, POPT_ARG_STRING, &fetch_as, 0, "connection: fetch what this profile requests", "FILE"},
	{"all-accounts", 0, POPT_ARG_NONE, &all_accounts, 0, "connection: do not leave accounts out", NULL},
	{"without-billing", 0, POPT_ARG_NONE, &without_billing, 0, "connection: do not fetch Docusign's own count", NULL},
	POPT_TABLEEND,
};

static const struct options_manual manual = {
	.program = "run-facts",
	.operands = "COMMAND [OPERAND]...",
	.summary = "Prints facts about a run for the scripts of envtally, and writes some of its files.",
	.description =
		"Commands: profile FILE, new-profile, begin FOLDER, run FOLDER, changed FOLDER, promote FOLDER, promotions, index WORKSPACE, missing FOLDER,\n"
		"verify RUN, verify-files RUN, seal FOLDER, checkpoint FILE, prove LEDGER, check RUN, connection, load FOLDER sqlite|postgres, until DAY, survey, join FOLDER PART..., shown, near NAME KNOWN... Facts are lines \"key=value\".\n\n"
		"Example:\n"
		"  run-facts profile profiles/acme.json\n",
};

/* ---- a command each ---- */

static const char *required(const char *value, const char *option)
{
	if (!value)
		options_refuse("cannot do that without %s", option);
	return value;
}

static int print_profile(const char *const operands[], struct output *output, struct error *error)
{
	if (run_facts_append_profile(operands[0], &output->pending, error) < 0)
		return -1;
	buffer_append_string(&output->pending, "version=" ENVTALLY_VERSION "\n");
	return *replay ? run_facts_append_recording(replay, &output->pending, error) : 0;
}

static bool is_whole_number(const char *text)
{
	return *text && strlen(text) < 10 && text[strspn(text, "0123456789")] == 0;
}

/* Omits empty values. Values are read from standard input because a user may give a secret. */
static int add_member(const struct line *line, struct buffer *json, struct error *error)
{
	char *value = memchr(line->text, '=', line->length);
	if (!value)
		return error_set(error, EX_USAGE, "cannot make a profile: a line on standard input is not KEY=VALUE");
	*value++ = line->text[line->length] = 0;
	bool is_number = strcmp(line->text, "renewal_months") == 0 && is_whole_number(value);
	if (!*value && strcmp(line->text, "name") != 0)
		return 0;
	if (profile_check_member(line->text, is_number ? jv_number(strtod(value, NULL)) : jv_string(value), error) < 0)
		return -1;
	if (is_number)
		json_member_integer(json, line->text, strtol(value, NULL, 10));
	else
		json_member_text(json, line->text, value);
	return 0;
}

static int print_new_profile(const char *const operands[], struct output *output, struct error *error)
{
	struct buffer json = BUFFER_INIT;
	struct line_reader reader;
	struct line line;
	int got;
	(void)operands;
	json_begin(&json, '{');
	got = line_reader_open(&reader, STDIN_FILENO, "standard input", error);
	while (got >= 0 && (got = line_reader_next(&reader, &line, error)) > 0)
		got = add_member(&line, &json, error);
	line_reader_release(&reader);
	json_end(&json, '}');
	json_finish(&json);
	if (got == 0 && (got = buffer_check(&json, error)) == 0)
		json_indent(json.data, json.length, &output->pending);
	buffer_release_secret(&json);
	return got;
}

static int begin(const char *const operands[], struct output *output, struct error *error)
{
	const struct run_beginning beginning = {.run_id = required(run_id, "--run-id"),
		.profile = required(name, "--name"),
		.clock = required(clock_text, "--clock"),
		.replay = replay,
		.profile_file = required(profile, "--profile"),
		.ledger = required(ledger, "--ledger"),
		.is_again = again};
	if (run_begin(operands[0], &beginning, error) < 0)
		return -1;
	return run_facts_append_run(operands[0], ledger, &output->pending, error);
}

static int print_run(const char *const operands[], struct output *output, struct error *error)
{
	return run_facts_append_run(operands[0], required(ledger, "--ledger"), &output->pending, error);
}

static int print_changed(const char *const operands[], struct output *output, struct error *error)
{
	return run_inputs_append_changes(operands[0], required(profile, "--profile"), feed, &output->pending, error);
}

static int promote(const char *const operands[], struct output *output, struct error *error)
{
	struct run_promotion promotion = {.folder = operands[0],
		.runs = required(runs, "--runs"),
		.ledger = required(ledger, "--ledger"),
		.state = state,
		.ended_at = options_now(),
		.manifest = manifest};
	(void)output;
	if (ended_at && instant_parse(ended_at, strlen(ended_at), &promotion.ended_at) < 0)
		options_refuse("cannot use --ended-at '%s': it must be a time such as 2026-03-01T02:00:00Z", ended_at);
	return run_promote(&promotion, error);
}

static int write_index(const char *const operands[], struct output *output, struct error *error)
{
	(void)output;
	return run_index_write(operands[0], error);
}

static int print_missing(const char *const operands[], struct output *output, struct error *error)
{
	const char *file = run_missing_file(operands[0]);
	(void)error;
	if (file)
		buffer_append_format(&output->pending, "%s\n", file);
	return 0;
}

static const char *or_none(const char *text)
{
	return *text ? text : "-";
}

/* Of the ledger; or, without one, of the folders. */
static int print_promotions(const char *const operands[], struct output *output, struct error *error)
{
	struct promotions promotions;
	(void)operands;
	if ((ledger ? promotions_read(&promotions, ledger, error)
		    : run_chain_read(required(runs, "--ledger or --runs"), &promotions, error)) < 0)
		return -1;
	for (size_t i = 0; i < promotions.count; i++)
		buffer_append_format(&output->pending, "%s %s %s %s %s\n", promotions.list[i].run_id, promotions.list[i].started_at,
			promotions.list[i].state, or_none(promotions.list[i].ended_at), or_none(promotions.list[i].manifest));
	promotions_release(&promotions);
	return 0;
}

/* The promotions of the ledger, and the place of a run among them. */
static int find_run(const char *run, struct promotions *promotions, ptrdiff_t *place, struct error *error)
{
	if (chain_file ? promotions_read_file(promotions, chain_file, error) < 0
		       : promotions_read(promotions, required(ledger, "--ledger"), error) < 0)
		return -1;
	*place = promotions_find(promotions, run, strlen(run));
	if (*place >= 0)
		return 0;
	promotions_release(promotions);
	return error_set(error, EX_NOINPUT, "cannot find run '%s': ledger '%s' has promoted none of that name", run,
		chain_file ? chain_file : ledger);
}

static int verify(const char *const operands[], struct output *output, struct error *error)
{
	struct promotions promotions;
	ptrdiff_t place;
	if (find_run(operands[0], &promotions, &place, error) < 0)
		return -1;
	struct manifest_chain chain;
	struct checkpoint checkpoint = {.run = ""};
	int result = after ? checkpoint_read(after, &checkpoint, error) : 0;
	if (result == 0)
		result = manifest_verify(
			required(runs, "--runs"), &promotions, *checkpoint.run ? &checkpoint : NULL, without_bodies, &chain, error);
	if (result == 0 && !chain_file)
		result = manifest_find_forgotten(runs, &promotions, &chain, error);
	if (result == 0)
		buffer_append_format(&output->pending, "runs=%td\nearlier=%zu\nnewest=%s\nsha256=%s\n",
			place + 1 - (ptrdiff_t)checkpoint.runs, chain.earlier, promotions.list[promotions.count - 1].run_id, chain.newest);
	promotions_release(&promotions);
	return result;
}

static int verify_files(const char *const operands[], struct output *output, struct error *error)
{
	(void)output;
	return manifest_verify_files(required(runs, "--runs"), operands[0], error);
}

/* The ledger has the run's promotion, and those before it. */
static int seal(const char *const operands[], struct output *output, struct error *error)
{
	struct checkpoint checkpoint = {.earlier = (size_t)earlier, .source = source, .before = before};
	struct promotions promotions;
	struct buffer path = BUFFER_INIT;
	snprintf(checkpoint.run, sizeof checkpoint.run, "%s", required(run_id, "--run-id"));
	buffer_append_format(&path, "%s/%s.db", operands[0], checkpoint.run);
	(void)output;
	int result = buffer_check(&path, error) < 0 ? -1 : promotions_read(&promotions, path.data, error);
	buffer_release(&path);
	if (result < 0)
		return -1;
	const struct promotion *last = promotions.count ? &promotions.list[promotions.count - 1] : NULL;
	if (!last || strcmp(last->run_id, checkpoint.run) != 0)
		result = error_set(
			error, EX_DATAERR, "cannot make a checkpoint of run '%s': it is not the last one of its ledger", checkpoint.run);
	else
		snprintf(checkpoint.manifest, sizeof checkpoint.manifest, "%s", *last->manifest || !manifest ? last->manifest : manifest);
	checkpoint.runs = promotions.count;
	promotions_release(&promotions);
	return result < 0 ? -1 : checkpoint_write(operands[0], &checkpoint, options_now(), error);
}

static int print_checkpoint(const char *const operands[], struct output *output, struct error *error)
{
	return run_facts_append_checkpoint(operands[0], &output->pending, error);
}

static int prove(const char *const operands[], struct output *output, struct error *error)
{
	(void)output;
	return ledger_prove(required(ledger, "--ledger"), operands[0], earlier, error);
}

static int check(const char *const operands[], struct output *output, struct error *error)
{
	struct promotions promotions;
	ptrdiff_t place;
	(void)output;
	if (find_run(operands[0], &promotions, &place, error) < 0)
		return -1;
	int result = as_of_check(STDIN_FILENO, "standard input", required(runs, "--runs"), &promotions, (size_t)place, error);
	promotions_release(&promotions);
	return result;
}

static int change_connection(const struct message *message, const struct profile *fetched, struct output *output, struct error *error)
{
	struct connection connection;
	char *only[] = {account, NULL};
	if (connection_parse(message->line.text, message->line.length, &connection, error) < 0)
		return -1;
	char **accounts = connection.accounts;
	if (fetch_as) {
		connection.accounts = fetched->accounts;
		connection.download_consumption = fetched->download_consumption;
		connection.download_billing = fetched->download_billing;
	}
	if (account)
		connection.accounts = only;
	if (all_accounts)
		connection.accounts = NULL;
	if (without_billing)
		connection.download_billing = false;
	connection_append(&connection, connection_may_reveal(STDOUT_FILENO, false), &output->pending);
	connection.accounts = accounts;
	connection_release(&connection);
	output_line_end(output);
	return 0;
}

static int pass_connection(const char *const operands[], struct output *output, struct error *error)
{
	struct profile fetched = {.path = NULL};
	struct message_reader reader;
	struct message message;
	int got;
	(void)operands;
	if (fetch_as && profile_load(fetch_as, &fetched, error) < 0)
		return -1;
	got = message_reader_open(&reader, STDIN_FILENO, "standard input", NULL, 0, false, error);
	while (got >= 0 && (got = message_next(&reader, &message, error)) > 0 && !output_failed(output)) {
		if (message.type == MESSAGE_CONNECTION)
			got = change_connection(&message, &fetched, output, error);
		else
			output_line(output, message.line.text, message.line.length);
		output_flush(output);
	}
	message_reader_release(&reader);
	profile_release(&fetched);
	return got < 0 ? -1 : 0;
}

static int survey(const char *const operands[], struct output *output, struct error *error)
{
	(void)operands;
	return survey_append(STDIN_FILENO, "standard input", required(profile, "--profile"), &output->pending, error);
}

/* Billing periods are dropped too: Docusign's count is not of the end of that day. */
static int pass_until(const char *const operands[], struct output *output, struct error *error)
{
	static const char *const pointers[] = {"/day"};
	struct message_reader reader;
	struct message message;
	int32_t last, day;
	int got;
	if (day_parse(operands[0], strlen(operands[0]), &last) < 0)
		options_refuse("cannot use '%s': it must be a day such as 2025-01-31", operands[0]);
	got = message_reader_open(&reader, STDIN_FILENO, "standard input", pointers, 1, false, error);
	while (got >= 0 && (got = message_next(&reader, &message, error)) > 0 && !output_failed(output)) {
		const struct json_slice *slice = message.fields;
		if (json_slice_equals(&message.stream, "billing_period") ||
			(message_is_record(&message, "daily_consumption") && slice->kind == JSON_STRING &&
				day_parse(slice->text, slice->length, &day) == 0 && day > last))
			continue;
		output_line(output, message.line.text, message.line.length);
	}
	message_reader_release(&reader);
	return got < 0 ? -1 : 0;
}

static int write_load(const char *const operands[], struct output *output, struct error *error)
{
	(void)output;
	return database_load_write(STDIN_FILENO, operands[0], operands[1] ? operands[1] : "", required(name, "--name"), error);
}

static int print_shown(const char *const operands[], struct output *output, struct error *error)
{
	struct buffer text = BUFFER_INIT;
	(void)operands;
	int result = buffer_append_descriptor(&text, STDIN_FILENO, (size_t)1 << 20, "standard input", error);
	display_append(&output->pending, text.data, text.length, 0);
	buffer_release(&text);
	return result;
}

static int print_near(const char *const operands[], struct output *output, struct error *error)
{
	size_t count = 0;
	(void)error;
	while (operands[0] && operands[1 + count])
		count++;
	const char *near = count ? near_miss_of(operands[0], operands + 1, count) : NULL;
	if (near)
		buffer_append_format(&output->pending, "%s\n", near);
	return 0;
}

static int join(const char *const operands[], struct output *output, struct error *error)
{
	size_t count = 0;
	uint64_t exchanges = 0;
	while (operands[count])
		count++;
	if (count < 2)
		options_refuse("cannot join recordings: name the folder to write to, and those of the shards");
	if (recording_join(operands[0], "fetch-datafeed", operands + 1, count - 1, &exchanges, error) < 0)
		return -1;
	buffer_append_format(&output->pending, "exchanges=%" PRIu64 "\n", exchanges);
	return 0;
}

static const struct command {
	const char *name;
	size_t operands; /* 0: none; 1: one; 2: any number */
	int (*run)(const char *const operands[], struct output *output, struct error *error);
} commands[] = {
	{"profile", 1, print_profile},
	{"new-profile", 0, print_new_profile},
	{"begin", 1, begin},
	{"run", 1, print_run},
	{"changed", 1, print_changed},
	{"promote", 1, promote},
	{"promotions", 0, print_promotions},
	{"index", 1, write_index},
	{"missing", 1, print_missing},
	{"verify", 1, verify},
	{"verify-files", 1, verify_files},
	{"seal", 1, seal},
	{"checkpoint", 1, print_checkpoint},
	{"prove", 1, prove},
	{"check", 1, check},
	{"connection", 0, pass_connection},
	{"load", 2, write_load},
	{"until", 1, pass_until},
	{"survey", 0, survey},
	{"join", 2, join},
	{"shown", 0, print_shown},
	{"near", 2, print_near},
};

static const struct command *find_command(const char *const operands[])
{
	size_t count = 0;
	while (operands[count])
		count++;
	for (size_t i = 0; count && i < sizeof commands / sizeof *commands; i++)
		if (strcmp(commands[i].name, operands[0]) == 0 && (commands[i].operands == 2 || commands[i].operands == count - 1))
			return &commands[i];
	options_refuse("cannot do that: give one of the commands of run-facts, with its operands");
}

static void run(const char **operands, struct output *output, struct error *error)
{
	find_command(operands)->run(operands + 1, output, error);
}

int main(int argc, const char **argv)
{
	program_hide_memory(); /* it holds the token */
	return program_run(argc, argv, table, &manual, run);
}
