/*
 * normalize: converts raw records to canonical streams (doc/streams.md).
 *
 * Reads RECORDs of docusign_datafeed, docusign_accounts, docusign_plan_items and docusign_billing, or bare records of the stream that
 * --stream names, one JSON object per line; or the FILEs, saved responses or reports in the feed's own format. Writes RECORDs of envelope, account, subscription and billing_period. Everything else is
 * copied unchanged, in order. An invalid record goes to --rejects FILE and is counted; without that option it is an error.
 *
 * Exit: 0; 64 usage; 65 invalid record; 66 no such feed or program file; 73, 74 cannot write; 78 invalid map.
 */
#include "fetch/feed_page.h"
#include "io/program.h"
#include "normalize/feed_files.h"
#include "normalize/feed_map.h"
#include "normalize/rejects.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char *feed, *stream, *program, *rejects_path, *account;

static struct poptOption table[] = {
	{"stream", 's', POPT_ARG_STRING, &stream, 0, "the stream of lines without a type (default: the feed's, docusign_datafeed)", "NAME"},
	{"feed", 'f', POPT_ARG_STRING, &feed, 0,
		"the feed descriptor with the map: datafeed (the default), datafeed-elements, esign, connect, envelope-report or a file",
		"NAME|FILE"},
	{"jq", 'j', POPT_ARG_STRING, &program, 0, "map the feed's records with this jq program, whose results have canonical fields",
		"PROGRAM"},
	{"account", 'a', POPT_ARG_STRING, &account, 0, "the account of records that do not tell theirs, such as a report's", "ID"},
	{"rejects", 'r', POPT_ARG_STRING, &rejects_path, 0, "write invalid records to this file and continue", "FILE"},
	POPT_TABLEEND,
};

static const struct options_manual manual = {
	.program = "normalize",
	.operands = "[FILE...]",
	.summary = "Converts raw Docusign records on standard input, or in files, to canonical envelope, account and subscription records.",
	.description = "The map in a feed descriptor says where in a raw record each canonical field is (doc/feeds.md). A\n"
		       "FILE is a saved response, report or message in the feed's own format, or a folder of them.\n\n"
		       "Example, with a plain file of envelopes, one JSON object per line:\n"
		       "  normalize --rejects bad.ndjson < envelopes.ndjson | merge --ledger :memory: --emit all\n\n"
		       "Example, for a format of your own:\n"
		       "  normalize --jq '{account_id: .acct, envelope_id: .id, status: .state, sent_at: .sent, modified_at: .changed}'\n",
};

struct normalizer {
	struct feed_map map;
	struct rejects rejects;
	struct output *output;
	const struct stream *bare; /* the target of lines without a type */
	const struct stream *announced[4]; /* those whose SCHEMA was printed */
	unsigned long long records;
};

static void announce(struct normalizer *normalizer, const struct stream *target)
{
	size_t i = 0;
	for (; normalizer->announced[i]; i++)
		if (normalizer->announced[i] == target)
			return;
	normalizer->announced[i] = target;
	stream_append_schema(&normalizer->output->pending, target);
}

static int reject(struct normalizer *normalizer, struct message_reader *reader, const struct message *message, const char *pointer,
	const char *reason, struct error *error)
{
	static const char head[] = STREAM_RECORD_BEFORE_NAME;
	char name[64];
	if (message->type == MESSAGE_RECORD)
		snprintf(name, sizeof name, "%.*s", (int)message->stream.length, message->stream.text);
	else if (message->line.cut && memcmp(message->line.text, head, strlen(head)) == 0) /* too long to be read; our fetchers begin so */
		snprintf(name, sizeof name, "%.*s", (int)strspn(message->line.text + strlen(head), "abcdefghijklmnopqrstuvwxyz_"),
			message->line.text + strlen(head));
	else
		return rejects_add(&normalizer->rejects, reader, message, stream, pointer, reason, error);
	return rejects_add(&normalizer->rejects, reader, message, name, pointer, reason, error);
}

static int convert(struct normalizer *normalizer, struct message_reader *reader, struct message *message, const struct stream *target,
	struct error *error)
{
	struct feed_map_fault fault;
	if (account && message->context_account_id.kind == JSON_ABSENT)
		message->context_account_id = (struct json_slice){JSON_STRING, account, strlen(account)};
	announce(normalizer, target);
	normalizer->records++;
	int result = feed_map_append(&normalizer->map, target, message, &normalizer->output->pending, &fault, error);
	if (result > 0)
		return reject(normalizer, reader, message, fault.pointer, fault.reason, error);
	output_line_end(normalizer->output);
	return result;
}

static int handle(struct normalizer *normalizer, struct message_reader *reader, struct message *message, struct error *error)
{
	const struct stream *target = NULL;
	if (message->type == MESSAGE_UNREADABLE) {
		normalizer->records++;
		return reject(normalizer, reader, message, "", message->error.text, error);
	}
	if (message->type == MESSAGE_BARE)
		target = normalizer->bare;
	else if (message->type == MESSAGE_RECORD || message->type == MESSAGE_SCHEMA)
		target = feed_map_target(&normalizer->map, message->stream.text, message->stream.length);
	if (!target)
		output_line(normalizer->output, message->line.text, message->line.length);
	else if (message->type != MESSAGE_SCHEMA)
		return convert(normalizer, reader, message, target, error);
	return 0;
}

