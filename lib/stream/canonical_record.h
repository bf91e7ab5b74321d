/*
 * canonical_record.h: a record of a canonical stream, checked and written from slices of JSON.
 *
 * Values become canonical by their field's type: ids and words lower case, times RFC 3339 UTC with milliseconds (cut, not
 * rounded). Absent, null and, where a field may be null, an empty id or a time that stands for none (0001-01-01T00:00:00,
 * 9999-12-31T23:59:59) are null.
 */
#ifndef ENVTALLY_CANONICAL_RECORD_H
#define ENVTALLY_CANONICAL_RECORD_H

#include "stream/stream.h"
#include "json/json_scan.h"

struct canonical_fault {
	int field; /* index of the field that is wrong */
	char reason[200];
};

#define CANONICAL_KEY_ROOM 48
#define CANONICAL_TEXT_LIMIT 1024 /* such a text fits into a key of PostgreSQL's */

/* What all RECORD lines of a stream have in common, for those who write many. */
struct canonical_form {
	const struct stream *stream;
	/*
	 * Values are such that every later stage can compute with them: times of the years 1000 to 8999, whose periods have a text, too; texts of
	 * at most CANONICAL_TEXT_LIMIT bytes, several of which fit on a line; lines of at most LINE_LIMIT. Set by those who read what is not ours.
	 */
	bool bounded;
	size_t head_length;
	char head[80];
	struct {
		char text[CANONICAL_KEY_ROOM]; /* ,"account_id": */
		size_t length;
	} keys[STREAM_FIELD_LIMIT];
};

void canonical_form_init(struct canonical_form *form, const struct stream *stream);

/*
 * Appends a RECORD line with the record whose fields are slices[], in the stream's order; `time_extracted` may be absent.
 * Returns 0; -1 with the fault when a value does not fit: then nothing was appended.
 */
int canonical_form_append(const struct canonical_form *form, struct buffer *line, const struct json_slice slices[],
	const struct json_slice *time_extracted, struct canonical_fault *fault);

/* The same for one record. */
int canonical_record_append(struct buffer *line, const struct stream *stream, const struct json_slice slices[],
	const struct json_slice *time_extracted, struct canonical_fault *fault);

#endif
