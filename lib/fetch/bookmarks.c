#include "fetch/bookmarks.h"

#include "base/instant.h"
#include "io/line_reader.h"
#include "json/json_write.h"

#include <errno.h>
#include <fcntl.h>
#include <jv.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A key that may need escaping. json_string() ends like a value, with a comma. */
static void append_key(struct buffer *json, const char *key)
{
	json_string(json, key, strlen(key));
	if (!json->failed)
		json->data[json->length - 1] = ':';
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct bookmark *)a)->account_id, ((const struct bookmark *)b)->account_id);
}

static void bookmark_free(void *given)
{
	struct bookmark *bookmark = given;
	if (!bookmark)
		return;
	free(bookmark->account_id);
	free(bookmark->position);
	free(bookmark);
}

struct bookmark *bookmarks_get(struct bookmarks *bookmarks, const char *account_id, struct error *error)
{
	struct bookmark key = {.account_id = (char *)(uintptr_t)account_id};
	struct bookmark **found = tfind(&key, &bookmarks->by_account, compare);
	if (found)
		return *found;
	struct bookmark *bookmark = calloc(1, sizeof *bookmark);
	if (bookmark && (bookmark->account_id = strdup(account_id)) && tsearch(bookmark, &bookmarks->by_account, compare)) {
		bookmark->since = bookmark->until = bookmark->newest = INSTANT_NONE;
		bookmark->total = -1;
		return bookmark;
	}
	bookmark_free(bookmark);
	error_set(error, EX_OSERR, "out of memory");
	return NULL;
}

int bookmark_set_position(struct bookmark *bookmark, const char *position, size_t length, struct error *error)
{
	char *copy = position ? strndup(position, length) : NULL;
	if (position && !copy)
		return error_set(error, EX_OSERR, "out of memory");
	free(bookmark->position);
	bookmark->position = copy;
	return 0;
}

/* ---- reading ---- */

static int read_instant(jv entry, const char *key, int64_t *instant, const char *account, struct error *error)
{
	jv value = jv_object_get(jv_copy(entry), jv_string(key));
	int result = 0;
	if (jv_get_kind(value) == JV_KIND_STRING)
		result = instant_parse(jv_string_value(value), (size_t)jv_string_length_bytes(jv_copy(value)), instant);
	else if (jv_is_valid(value))
		result = -1;
	jv_free(value);
	return result < 0 ? error_set(error, EX_DATAERR, "\"%s\" of account '%.60s' is not a time", key, account) : 0;
}

static int read_position(jv entry, struct bookmark *bookmark, struct error *error)
{
	jv value = jv_object_get(jv_copy(entry), jv_string("position"));
	int result = 0;
	if (jv_get_kind(value) == JV_KIND_STRING)
		result = bookmark_set_position(bookmark, jv_string_value(value), strlen(jv_string_value(value)), error);
	else if (jv_is_valid(value))
		result = error_set(error, EX_DATAERR, "\"position\" of account '%.60s' is not a string", bookmark->account_id);
	jv_free(value);
	value = jv_object_get(jv_copy(entry), jv_string("total"));
	if (jv_get_kind(value) == JV_KIND_NUMBER && jv_number_value(value) >= 0 && jv_number_value(value) < 1e15)
		bookmark->total = (int64_t)jv_number_value(value);
	else if (jv_is_valid(value))
		result = error_set(error, EX_DATAERR, "\"total\" of account '%.60s' is not a count", bookmark->account_id);
	jv_free(value);
	if (result == 0 && bookmark->position && (bookmark->since == INSTANT_NONE || bookmark->until == INSTANT_NONE))
		result = error_set(
			error, EX_DATAERR, "account '%.60s' has a \"position\" without \"since\" and \"until\"", bookmark->account_id);
	return result;
}

static int read_entry(struct bookmarks *bookmarks, const char *account, jv entry, struct error *error)
{
	if (jv_get_kind(entry) != JV_KIND_OBJECT)
		return error_set(error, EX_DATAERR, "the bookmark of account '%.60s' is not an object", account);
	struct bookmark *bookmark = bookmarks_get(bookmarks, account, error);
	if (!bookmark || read_instant(entry, "since", &bookmark->since, account, error) < 0 ||
		read_instant(entry, "until", &bookmark->until, account, error) < 0 ||
		read_instant(entry, "newest", &bookmark->newest, account, error) < 0)
		return -1;
	return read_position(entry, bookmark, error);
}

/* Another program's member is preserved as text. */
static void keep(struct buffer *members, const char *key, jv value)
{
	jv text = jv_dump_string(jv_copy(value), 0);
	append_key(members, key);
	json_raw(members, jv_string_value(text), (size_t)jv_string_length_bytes(jv_copy(text)));
	jv_free(text);
}

/* The bookmarks of all streams: ours are read, the others preserved. */
static int read_streams(struct bookmarks *bookmarks, jv streams, struct error *error)
{
	int result = 0;
	if (jv_get_kind(streams) != JV_KIND_OBJECT)
		return error_set(error, EX_DATAERR, "its \"bookmarks\" are not an object");
	jv_object_foreach(streams, stream, entries)
	{
		bool ours = strcmp(jv_string_value(stream), bookmarks->stream) == 0;
		if (!ours)
			keep(&bookmarks->other_streams, jv_string_value(stream), entries);
		else if (jv_get_kind(entries) != JV_KIND_OBJECT)
			result = error_set(error, EX_DATAERR, "its bookmarks of %s are not an object", bookmarks->stream);
		else
			jv_object_foreach(entries, account, entry)
			{
				if (result == 0)
					result = read_entry(bookmarks, jv_string_value(account), entry, error);
				jv_free(account);
				jv_free(entry);
			}
		jv_free(stream);
		jv_free(entries);
	}
	return result;
}

