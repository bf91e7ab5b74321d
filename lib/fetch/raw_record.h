/*
 * raw_record.h: the messages of raw streams: records of the service, byte for byte, in Singer messages.
 *
 * {"type":"RECORD","stream":…,"record":<as sent>,"context":{"organization_id":…,"account_id":…},"time_extracted":…}
 * The context has the ids of the request, which some services omit from their records.
 */
#ifndef ENVTALLY_RAW_RECORD_H
#define ENVTALLY_RAW_RECORD_H

#include "config/feed.h"

#include <stdint.h>

struct raw_context {
	const char *stream, *organization_id;
	const char *account_id; /* or NULL: omitted */
	int64_t time_extracted;
};

/* What is before and after the records of a context in their lines: made once for many. */
struct raw_frame {
	struct buffer before, after;
};

#define RAW_FRAME_INIT \
	{ \
		.before = BUFFER_INIT, .after = BUFFER_INIT \
	}

void raw_frame_make(struct raw_frame *frame, const struct raw_context *context);
void raw_frame_release(struct raw_frame *frame);

/* Appends the RECORD as a line. `record` must be the text of an object on one line. */
void raw_frame_append(struct buffer *line, const struct raw_frame *frame, const char *record, size_t length);

/* The same for one record of a context. */
void raw_record_append(struct buffer *line, const struct raw_context *context, const char *record, size_t length);

/* Appends the stream's SCHEMA as a line: objects without a key, with `count` members that they may have, of any type. Targets want to know some. */
void raw_schema_append(struct buffer *line, const char *stream, const char *const members[], size_t count);

/* The same for a feed: the members that its map and its clock lead to. */
void raw_schema_append_feed(struct buffer *line, const struct feed *feed);

#endif
