/*
 * export: prints the contents of the ledger for other programs, as Singer messages or CSV.
 *
 * With --ledger - and --format singer: copies the output of another stage on standard input, without null in keys and without CONNECTION.
 * Else reads a snapshot of the ledger; it neither waits for a program that is writing it, nor blocks it. Prints the selected streams, each
 * with its SCHEMA, or writes each to its own file; the files are renamed into place when all are complete. The same ledger gives the
 * same bytes.
 *
 * Exit: 0; 64 usage; 65 not a ledger, or damaged; 66 no such file; 73, 74 cannot write; 78 the ledger is of a newer version.
 */
#include "config/policy.h"
#include "export/export_csv.h"
#include "export/export_envelopes.h"
#include "export/export_records.h"
#include "io/atomic_file.h"
#include "io/program.h"
#include "stream/message.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STREAM_LIMIT 32

static int plain_cells;
static bool fills_keys;
static char *ledger_path, *policy_path, *format = "ndjson", *folder, **stream_names;

static struct poptOption table[] = {
	{"ledger", 'l', POPT_ARG_STRING, &ledger_path, 0, "the ledger", "FILE"},
	{"stream", 's', POPT_ARG_ARGV, &stream_names, 0, "only this stream; may be repeated (default: all)", "NAME"},
	{"policy", 0, POPT_ARG_STRING, &policy_path, 0, "the counting policy of daily_consumption (default: all but drafts)", "FILE"},
	{"format", 'f', POPT_ARG_STRING, &format, 0, "ndjson (the default), singer or csv", "FORMAT"},
	{"output", 'o', POPT_ARG_STRING, &folder, 0, "write a file for each stream to this folder, STREAM.ndjson or STREAM.csv", "FOLDER"},
	{"plain-cells", 0, POPT_ARG_NONE, &plain_cells, 0, "csv: no apostrophe before a text that a spreadsheet would run as a formula",
		NULL},
	POPT_TABLEEND,
};

static const struct options_manual manual = {
	.program = "export",
	.operands = "",
	.reads_no_input = true,
	.summary = "Prints the contents of a ledger: accounts, subscriptions, envelopes, consumption, results.",
	.description =
		"ndjson  Singer messages: the SCHEMA of each stream, then its records\n"
		"singer  the same for Singer targets, which refuse null in a key: none is the empty string there. With --ledger - it is\n"
		"        the output of another stage, on standard input, that is made so\n"
		"csv     RFC 4180: one --stream, or several with --output. Null is an empty cell, an empty string is \"\". For\n"
		"        spreadsheets: period_last_day beside the exclusive period_end, objects and arrays as lists (completed: 2; sent: 1).\n"
		"        A text that a spreadsheet would run as a formula (it starts with = + - @, a tab or a carriage return, and is no number)\n"
		"        is preceded by an apostrophe. With --plain-cells, for programs, none of this: objects are JSON\n\n"
		"Records are sorted by their keys, envelopes by a hash of their ids. Results are those of the last run.\n"
		"The export does not block a program that is writing the ledger.\n\n"
		"Examples:\n"
		"  envtally export --ledger acme.db --stream envelope | jq -c 'select(.type == \"RECORD\").record'\n"
		"  envtally export --ledger acme.db --stream consumption --format csv >consumption.csv\n"
		"  normalize <envelopes.ndjson | envtally export --ledger - --format singer >for-a-target.ndjson\n",
};

struct writer {
	struct output *output;
	bool is_csv;
	struct export_csv csv;
	unsigned long long records;
};

static bool parse_format(void)
{
	bool is_csv = strcmp(format, "csv") == 0;
	fills_keys = strcmp(format, "singer") == 0;
	if (!is_csv && !fills_keys && strcmp(format, "ndjson") != 0)
		options_refuse("cannot use --format '%s': it must be ndjson, singer or csv", format);
	return is_csv;
}

static void refuse_stream(const char *name)
{
	char names[512] = "";
	for (size_t i = 0; streams[i]; i++)
		snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i ? ", " : "", streams[i]->name);
	options_refuse("cannot use --stream '%s': it must be one of %s", name, names);
}

/* The selected streams, each once and in their own order, NULL-terminated. Returns their number. */
static size_t parse_streams(const struct stream *wanted[])
{
	size_t count = 0;
	for (size_t i = 0; stream_names && stream_names[i]; i++)
		if (!stream_find(stream_names[i], strlen(stream_names[i])))
			refuse_stream(stream_names[i]);
	for (size_t i = 0; streams[i] && count < STREAM_LIMIT - 1; i++) {
		bool named = !stream_names;
		for (size_t k = 0; stream_names && stream_names[k]; k++)
			named |= strcmp(stream_names[k], streams[i]->name) == 0;
		if (named)
			wanted[count++] = streams[i];
	}
	wanted[count] = NULL;
	return count;
}

static int write_record(void *context, const struct stream *stream, const struct buffer *record, struct error *error)
{
	struct writer *writer = context;
	struct buffer *line = &writer->output->pending;
	size_t start = line->length;
	if (!writer->is_csv) {
		stream_append_record(line, stream, record->data, record->length);
		if (fills_keys)
			stream_fill_key(stream, line, start);
	} else if (export_csv_append(&writer->csv, record, line, error) < 0) {
		return -1;
	}
	output_line_end(writer->output);
	writer->records++;
	diag_progress("%llu %s records", writer->records, stream->name);
	return output_failed(writer->output) ? 1 : 0;
}