static int read_value(struct bookmarks *bookmarks, jv value, struct error *error)
{
	int result = 0;
	if (jv_get_kind(value) == JV_KIND_NULL)
		return 0;
	if (jv_get_kind(value) != JV_KIND_OBJECT)
		return error_set(error, EX_DATAERR, "it is not a JSON object");
	jv_object_foreach(value, key, member)
	{
		if (strcmp(jv_string_value(key), "bookmarks") != 0)
			keep(&bookmarks->other_members, jv_string_value(key), member);
		else if (result == 0)
			result = read_streams(bookmarks, member, error);
		jv_free(key);
		jv_free(member);
	}
	return result;
}

/* `text` is a line: a STATE message or its bare value. */
static int read_state(struct bookmarks *bookmarks, const struct buffer *text, struct error *error)
{
	jv value = jv_parse_sized(text->data, (int)text->length);
	if (!jv_is_valid(value)) {
		jv_free(value);
		return error_set(error, EX_DATAERR, "it is not JSON");
	}
	if (jv_get_kind(value) == JV_KIND_OBJECT) {
		jv type = jv_object_get(jv_copy(value), jv_string("type"));
		if (jv_get_kind(type) == JV_KIND_STRING && strcmp(jv_string_value(type), "STATE") == 0)
			value = jv_object_get(value, jv_string("value"));
		jv_free(type);
	}
	int result = read_value(bookmarks, value, error);
	jv_free(value);
	if (result == 0)
		result = buffer_check(&bookmarks->other_members, error);
	return result == 0 ? buffer_check(&bookmarks->other_streams, error) : result;
}

/* The last line that is not blank. */
static int read_last_line(int descriptor, const char *path, struct buffer *last, struct error *error)
{
	struct line_reader reader;
	struct line line;
	int got = line_reader_open(&reader, descriptor, path, error);
	while (got >= 0 && (got = line_reader_next(&reader, &line, error)) > 0) {
		size_t blank = 0;
		while (blank < line.length && strchr(" \t\r", line.text[blank]))
			blank++;
		if (blank == line.length)
			continue;
		buffer_reset(last);
		buffer_append(last, line.text, line.length);
	}
	line_reader_release(&reader);
	return got < 0 ? -1 : buffer_check(last, error);
}

int bookmarks_load(struct bookmarks *bookmarks, const char *stream, const char *path, struct error *error)
{
	struct buffer last = BUFFER_INIT;
	*bookmarks = (struct bookmarks){.stream = strdup(stream), .other_streams = BUFFER_INIT, .other_members = BUFFER_INIT};
	int result = bookmarks->stream ? 0 : error_set(error, EX_OSERR, "out of memory");
	int descriptor = result == 0 && path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (result == 0 && path && descriptor < 0)
		result = error_set_errno(error, EX_NOINPUT, "cannot open the state '%s'", path);
	if (descriptor >= 0) {
		result = read_last_line(descriptor, path, &last, error);
		close(descriptor);
	}
	if (result == 0 && last.length > 0 && (result = read_state(bookmarks, &last, error)) < 0)
		error_prefix(error, "cannot use the state '%s'", path);
	buffer_release(&last);
	if (result < 0)
		bookmarks_release(bookmarks);
	return result;
}

void bookmarks_release(struct bookmarks *bookmarks)
{
	tdestroy(bookmarks->by_account, bookmark_free);
	buffer_release(&bookmarks->other_streams);
	buffer_release(&bookmarks->other_members);
	free(bookmarks->stream);
	*bookmarks = (struct bookmarks){.other_streams = BUFFER_INIT, .other_members = BUFFER_INIT};
}

/* ---- writing ---- */

static void append_bookmark(const void *node, VISIT visit, void *context)
{
	const struct bookmark *bookmark = *(struct bookmark *const *)node;
	struct buffer *line = context;
	bool empty = bookmark->until == INSTANT_NONE && bookmark->newest == INSTANT_NONE;
	if ((visit != postorder && visit != leaf) || empty)
		return;
	const struct {
		const char *key;
		int64_t instant;
	} instants[] = {
		{"since", bookmark->position ? bookmark->since : INSTANT_NONE}, {"until", bookmark->until}, {"newest", bookmark->newest}};
	append_key(line, bookmark->account_id);
	json_begin(line, '{');
	for (size_t i = 0; i < sizeof instants / sizeof *instants; i++) {
		if (instants[i].instant == INSTANT_NONE)
			continue;
		json_member_instant(line, instants[i].key, instants[i].instant);
	}
	if (bookmark->position)
		json_member_text(line, "position", bookmark->position);
	if (bookmark->position && bookmark->total >= 0)
		json_member_integer(line, "total", bookmark->total);
	json_end(line, '}');
}

void bookmarks_append_state(const struct bookmarks *bookmarks, struct buffer *line)
{
	buffer_append_string(line, "{\"type\":\"STATE\",\"value\":{\"bookmarks\":{");
	json_member_begin(line, bookmarks->stream, '{');
	twalk_r(bookmarks->by_account, append_bookmark, line);
	json_end(line, '}');
	buffer_append(line, bookmarks->other_streams.data, bookmarks->other_streams.length);
	json_end(line, '}');
	buffer_append(line, bookmarks->other_members.data, bookmarks->other_members.length);
	json_end(line, '}');
	json_end(line, '}');
	json_finish(line);
	buffer_append_byte(line, '\n');
}
