/*
 * stream.h: the canonical streams of the pipe: names, keys, fields, and how their messages are begun.
 *
 * The table in stream.c defines the fields of each stream; the Singer SCHEMA, normalize's check of mapped records and merge's storage
 * are derived from it. doc/streams.md is the same for people.
 */
#ifndef ENVTALLY_STREAM_H
#define ENVTALLY_STREAM_H

#include "base/buffer.h"
#include "json/json_slice.h"

#define STREAM_FIELD_LIMIT 48 /* no stream has more fields */
#define ID_LIMIT 46 /* bytes of a FIELD_ID; a UUID as text is 36 */

enum field_type {
	FIELD_ID, /* lower-case text; a UUID at Docusign */
	FIELD_WORD, /* lower-case text of a small set, such as a status */
	FIELD_TEXT, /* unchanged */
	FIELD_TIME, /* RFC 3339 UTC with milliseconds and Z */
	FIELD_DAY, /* YYYY-MM-DD */
	FIELD_INTEGER, /* 64 bits */
	FIELD_DECIMAL, /* exact decimal, a JSON string: money */
	FIELD_RIGHTS, /* an integer, or the string "unlimited" */
	FIELD_BOOLEAN,
	FIELD_OBJECT,
	FIELD_ARRAY,
};

struct stream_field {
	const char *name;
	enum field_type type;
	bool required; /* never null */
};

struct stream {
	const char *name;
	const char *const *keys; /* NULL-terminated */
	const struct stream_field *fields; /* ended by a NULL name */
};

/*
 * stream_envelope_method is stream_envelope, under the same name, with `sending_method` as its last field: what it is where some source
 * tells that field. Everyone else keeps the shorter one, so that what is printed there stays as it is. stream_find() gives the shorter.
 */
extern const struct stream stream_account, stream_account_site, stream_subscription, stream_envelope, stream_envelope_method,
	stream_watermark, stream_account_night, stream_billing_period, stream_daily_consumption, stream_consumption, stream_restatement,
	stream_rights_restatement, stream_contract, stream_unrecognized_subscription, stream_ineffective_row,
	stream_consumption_without_position, stream_consumption_balance, stream_declared_consumption, stream_metric_result,
	stream_model_result, stream_product_result, stream_group_result, stream_unlicensed_consumption, stream_billing_check,
	stream_remediation, stream_forecast, stream_past_forecast, stream_entitlement_use, stream_segment_use, stream_consumption_use,
	stream_explanation, stream_model_identifier, stream_job_result;

/* All of them, NULL-terminated. */
extern const struct stream *const streams[];

/* NULL if there is no canonical stream of that name. */
const struct stream *stream_find(const char *name, size_t length);

/* The index of a field, -1 when the stream has none of that name. */
int stream_field_index(const struct stream *stream, const char *name, size_t length);
size_t stream_field_count(const struct stream *stream);

/* Appends the stream's SCHEMA message as a line. */
void stream_append_schema(struct buffer *line, const struct stream *stream);

/*
 * A RECORD line, written in one of two ways. stream_append_record() wraps a record that is JSON already. stream_begin_record() opens the
 * record and stream_end_record() ends the line; between them the caller writes the members with json_write.h. `time_extracted` is an
 * RFC 3339 text, or NULL for none.
 */
void stream_append_record(struct buffer *line, const struct stream *stream, const char *record, size_t length);
void stream_begin_record(struct buffer *line, const struct stream *stream);
void stream_end_record(struct buffer *line, const char *time_extracted, size_t time_length);

/* How every RECORD line begins, up to the record; `name` is a string literal. */
#define STREAM_RECORD_HEAD(name) STREAM_RECORD_BEFORE_NAME name STREAM_RECORD_AFTER_NAME
#define STREAM_RECORD_BEFORE_NAME "{\"type\":\"RECORD\",\"stream\":\""
#define STREAM_RECORD_AFTER_NAME "\",\"record\":"

/*
 * Other programs' targets take no null in a key: there none is the empty text, the number 0 or STREAM_NO_TIME. Readers get null for the texts
 * (message.h).
 */
#define STREAM_NO_TIME "0001-01-01T00:00:00.000Z"
bool stream_is_none(const struct json_slice *member);

/* Writes these in place of null into the record of the stream that begins at `from`, as our programs write it. */
void stream_fill_key(const struct stream *stream, struct buffer *line, size_t from);

/*
 * What both are made of, for a RECORD of a stream that is not canonical, or with members of its own after the record:
 * {"type":"RECORD","stream":NAME,"record": … } and a newline. What comes between ends with a comma, as json_write.h leaves it.
 */
void stream_open_record(struct buffer *line, const char *name);
void stream_close_record(struct buffer *line);

#endif