static int normalize(struct normalizer *normalizer, int descriptor, const char *name, struct error *error)
{
	struct message_reader reader;
	struct message message;
	int got;
	if (message_reader_open(&reader, descriptor, name, normalizer->map.pointers, normalizer->map.pointer_count, true, error) < 0)
		return -1;
	reader.keep_unreadable = true;
	reader.lines.keep_long = rejects_path != NULL;
	while ((got = message_next(&reader, &message, error)) > 0 && !output_failed(normalizer->output))
		if (handle(normalizer, &reader, &message, error) < 0) {
			got = -1;
			break;
		}
	message_reader_release(&reader);
	return got < 0 ? -1 : 0;
}

/* ---- files ---- */

static int add_line(void *context, const char *text, size_t length, const struct json_slice fields[])
{
	(void)fields;
	buffer_append(context, text, length);
	buffer_append_byte(context, '\n');
	return 0;
}

/* Lines go the way of those on standard input: the number of a file's record is that of its line. */
static int normalize_records(struct normalizer *normalizer, const char *name, const struct buffer *lines, struct error *error)
{
	int descriptor = memfd_create("records", MFD_CLOEXEC), result = 0;
	for (size_t at = 0; at < lines->length && result == 0;) {
		ssize_t written = write(descriptor, lines->data + at, lines->length - at);
		at += written > 0 ? (size_t)written : 0;
		result = written > 0 ? 0 : -1;
	}
	if (descriptor < 0 || result < 0 || lseek(descriptor, 0, SEEK_SET) < 0)
		result = error_set_errno(error, EX_OSERR, "cannot read '%s'", name);
	if (result == 0)
		result = normalize(normalizer, descriptor, name, error);
	if (descriptor >= 0)
		close(descriptor);
	return result;
}

static int read_records(const char *path, const struct feed *from, const struct buffer *bytes, struct buffer *lines, struct error *error)
{
	struct feed_page_reader reader = {.scanner = NULL};
	struct buffer wrapped = BUFFER_INIT;
	bool is_download = from->item != NULL;
	int result = feed_files_wrap(path, bytes, feed_format(from, is_download), &wrapped, error);
	if (result == 0)
		result = feed_page_reader_open(&reader, from, is_download, error);
	reader.base = from->own_base ? from->own_base : "https://";
	const struct http_response response = {.wrapped = wrapped.data, .wrapped_length = wrapped.length};
	if (result == 0 && (feed_page_read(&reader, &response, error) < 0 || feed_page_records(&reader, add_line, lines, error) < 0))
		result = error_prefix(error, "cannot read '%s'", path);
	feed_page_reader_release(&reader);
	buffer_release(&wrapped);
	return result == 0 ? buffer_check(lines, error) : result;
}

static int normalize_file(void *context, const char *path, const struct buffer *bytes, const struct error *problem, struct error *error)
{
	struct normalizer *normalizer = context;
	struct buffer lines = BUFFER_INIT;
	if (problem->status)
		*error = *problem;
	int result = problem->status ? -1 : read_records(path, &normalizer->map.feed, bytes, &lines, error);
	if (result == 0)
		result = normalize_records(normalizer, path, &lines, error);
	buffer_release(&lines);
	return result;
}

/* Standard input has messages or records, a line each; but a CSV, which begins with no brace, is a file. */
static int normalize_input(void *context, const char *path, const struct buffer *bytes, const struct error *problem, struct error *error)
{
	if (!problem->status && bytes->length && *bytes->data == '{')
		return normalize_records(context, path, bytes, error);
	return normalize_file(context, path, bytes, problem, error);
}

static int normalize_all(struct normalizer *normalizer, const char **operands, struct error *error)
{
	const struct feed *from = &normalizer->map.feed;
	int result = 0;
	if (!operands || !*operands)
		return !from->path && from->format == DOCUMENT_CSV ? feed_files_read("-", normalize_input, normalizer, error)
								   : normalize(normalizer, STDIN_FILENO, "standard input", error);
	for (; *operands && result == 0; operands++)
		result = feed_files_read(*operands, normalize_file, normalizer, error);
	return result;
}

static void report_counts(const struct normalizer *normalizer)
{
	if (normalizer->rejects.count)
		diag_warn("%llu of %llu records do not fit: see '%s'", normalizer->rejects.count, normalizer->records, rejects_path);
	if (normalizer->map.yielded_nothing)
		diag_warn("the jq program had no result for %llu of %llu records", normalizer->map.yielded_nothing, normalizer->records);
	diag_metric_records("raw", normalizer->records);
}

static void run(const char **operands, struct output *output, struct error *error)
{
	struct normalizer normalizer = {.output = output};
	if (operands && *operands && !feed) /* files are of a feed that is named */
		options_refuse("cannot use '%s': normalize takes no operands, it reads standard input", *operands);
	if (feed_map_open(&normalizer.map, feed ? feed : "datafeed", stream, program, error) < 0)
		goto out;
	if (!stream)
		stream = (char *)(uintptr_t)normalizer.map.stream;
	normalizer.bare = feed_map_target(&normalizer.map, stream, strlen(stream));
	if (!normalizer.bare)
		options_refuse("cannot use --stream '%s': there is no map for it", stream);
	if (rejects_open(&normalizer.rejects, rejects_path, error) < 0)
		goto out;
	int result = normalize_all(&normalizer, operands, error);
	output_flush(output); /* no rejects of records that could not be written */
	if (result == 0 && !output_failed(output) && rejects_commit(&normalizer.rejects, error) == 0)
		report_counts(&normalizer);
	rejects_abandon(&normalizer.rejects);
out:
	feed_map_release(&normalizer.map);
}

int main(int argc, const char **argv)
{
	return program_run(argc, argv, table, &manual, run);
}
