/*
 * fuzz_normalize: normalize as a whole. Every line it prints is JSON, and a record it prints is one that it would print again; the short way
 * to read an envelope's line gives what the JSON scanner gives.
 */
#include "fuzz.h"

#include "stream/envelope_line.h"
#include "stream/record.h"

#define main normalize_main
#include "../../stages/normalize.c"
#undef main

static void check_envelope(const struct message *message, const struct record_fields *fields)
{
	struct json_slice slices[STREAM_FIELD_LIMIT];
	struct canonical_fault fault;
	struct buffer again = BUFFER_INIT;
	if (!envelope_line_scan(message->line.text, message->line.length, slices))
		return;
	for (size_t i = 0; i < fields->count; i++)
		FUZZ_CHECK(slices[i].kind == message->fields[i].kind && slices[i].length == message->fields[i].length &&
			(!slices[i].length || memcmp(slices[i].text, message->fields[i].text, slices[i].length) == 0));
	const struct stream *form = slices[fields->count - 1].kind == JSON_ABSENT ? &stream_envelope : &stream_envelope_method;
	FUZZ_CHECK(canonical_record_append(&again, form, slices, &message->time_extracted, &fault) == 0);
	FUZZ_CHECK(again.length == message->line.length + 1 && memcmp(again.data, message->line.text, message->line.length) == 0);
	buffer_release(&again);
}

/* The lines of RECORDs of envelopes, as a later stage reads them. */
static void check_output(const struct buffer *lines)
{
	static const struct stream *const list[] = {&stream_envelope_method, NULL};
	struct record_fields fields = {.count = 0};
	struct message_reader reader;
	struct message message;
	record_fields_build(&fields, list, NULL);
	fuzz_stdin(lines->data, lines->length);
	FUZZ_CHECK(message_reader_open(&reader, STDIN_FILENO, "output", fields.pointers, fields.count, false, NULL) == 0);
	while (message_next(&reader, &message, NULL) > 0)
		if (message_is_record(&message, "envelope"))
			check_envelope(&message, &fields);
	message_reader_release(&reader);
}

static void normalize_lines(const void *bytes, size_t length, struct feed_map *map, struct output *lines)
{
	struct error error = ERROR_INIT;
	fuzz_output(lines);
	fuzz_stdin(bytes, length);
	struct normalizer normalizer = {.map = *map, .output = lines, .bare = map->target};
	rejects_path = "rejects"; /* only that lines may be long */
	FUZZ_CHECK(rejects_open(&normalizer.rejects, NULL, &error) == 0);
	if (normalize(&normalizer, STDIN_FILENO, "standard input", &error) < 0)
		FUZZ_CHECK(error.status == EX_DATAERR);
	*map = normalizer.map;
}

/* Each raw record by itself: merge takes what becomes of it. What is only passed on may be anything. */
static void check_raw(const uint8_t *bytes, size_t length, struct feed_map *map)
{
	struct fuzz_input input = {bytes, length};
	struct buffer line = BUFFER_INIT, all = BUFFER_INIT;
	while (fuzz_line(&input, &line)) {
		static const char record[] = "{\"type\":\"RECORD\",\"stream\":\"docusign_";
		struct output lines;
		if (strncmp(line.data, record, sizeof record - 1) != 0 && memmem(line.data, line.length, "type", 4))
			continue; /* a bare record has no type */
		if (memmem(line.data, line.length, "\\u", 2))
			continue;
		normalize_lines(line.data, line.length, map, &lines);
		buffer_append(&all, lines.pending.data, lines.pending.length);
		fuzz_close(&lines);
	}
	FUZZ_CHECK(all.length == 0 || fuzz_merge_takes(&all));
	buffer_release(&line);
	buffer_release(&all);
}

void fuzz_normalize(const uint8_t *bytes, size_t length)
{
	static struct feed_map map; /* its jq programs are compiled once */
	struct output lines;
	if (!map.target)
		FUZZ_CHECK(feed_map_open(&map, "datafeed", stream, program, NULL) == 0);
	normalize_lines(bytes, length, &map, &lines);
	check_output(&lines.pending);
	fuzz_close(&lines);
	if (length % 8 == 0) /* a ledger costs as much as all the rest */
		check_raw(bytes, length, &map);
}
