#include "normalize/feed_map.h"

#include "base/embedded.h"
#include "base/instant.h"
#include "json/jq_program.h"
#include "json/json_integers.h"
#include "json/json_slice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

EMBEDDED(normalize_accounts_jq);
EMBEDDED(normalize_plan_items_jq);
EMBEDDED(normalize_billing_jq);

#define BUILTIN_INPUT_LIMIT ((size_t)2 << 20) /* bytes of a record: jq needs up to 300 times as much memory */
#define RESULTS_LIMIT (4 * LINE_LIMIT) /* bytes of all results of one record */

/* A jq program with the scanner for its results. */
struct feed_map_program {
	const char *raw_stream;
	const struct stream *target;
	const char *name, *text;
	size_t length;
	bool is_own; /* the user's: its input is the bare record, not {"stream", "context", "record"} */
	struct json_scanner *scanner;
};

/* The slot of a pointer, each once; -1 with an error. */
static int slot_of(struct feed_map *map, const char *pointer, struct error *error)
{
	for (size_t j = 0; j < map->pointer_count; j++)
		if (strcmp(map->pointers[j], pointer) == 0)
			return (int)j;
	if (map->pointer_count == RAW_MAP_FIELDS)
		return error_set(error, EX_CONFIG, "cannot use feed '%s': too many pointers in its map", map->feed.name);
	map->pointers[map->pointer_count] = pointer;
	return (int)map->pointer_count++;
}

static int map_feed(struct feed_map *map, struct error *error)
{
	for (int i = 0; map->target->fields[i].name; i++) {
		const struct feed_field *field = feed_find_field(&map->feed, map->target->fields[i].name);
		map->slots[i] = RAW_MAP_ABSENT;
		map->words[i] = field ? field->when_present : NULL;
		map->has_words |= map->words[i] != NULL;
		if (field && field->context != FEED_CONTEXT_NONE)
			map->slots[i] = field->context == FEED_CONTEXT_ACCOUNT ? RAW_MAP_CONTEXT_ACCOUNT : RAW_MAP_CONTEXT_ORGANIZATION;
		if (!field || !field->pointer)
			continue;
		if ((map->slots[i] = slot_of(map, field->pointer, error)) < 0)
			return -1;
		map->times[i] = (struct feed_map_time){.format = field->format, .time_slot = -1};
		map->has_times |= field->format != NULL;
		if (field->time_pointer && (map->times[i].time_slot = slot_of(map, field->time_pointer, error)) < 0)
			return -1;
	}
	return 0;
}

int feed_map_open(struct feed_map *map, const char *feed, const char *stream, const char *program, struct error *error)
{
	*map = (struct feed_map){.wrapped = BUFFER_INIT, .exact = BUFFER_INIT};
	if (feed_load(feed, &map->feed, error) < 0)
		return -1;
	bool is_feeds = stream && strcmp(stream, "docusign_accounts") != 0 && strcmp(stream, "docusign_plan_items") != 0 &&
		strcmp(stream, "docusign_billing") != 0 && !stream_find(stream, strlen(stream));
	bool tells_method = program ? strstr(program, "sending_method") != NULL : feed_find_field(&map->feed, "sending_method") != NULL;
	map->target = tells_method ? &stream_envelope_method : &stream_envelope;
	canonical_form_init(&map->envelope, map->target);
	map->envelope.bounded = true;
	map->stream = is_feeds ? stream : map->feed.stream;
	const struct feed_map_program programs[] = {
		{.raw_stream = "docusign_accounts",
			.target = &stream_account,
			.name = "accounts.jq",
			.text = EMBEDDED_TEXT(normalize_accounts_jq),
			.length = EMBEDDED_LENGTH(normalize_accounts_jq)},
		{.raw_stream = "docusign_plan_items",
			.target = &stream_subscription,
			.name = "plan_items.jq",
			.text = EMBEDDED_TEXT(normalize_plan_items_jq),
			.length = EMBEDDED_LENGTH(normalize_plan_items_jq)},
		{.raw_stream = "docusign_billing",
			.target = &stream_billing_period,
			.name = "billing.jq",
			.text = EMBEDDED_TEXT(normalize_billing_jq),
			.length = EMBEDDED_LENGTH(normalize_billing_jq)},
		{.raw_stream = program ? map->stream : NULL, .target = map->target, .name = "--jq", .is_own = true},
		{.raw_stream = NULL},
	};
	map->programs = malloc(sizeof programs);
	if (!map->programs) {
		error_set(error, EX_OSERR, "out of memory");
		goto failed;
	}
	memcpy(map->programs, programs, sizeof programs);
	if (map_feed(map, error) < 0)
		goto failed;
	/* The user's program is compiled at once, so that a mistake in it shows before anything is read. */
	if (program && !(map->own = jq_program_new("--jq", program, strlen(program), error)))
		goto failed;
	return 0;
failed:
	feed_map_release(map);
	return -1;
}

