/*
 * message.h: the lines of the pipe, read: Singer messages, CONNECTION, bare records.
 *
 * A reader is opened with the fields of records that the program needs (JSON Pointers within "record", e.g.
 * "/account_id"); each line is scanned once for these and the members of the message. A bare record has the
 * same fields at its top, when the reader was opened with `bare`.
 * A field of a key that stands for none (stream_is_none) is null. Blank lines are ignored. Slices last until the next message_next().
 */
#ifndef ENVTALLY_MESSAGE_H
#define ENVTALLY_MESSAGE_H

#include "io/line_reader.h"
#include "json/json_slice.h"

enum message_type {
	MESSAGE_BARE, /* no "type": a raw record */
	MESSAGE_SCHEMA,
	MESSAGE_RECORD,
	MESSAGE_STATE,
	MESSAGE_CONNECTION,
	MESSAGE_OTHER, /* another type: to be copied */
	MESSAGE_UNREADABLE, /* only with keep_unreadable or lines.keep_long: `error` says why; `line` may be only its beginning (line_reader.h) */
};

struct message {
	enum message_type type;
	struct line line;
	uint64_t line_number;
	struct json_slice stream, record, value, time_extracted;
	struct json_slice context, context_account_id, context_organization_id; /* ids of the request, in a raw RECORD */
	const struct json_slice *fields; /* as given to message_reader_open(), of a RECORD or a bare record */
	struct error error;
};

struct message_reader {
	struct line_reader lines;
	struct json_scanner *scanner;
	const char *const *pointers; /* of the fields, as they were given: they must last */
	struct json_slice *slices;
	size_t *bare_slots; /* where the fields of a bare record are among the slices; NULL unless opened with `bare` */
	size_t field_count;
	bool *may_be_none; /* of each field: it is part of a key */
	struct json_slice *bare_fields;
	bool keep_unreadable; /* set after opening, by a program that keeps rejects */
	bool envelopes_first; /* likewise: the fields begin with those of stream_envelope_method, whose lines may take the short way (envelope_line.h) */
};

int message_reader_open(struct message_reader *reader, int descriptor, const char *name, const char *const fields[], size_t count,
	bool bare, struct error *error);
void message_reader_release(struct message_reader *reader);

/* Returns 1 with a message, 0 at the end, -1 with an error that names file and line. */
int message_next(struct message_reader *reader, struct message *message, struct error *error);

/* Reads message->line, a line that the reader has given before; its line_number is the reader's present one. Returns as message_next(). */
int message_parse(struct message_reader *reader, struct message *message, struct error *error);

bool message_is_record(const struct message *message, const char *stream);

/* EX_DATAERR "cannot read '<name>' line <n>: <what>": for a stage that finds a record wrong. */
int message_error(const struct message_reader *reader, const struct message *message, struct error *error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
#ifdef __clang_analyzer__ /* as in error.h */
#define message_error(...) (message_error(__VA_ARGS__), -1)
#endif

#endif