static int export_stream(struct ledger *ledger, const struct stream *stream, bool is_csv, struct output *output, struct error *error)
{
	if (stream == &stream_envelope && !(stream = export_envelopes_stream(ledger, error)))
		return -1;
	struct writer writer = {.output = output, .is_csv = is_csv};
	if (is_csv && export_csv_open(&writer.csv, stream, !plain_cells, error) < 0)
		return -1;
	if (is_csv)
		export_csv_append_header(&writer.csv, &output->pending);
	else
		stream_append_schema(&output->pending, stream);
	int result = export_records(ledger, stream, write_record, &writer, error);
	if (is_csv)
		export_csv_release(&writer.csv);
	diag_metric_records(stream->name, writer.records);
	return result < 0 ? -1 : 0;
}

/* All files are complete before the first is renamed, so they are consistent, unless a rename fails. */
static int write_streams(struct ledger *ledger, const struct stream *const wanted[], bool is_csv, struct error *error)
{
	struct atomic_file files[STREAM_LIMIT] = {{.path = NULL}};
	char paths[STREAM_LIMIT][4096];
	int result = 0;
	for (size_t i = 0; wanted[i] && result == 0; i++) {
		snprintf(paths[i], sizeof paths[i], "%s/%s.%s", folder, wanted[i]->name, is_csv ? "csv" : "ndjson");
		result = atomic_file_open(&files[i], paths[i], 0644, error);
		if (result == 0)
			result = export_stream(ledger, wanted[i], is_csv, &files[i].output, error);
		output_flush(&files[i].output);
		if (result == 0 && output_failed(&files[i].output))
			result = output_close(&files[i].output, error);
	}
	for (size_t i = 0; wanted[i] && result == 0; i++)
		result = atomic_file_commit(&files[i], error);
	for (size_t i = 0; wanted[i]; i++)
		atomic_file_abandon(&files[i]);
	return result;
}

static int export(struct ledger *ledger, const struct stream *const wanted[], bool is_csv, struct output *output, struct error *error)
{
	int result = ledger_snapshot(ledger, error);
	if (result == 0 && folder)
		return write_streams(ledger, wanted, is_csv, error);
	for (size_t i = 0; wanted[i] && result == 0 && !output_failed(output); i++)
		result = export_stream(ledger, wanted[i], is_csv, output, error);
	return result;
}

/* Streams that no ledger has are not among streams[]; a policy_difference has the key of a restatement. */
static const struct stream *find_stream(const struct json_slice *name)
{
	static const struct stream *const others[] = {&stream_entitlement_use, &stream_segment_use, &stream_consumption_use,
		&stream_model_identifier, &stream_account_night, NULL};
	const struct stream *found = stream_find(name->text, name->length);
	for (size_t i = 0; !found && others[i]; i++)
		found = json_slice_equals(name, others[i]->name) ? others[i] : NULL;
	return found || !json_slice_equals(name, "policy_difference") ? found : &stream_restatement;
}

/* The output of another stage, for targets. The token of a CONNECTION is not for them. */
static void fill_keys(struct output *output, struct error *error)
{
	struct message_reader reader;
	struct message message;
	if (message_reader_open(&reader, STDIN_FILENO, "standard input", NULL, 0, false, error) < 0)
		return;
	while (!output_failed(output) && message_next(&reader, &message, error) > 0) {
		const struct stream *stream = message.type == MESSAGE_RECORD ? find_stream(&message.stream) : NULL;
		size_t start = output->pending.length;
		if (message.type == MESSAGE_CONNECTION)
			continue;
		buffer_append(&output->pending, message.line.text, message.line.length);
		buffer_append_byte(&output->pending, '\n');
		if (stream)
			stream_fill_key(stream, &output->pending, start);
		output_line_end(output);
	}
	message_reader_release(&reader);
}

static void run(const char **operands, struct output *output, struct error *error)
{
	struct ledger ledger;
	struct policy policy = {.name = NULL};
	const struct stream *wanted[STREAM_LIMIT];
	(void)operands;
	if (!ledger_path)
		options_refuse("cannot export without a ledger: --ledger FILE");
	bool is_csv = parse_format();
	if (fills_keys && strcmp(ledger_path, "-") == 0) {
		fill_keys(output, error);
		return;
	}
	size_t count = parse_streams(wanted);
	if (is_csv && count != 1 && !folder)
		options_refuse("cannot print several streams as CSV: give one --stream, or --output FOLDER for a file each");
	if (folder && (!*folder || strlen(folder) > 4000))
		options_refuse("cannot use --output '%.40s': it must be the path of a folder", folder);
	if (policy_load(policy_path, &policy, error) == 0 && ledger_open(&ledger, ledger_path, LEDGER_READ, error) == 0) {
		ledger.policy = &policy;
		export(&ledger, wanted, is_csv, output, error);
		ledger_close(&ledger);
	}
	policy_release(&policy);
}

int main(int argc, const char **argv)
{
	return program_run(argc, argv, table, &manual, run);
}
