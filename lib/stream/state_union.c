#include "stream/state_union.h"

#include "base/array.h"
#include "json/json_write.h"

#include <stdlib.h>
#include <string.h>

enum { MEMBERS, STREAMS, ENTRIES };

struct reading {
	struct state_union *state;
	size_t stream;
	struct error *error;
};

/* Makes the JSON text that of the name, in place of an earlier one. */
static int keep(struct reading *reading, struct name_table *table, const char *key, size_t key_length, const char *text, size_t length)
{
	struct state_union *state = reading->state;
	struct name *name = name_table_find(table, key, key_length);
	if (!name) {
		name = name_table_add(table, key, key_length, (int64_t)state->count, reading->error);
		if (!name || !array_grow((void **)&state->texts, &state->count, sizeof *state->texts, reading->error))
			return -1;
	}
	char *copy = strndup(text, length), **place = &state->texts[name->value];
	if (!copy)
		return error_set(reading->error, EX_OSERR, "out of memory");
	free(*place);
	*place = copy;
	return 0;
}

static int read_entry(void *context, const char *key, size_t key_length, const char *text, size_t length)
{
	struct reading *reading = context;
	struct buffer name = BUFFER_INIT;
	const struct shard *shard = reading->state->shard;
	int mine = shard ? shard_has(shard, key, key_length, reading->error) : 1;
	if (mine <= 0)
		return mine;
	buffer_append_format(&name, "%06zu ", reading->stream);
	buffer_append(&name, key, key_length);
	int result = buffer_check(&name, reading->error);
	if (result == 0)
		result = keep(reading, &reading->state->bookmarks, name.data, name.length, text, length);
	buffer_release(&name);
	return result;
}

static int read_stream(void *context, const char *key, size_t key_length, const char *text, size_t length)
{
	struct reading *reading = context;
	const struct json_slice entries = {JSON_OBJECT, text, length};
	ptrdiff_t number = name_table_number(&reading->state->streams, key, key_length, reading->error);
	if (number < 0)
		return -1;
	if (*text != '{')
		return error_set(reading->error, EX_DATAERR, "the bookmarks of a stream in a STATE must be an object");
	reading->stream = (size_t)number;
	return json_scan_members(reading->state->scanners[ENTRIES], &entries, read_entry, reading, reading->error);
}

static int read_member(void *context, const char *key, size_t key_length, const char *text, size_t length)
{
	struct reading *reading = context;
	const struct json_slice streams = {JSON_OBJECT, text, length};
	if (key_length != strlen("bookmarks") || memcmp(key, "bookmarks", key_length) != 0 || *text != '{')
		return keep(reading, &reading->state->members, key, key_length, text, length);
	return json_scan_members(reading->state->scanners[STREAMS], &streams, read_stream, reading, reading->error);
}

int state_union_add(struct state_union *state, const struct json_slice *value, struct error *error)
{
	struct reading reading = {.state = state, .error = error};
	for (size_t i = 0; i < sizeof state->scanners / sizeof *state->scanners; i++)
		if (!state->scanners[i] && !(state->scanners[i] = json_scanner_new(NULL, 0, error)))
			return -1;
	state->has_state = true;
	if (value->kind == JSON_NULL)
		return 0;
	if (value->kind != JSON_OBJECT)
		return error_set(error, EX_DATAERR, "the value of a STATE must be an object, this is %s", json_kind_name(value->kind));
	return json_scan_members(state->scanners[MEMBERS], value, read_member, &reading, error);
}

static int compare_names(const void *left, const void *right)
{
	return strcmp((*(const struct name *const *)left)->text, (*(const struct name *const *)right)->text);
}

static void append_member(const struct state_union *state, const struct name *name, size_t skipped, struct buffer *line)
{
	const char *text = state->texts[name->value];
	json_string(line, name->text + skipped, name->length - skipped);
	if (!line->failed)
		line->data[line->length - 1] = ':'; /* json_string() ends like a value */
	json_raw(line, text, strlen(text));
}

int state_union_append(const struct state_union *state, struct buffer *line, struct error *error)
{
	const struct name **sorted = calloc(state->bookmarks.count + 1, sizeof *sorted);
	if (!sorted)
		return error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < state->bookmarks.count; i++)
		sorted[i] = &state->bookmarks.names[i];
	qsort(sorted, state->bookmarks.count, sizeof *sorted, compare_names);
	buffer_append_string(line, "{\"bookmarks\":{");
	for (size_t stream = 0, at = 0; stream < state->streams.count; stream++) {
		const struct name *name = &state->streams.names[stream];
		json_string(line, name->text, name->length);
		if (!line->failed)
			line->data[line->length - 1] = ':';
		json_begin(line, '{');
		for (; at < state->bookmarks.count && strtoul(sorted[at]->text, NULL, 10) == stream; at++)
			append_member(state, sorted[at], strcspn(sorted[at]->text, " ") + 1, line);
		json_end(line, '}');
	}
	json_end(line, '}');
	for (size_t i = 0; i < state->members.count; i++)
		append_member(state, &state->members.names[i], 0, line);
	json_end(line, '}');
	json_finish(line);
	free(sorted);
	return buffer_check(line, error);
}

void state_union_release(struct state_union *state)
{
	for (size_t i = 0; i < state->count; i++)
		free(state->texts[i]);
	free(state->texts);
	for (size_t i = 0; i < sizeof state->scanners / sizeof *state->scanners; i++)
		json_scanner_free(state->scanners[i]);
	name_table_release(&state->streams);
	name_table_release(&state->bookmarks);
	name_table_release(&state->members);
	*state = (struct state_union){.count = 0};
}
