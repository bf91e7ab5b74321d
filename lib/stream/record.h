/*
 * record.h: reads the fields of a RECORD.
 *
 * A program lists its fields once; the list makes the slots and the pointers of its message_reader:
 *
 *     #define FIELDS(X) X(account_id) X(period_start) X(units_consumed)
 *     enum { FIELDS(RECORD_SLOT) SLOTS };
 *     static const char *const pointers[] = {FIELDS(RECORD_POINTER)};
 *
 *     struct record record = {.reader = reader, .message = message, .error = error};
 *     int64_t units = record_integer(&record, SLOT_units_consumed);
 *     int64_t start = record_instant(&record, SLOT_period_start);
 *     if (record.failed)
 *             return -1;
 *
 * No checks are needed in between: the first invalid field sets the error (EX_DATAERR: file, line, stream, field, expected and actual
 * value), and every later read returns 0, NULL or none.
 */
#ifndef ENVTALLY_RECORD_H
#define ENVTALLY_RECORD_H

#include "base/arena.h"
#include "base/name_table.h"
#include "base/period.h"
#include "base/sum_table.h"
#include "stream/message.h"
#include "stream/stream.h"

#define RECORD_SLOT(name) SLOT_##name,
#define RECORD_POINTER(name) "/" #name,

#define RECORD_NO_NAME UINT32_MAX
#define RECORD_FIELD_LIMIT 200

/*
 * A program that handles complete records makes its slots from the table in stream.c instead: all fields of several streams, the first
 * stream's in its order, and a field that several have once. `pointers` are for the message_reader.
 */
struct record_fields {
	const char *pointers[RECORD_FIELD_LIMIT]; /* "/name" */
	char names[RECORD_FIELD_LIMIT][40];
	size_t count;
};

/* `list` is NULL-terminated. EX_SOFTWARE for more than RECORD_FIELD_LIMIT fields. */
int record_fields_build(struct record_fields *fields, const struct stream *const list[], struct error *error);

/* The slot of a field; -1 if no stream of the list has it. */
int record_fields_slot(const struct record_fields *fields, const char *name);

struct record {
	const struct message_reader *reader;
	const struct message *message;
	struct error *error;
	bool failed;
};

/* The field, unconverted. Valid until the next message_next(), as every slice. */
const struct json_slice *record_slice(const struct record *record, int slot);
/* Null, or not there. */
bool record_is_null(const struct record *record, int slot);

/* A whole number; record_integer_or() returns `otherwise` for null. */
int64_t record_integer(struct record *record, int slot);
int64_t record_integer_or(struct record *record, int slot, int64_t otherwise);

/* The same, not below zero. */
int64_t record_count(struct record *record, int slot);
int64_t record_count_or(struct record *record, int slot, int64_t otherwise);

/* A count, or the word "unlimited": then *is_unlimited is set and 0 returned. Null is 0. */
int64_t record_rights(struct record *record, int slot, bool *is_unlimited);

/* An instant (instant.h); record_instant_or_none() gives INSTANT_NONE for null. */
int64_t record_instant(struct record *record, int slot);
int64_t record_instant_or_none(struct record *record, int slot);

/* The number of a string in a table of names, where it is added when it is new; RECORD_NO_NAME for null. */
uint32_t record_name(struct record *record, int slot, struct name_table *table);

/* The same, but null is the name "". */
uint32_t record_name_or_empty(struct record *record, int slot, struct name_table *table);

/* A copy in the arena, NUL-terminated; NULL for null. A NUL in the text becomes U+2400. Numbers, arrays and objects give their JSON. */
const char *record_text(struct record *record, int slot, struct arena *arena);

/* The same text kept in a table of names, where equal texts are one: they can be compared by their pointers. */
const char *record_shared_text(struct record *record, int slot, struct name_table *table);

/* Sets *text to such a copy of a string, unless it already is that text. Leaves *text if the field is not a string. */
void record_text_update(struct record *record, int slot, struct arena *arena, const char **text);

/* A date, in days (instant.h). */
int32_t record_day(struct record *record, int slot);

/* A period out of its three fields. Its end must be after its start. */
struct period record_period(struct record *record, int index, int start, int end);

/* Adds units to a sum, and returns it (sum_table.h). A sum out of range fails the record. */
const struct sum *record_sum(struct record *record, struct sum_table *sums, const uint32_t key[SUM_PARTS], int64_t units);

/*
 * Gives each RECORD of a descriptor, which errors call `name`, to `each`; other messages are passed over, and a failed record ends the walk. The
 * descriptor is not closed.
 */
typedef void record_take(void *context, struct record *record);
int records_read(int descriptor, const char *name, const char *const pointers[], size_t count, record_take *each, void *context,
	struct error *error);

/* Fails the record: "<stream> "<field>" must be <expected>, this is <what it is>". */
void record_wrong(struct record *record, int slot, const char *expected);

#endif