void feed_map_release(struct feed_map *map)
{
	for (struct feed_map_program *program = map->programs; program && program->raw_stream; program++)
		json_scanner_free(program->scanner);
	jq_program_free(map->own);
	jq_program_free(map->built_in);
	free(map->programs);
	feed_release(&map->feed);
	buffer_release(&map->wrapped);
	buffer_release(&map->exact);
	*map = (struct feed_map){.wrapped = BUFFER_INIT, .exact = BUFFER_INIT};
}

static struct feed_map_program *find_program(const struct feed_map *map, const struct stream *target)
{
	for (struct feed_map_program *program = map->programs; program->raw_stream; program++)
		if (program->target == target)
			return program;
	return NULL;
}

const struct stream *feed_map_target(const struct feed_map *map, const char *stream, size_t length)
{
	if (strlen(map->stream) == length && memcmp(map->stream, stream, length) == 0)
		return map->target;
	for (struct feed_map_program *program = map->programs; program->raw_stream; program++)
		if (strlen(program->raw_stream) == length && memcmp(program->raw_stream, stream, length) == 0)
			return program->target;
	return NULL;
}

/* Where a pointer finds something, the word that the map has for it. */
static void put_words(const struct feed_map *map, struct json_slice slices[])
{
	for (int i = 0; map->target->fields[i].name; i++)
		if (map->words[i] && slices[i].kind != JSON_ABSENT && slices[i].kind != JSON_NULL)
			slices[i] = (struct json_slice){JSON_STRING, map->words[i], strlen(map->words[i])};
}

/* Times in a format of their own, as RFC 3339; what is not in it stays, and is a reject. */
static void put_times(struct feed_map *map, const struct message *message, struct json_slice slices[])
{
	for (int i = 0; map->target->fields[i].name; i++) {
		struct feed_map_time *time = &map->times[i];
		const struct json_slice *rest = time->time_slot >= 0 ? &message->fields[time->time_slot] : NULL;
		char text[100];
		struct tm parts = {.tm_year = 0};
		if (!time->format || slices[i].kind != JSON_STRING || (rest && rest->kind != JSON_STRING))
			continue;
		snprintf(text, sizeof text, "%.*s%s%.*s", (int)(slices[i].length < 40 ? slices[i].length : 40), slices[i].text,
			rest ? " " : "", rest && rest->length < 40 ? (int)rest->length : 0, rest ? rest->text : "");
		const char *end = strptime(text, time->format, &parts);
		int64_t offset = parts.tm_gmtoff;
		if (!end || *end)
			continue;
		int64_t instant = ((int64_t)timegm(&parts) - offset) * 1000;
		if (instant < INSTANT_FIRST || instant >= INSTANT_END)
			continue;
		instant_format(instant, time->text);
		slices[i] = (struct json_slice){JSON_STRING, time->text, INSTANT_LENGTH};
	}
}

/* The hot path: fields by pointer, straight from the line. */
static int append_mapped(struct feed_map *map, const struct message *message, struct buffer *lines, struct feed_map_fault *fault)
{
	static const struct json_slice absent = {JSON_ABSENT, NULL, 0};
	struct json_slice slices[RAW_MAP_FIELDS];
	struct canonical_fault canonical;
	for (int i = 0; map->target->fields[i].name; i++) {
		int slot = map->slots[i];
		slices[i] = slot >= 0                          ? message->fields[slot]
			: slot == RAW_MAP_CONTEXT_ACCOUNT      ? message->context_account_id
			: slot == RAW_MAP_CONTEXT_ORGANIZATION ? message->context_organization_id
							       : absent;
	}
	if (map->has_words)
		put_words(map, slices);
	if (map->has_times)
		put_times(map, message, slices);
	if (canonical_form_append(&map->envelope, lines, slices, &message->time_extracted, &canonical) == 0)
		return 0;
	const char *name = map->target->fields[canonical.field].name;
	const struct feed_field *field = feed_find_field(&map->feed, name);
	fault->pointer = field && field->pointer ? field->pointer : "";
	if (field && field->format)
		snprintf(fault->reason, sizeof fault->reason, "%s must be a time in the format '%s'%s%s", name, field->format,
			field->time_pointer ? ", its second half at " : "", field->time_pointer ? field->time_pointer : "");
	else
		snprintf(fault->reason, sizeof fault->reason, "%s %s", name, canonical.reason);
	return 1;
}

/* What one run of a jq program needs beside the text it gives. */
struct result {
	struct feed_map_program *program;
	const struct message *message;
	struct buffer *lines;
	struct feed_map_fault *fault;
	struct error *error;
	size_t start; /* of its lines */
	int count;
};

/* Times with different offsets are in order only once they are read. */
static int check_billing_period(const struct json_slice slices[], struct feed_map_fault *fault)
{
	int start = stream_field_index(&stream_billing_period, "period_start", strlen("period_start"));
	int64_t from, to;
	if (json_slice_instant(&slices[start], &from) && json_slice_instant(&slices[start + 1], &to) && from < to)
		return 0;
	snprintf(fault->reason, sizeof fault->reason, "period_end must be after period_start");
	return 1;
}

