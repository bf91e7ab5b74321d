#include "export/database_load.h"

#include "base/embedded.h"
#include "io/atomic_file.h"
#include "stream/message.h"
#include "json/jq_program.h"
#include "json/json_write.h"

#include <stdio.h>
#include <string.h>

EMBEDDED(export_sqlite_jq);
EMBEDDED(export_postgres_jq);

/* A NUL is \u0000 after an even number of backslashes: those are pairs of their own. */
static void replace_nuls(char *text, size_t length)
{
	static const char nul[] = "\\u0000";
	for (char *at = text; (at = memmem(at, length - (size_t)(at - text), nul, sizeof nul - 1)); at += sizeof nul - 1) {
		size_t backslashes = 0;
		while (at - backslashes > text && at[-1 - (ptrdiff_t)backslashes] == '\\')
			backslashes++;
		if (backslashes % 2 == 0)
			memcpy(at, "\\ufffd", sizeof nul - 1);
	}
}

/* Copies the messages, and appends the SCHEMA messages to `schemas`, a JSON array under way. */
static int copy_messages(struct message_reader *reader, struct output *output, struct buffer *schemas, struct error *error)
{
	struct message message;
	int got;
	while ((got = message_next(reader, &message, error)) > 0 && !output_failed(output)) {
		if (message.type == MESSAGE_SCHEMA)
			json_raw(schemas, message.line.text, message.line.length);
		replace_nuls(message.line.text, message.line.length);
		output_line(output, message.line.text, message.line.length);
	}
	return got < 0 ? -1 : 0;
}

static int make_script(const char *dialect, const struct buffer *json, struct output *output, struct error *error)
{
	const struct {
		const char *dialect, *name, *text;
		size_t length;
	} programs[] = {
		{"sqlite", "sqlite.jq", EMBEDDED_TEXT(export_sqlite_jq), EMBEDDED_LENGTH(export_sqlite_jq)},
		{"postgres", "postgres.jq", EMBEDDED_TEXT(export_postgres_jq), EMBEDDED_LENGTH(export_postgres_jq)},
	};
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
		if (strcmp(programs[i].dialect, dialect) == 0)
			return jq_program_append_member(
				programs[i].name, programs[i].text, programs[i].length, json, "/script", &output->pending, error);
	return error_set(error, EX_USAGE, "cannot load into '%s': it must be sqlite or postgres", dialect);
}

int database_load_write(int descriptor, const char *folder, const char *dialect, const char *profile, struct error *error)
{
	char export_path[4096], script_path[4096];
	struct atomic_file export = {.path = NULL}, script = {.path = NULL};
	struct message_reader reader;
	struct buffer json = BUFFER_INIT;
	snprintf(export_path, sizeof export_path, "%s/export.ndjson", folder);
	snprintf(script_path, sizeof script_path, "%s/load.sql", folder);
	json_begin(&json, '{');
	json_member_text(&json, "profile", profile);
	json_member_begin(&json, "schemas", '[');
	int result = message_reader_open(&reader, descriptor, "standard input", NULL, 0, false, error);
	if (result == 0 && (result = atomic_file_open(&export, export_path, 0666, error)) == 0)
		result = copy_messages(&reader, &export.output, &json, error);
	json_end(&json, ']');
	json_end(&json, '}');
	json_finish(&json);
	if (result == 0 && (result = buffer_check(&json, error)) == 0 &&
		(result = atomic_file_open(&script, script_path, 0666, error)) == 0)
		result = make_script(dialect, &json, &script.output, error);
	if (result == 0)
		result = atomic_file_commit(&export, error) < 0 || atomic_file_commit(&script, error) < 0 ? -1 : 0;
	atomic_file_abandon(&export);
	atomic_file_abandon(&script);
	message_reader_release(&reader);
	buffer_release(&json);
	return result;
}
