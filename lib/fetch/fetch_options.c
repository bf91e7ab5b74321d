#include "fetch/fetch_options.h"

#include "http/retry.h"
#include "io/diag.h"
#include "io/options.h"
#include "stream/stream.h"

#include <string.h>
#include <unistd.h>

static char *record_directory, *replay_directory;
static int tries = RETRY_TRIES, retry_base_ms = RETRY_BASE_MS, timeout_s = 60, max_time_s = 900, limit_wait_s = RETRY_LIMIT_WAIT_S;

struct poptOption fetch_options_table[] = {
	{"record", 0, POPT_ARG_STRING, &record_directory, 0, "keep every exchange in DIR, or resume the incomplete recording there", "DIR"},
	{"replay", 0, POPT_ARG_STRING, &replay_directory, 0, "answer from the recording in DIR, with its clock: no network, no token",
		"DIR"},
	{"tries", 0, POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &tries, 0, "attempt a request at most N times", "N"},
	{"retry-base", 0, POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &retry_base_ms, 0,
		"pause up to MS milliseconds before the second attempt, up to twice that before the third, and so on", "MS"},
	{"limit-wait", 0, POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &limit_wait_s, 0,
		"wait at most so long for a limit of the service, whatever it announces", "SECONDS"},
	{"timeout", 0, POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &timeout_s, 0,
		"abandon an attempt that receives less than 500 bytes a second for so long", "SECONDS"},
	{"max-time", 0, POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &max_time_s, 0, "abandon a request whose attempts take so long together",
		"SECONDS"},
	POPT_TABLEEND,
};

static char *state;
static int ask_all, ask_due;
static long long requests_most;

struct poptOption fetch_rule_table[] = {
	{"state", 0, POPT_ARG_STRING, &state, 0, "the bookmarks of earlier runs", "FILE"},
	{"all", 0, POPT_ARG_NONE, &ask_all, 0, "ask all accounts, also those that are not due", NULL},
	{"due", 0, POPT_ARG_NONE, &ask_due, 0, "ask only the accounts that are due, however few there are", NULL},
	{"max-requests", 0, POPT_ARG_LONGLONG, &requests_most, 0,
		"make at most N requests; the accounts that are put off are the next run's first", "N"},
	POPT_TABLEEND,
};

struct fetch_rule fetch_options_rule(void)
{
	if (ask_all && ask_due)
		options_refuse("cannot use --all together with --due");
	if (requests_most < 0)
		options_refuse("cannot use --max-requests %lld: it must be 1 or more, or 0 for no limit", requests_most);
	return (struct fetch_rule){.whom = ask_all ? ASK_ALL : ask_due ? ASK_DUE : ASK_BY_SIZE, .requests_most = requests_most};
}

const char *fetch_options_state(void)
{
	return state;
}

static void report(bool detail, const char *text)
{
	if (detail)
		diag_info("%s", text);
	else
		diag_note("%s", text);
}

struct fetch_source_options fetch_options_source(const char *program)
{
	if (tries < 1 || tries > 100)
		options_refuse("cannot use --tries %d: it goes from 1 to 100", tries);
	if (retry_base_ms < 1 || retry_base_ms > RETRY_CAP_MS)
		options_refuse("cannot use --retry-base %d: it goes from 1 to %d", retry_base_ms, RETRY_CAP_MS);
	if (timeout_s < 1 || timeout_s > 3600)
		options_refuse("cannot use --timeout %d: it goes from 1 to 3600", timeout_s);
	if (limit_wait_s < 1 || limit_wait_s > RETRY_LIMIT_WAIT_S)
		options_refuse("cannot use --limit-wait %d: it goes from 1 to %d", limit_wait_s, RETRY_LIMIT_WAIT_S);
	if (max_time_s < 1 || max_time_s > 86400)
		options_refuse("cannot use --max-time %d: it goes from 1 to 86400", max_time_s);
	return (struct fetch_source_options){.program = program,
		.record_directory = record_directory,
		.replay_directory = replay_directory,
		.now = options_now(),
		.tries = tries,
		.retry_base_ms = retry_base_ms,
		.limit_wait_s = limit_wait_s,
		.timeout_s = timeout_s,
		.max_time_s = max_time_s,
		.report = report};
}

/* A raw record that is too long for all but normalize, which makes it a reject. */
static int pass_on_long(const struct fetch_input *input, struct message_reader *reader, const struct message *message, struct error *error)
{
	static const char head[] = STREAM_RECORD_BEFORE_NAME;
	struct line piece = message->line;
	int got = 1;
	if (memcmp(piece.text, head, strlen(head)) != 0)
		return message_error(reader, message, error, "%s", message->error.text);
	diag_warn("line %llu of standard input is longer than %zu bytes: it is copied, but the account in it is not fetched",
		(unsigned long long)message->line_number, LINE_LIMIT);
	for (; got > 0; got = line_reader_rest(&reader->lines, &piece, error)) {
		buffer_append(&input->output->pending, piece.text, piece.length);
		output_line_end(input->output); /* may write the part */
	}
	buffer_append_byte(&input->output->pending, '\n');
	return got;
}

static int read_message(
	const struct fetch_input *input, struct message_reader *reader, const struct message *message, bool *connected, struct error *error)
{
	struct output *output = input->output;
	if (message->type == MESSAGE_UNREADABLE)
		return pass_on_long(input, reader, message, error);
	if (message->type != MESSAGE_CONNECTION) {
		int result = input->each ? input->each(input->context, message, error) : 0;
		if (result == 0)
			output_line(output, message->line.text, message->line.length);
		return result < 0 ? -1 : 0;
	}
	/* The accounts that follow a second one would be fetched with the wrong token. */
	if (*connected)
		return message_error(reader, message, error, "a second CONNECTION: one run is for one organization");
	*connected = true;
	if (connection_parse(message->line.text, message->line.length, input->connection, error) < 0)
		return -1;
	if (input->passes_connection) {
		connection_append(input->connection, input->reveals_token, &output->pending);
		output_line_end(output);
	}
	return 0;
}

int fetch_read_input(const struct fetch_input *input, struct error *error)
{
	struct message_reader reader;
	struct message message;
	bool connected = false;
	int got;
	if (message_reader_open(&reader, STDIN_FILENO, "standard input", input->pointers, input->pointer_count, false, error) < 0)
		return -1;
	reader.lines.keep_long = true;
	while ((got = message_next(&reader, &message, error)) > 0 && !output_failed(input->output))
		if ((got = read_message(input, &reader, &message, &connected, error)) < 0)
			break;
	message_reader_release(&reader);
	if (got >= 0 && !connected)
		return error_set(
			error, EX_DATAERR, "cannot connect: standard input has no CONNECTION (auth -p PROFILE | %s)", input->program);
	return got < 0 ? -1 : 0;
}