static int append_result(void *context, const char *text, size_t length)
{
	struct result *result = context;
	const struct stream *target = result->program->target;
	struct json_slice slices[RAW_MAP_FIELDS];
	struct canonical_fault canonical;
	struct error problem = ERROR_INIT;
	result->count++;
	result->fault->pointer = "";
	if (json_scan(result->program->scanner, text, length, slices, &problem) < 0) {
		snprintf(result->fault->reason, sizeof result->fault->reason, "the jq program must produce objects: %.200s", problem.text);
		return 1;
	}
	struct canonical_form form;
	canonical_form_init(&form, target);
	form.bounded = true;
	if (result->lines->length - result->start > RESULTS_LIMIT) {
		snprintf(result->fault->reason, sizeof result->fault->reason, "the results of the record exceed %zu bytes", RESULTS_LIMIT);
		return 1;
	}
	if (canonical_form_append(&form, result->lines, slices, &result->message->time_extracted, &canonical) == 0)
		return target == &stream_billing_period ? check_billing_period(slices, result->fault) : 0;
	snprintf(result->fault->reason, sizeof result->fault->reason, "%s %s", target->fields[canonical.field].name, canonical.reason);
	return 1;
}

/* All programs of ours are compiled as one: most of the time goes into jq's own functions. */
static int compile_built_in(struct feed_map *map, struct error *error)
{
	struct buffer text = BUFFER_INIT;
	buffer_append_string(&text, ".stream as $stream | ");
	for (const struct feed_map_program *program = map->programs; !program->is_own; program++) {
		buffer_append_format(&text, "%s $stream == \"%s\" then (", program == map->programs ? "if" : "elif", program->raw_stream);
		buffer_append(&text, program->text, program->length);
		buffer_append_string(&text, ") ");
	}
	buffer_append_string(&text, "else empty end");
	if (buffer_check(&text, error) == 0)
		map->built_in = jq_program_new("normalize", text.data, text.length, error);
	buffer_release(&text);
	return map->built_in ? 0 : -1;
}

static int prepare(struct feed_map *map, struct feed_map_program *program, struct error *error)
{
	const char *pointers[RAW_MAP_FIELDS];
	char names[RAW_MAP_FIELDS][40];
	size_t count = 0;
	if (!program->is_own && !map->built_in && compile_built_in(map, error) < 0)
		return -1;
	if (program->scanner)
		return 0;
	for (; program->target->fields[count].name; count++) {
		snprintf(names[count], sizeof names[count], "/%s", program->target->fields[count].name);
		pointers[count] = names[count];
	}
	program->scanner = json_scanner_new(pointers, count, error);
	return program->scanner ? 0 : -1;
}

static int append_transformed(struct feed_map *map, struct feed_map_program *program, const struct message *message, struct buffer *lines,
	struct feed_map_fault *fault, struct error *error)
{
	size_t start = lines->length;
	if (prepare(map, program, error) < 0)
		return -1;
	const char *record = message->type == MESSAGE_RECORD ? message->record.text : message->line.text;
	size_t length = message->type == MESSAGE_RECORD ? message->record.length : message->line.length;
	if (!program->is_own && length > BUILTIN_INPUT_LIMIT) {
		fault->pointer = "";
		snprintf(fault->reason, sizeof fault->reason, "the record has %zu bytes: %zu are read", length, BUILTIN_INPUT_LIMIT);
		return 1;
	}
	if (!program->is_own) {
		buffer_reset(&map->wrapped);
		buffer_append_format(&map->wrapped, "{\"stream\":\"%s\",\"context\":", program->raw_stream);
		if (message->type == MESSAGE_RECORD && message->context.kind == JSON_OBJECT)
			buffer_append(&map->wrapped, message->context.text, message->context.length);
		else
			buffer_append_string(&map->wrapped, "{}");
		buffer_append_string(&map->wrapped, ",\"record\":");
		buffer_append(&map->wrapped, record, length);
		buffer_append_byte(&map->wrapped, '}');
		if (buffer_check(&map->wrapped, error) < 0)
			return -1;
		record = map->wrapped.data;
		length = map->wrapped.length;
	}
	buffer_reset(&map->exact);
	if (json_quote_long_numbers(&map->exact, record, length)) {
		if (buffer_check(&map->exact, error) < 0)
			return -1;
		record = map->exact.data;
		length = map->exact.length;
	}
	struct error problem = ERROR_INIT;
	struct result result = {program, message, lines, fault, error, start, 0};
	int stopped =
		jq_program_run(program->is_own ? map->own : map->built_in, program->name, record, length, append_result, &result, &problem);
	if (stopped < 0 && problem.status != EX_DATAERR) {
		*error = problem;
		return -1;
	}
	if (stopped < 0) {
		fault->pointer = "";
		snprintf(fault->reason, sizeof fault->reason, "%.280s", problem.text);
		stopped = 1;
	}
	if (stopped)
		lines->length = start;
	else if (result.count == 0)
		map->yielded_nothing++;
	return stopped;
}

int feed_map_append(struct feed_map *map, const struct stream *target, const struct message *message, struct buffer *lines,
	struct feed_map_fault *fault, struct error *error)
{
	struct feed_map_program *program = find_program(map, target);
	if (program)
		return append_transformed(map, program, message, lines, fault, error);
	return append_mapped(map, message, lines, fault);
}
