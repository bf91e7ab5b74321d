#include "fetch/bookmarks.h"

#include "base/instant.h"
#include "base/name_table.h"
#include "io/line_reader.h"
#include "json/json_slice.h"
#include "json/json_write.h"

#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A key that may need escaping. json_string() ends like a value, with a comma. */
static void append_key(struct buffer *json, const char *key, size_t length)
{
	json_string(json, key, length);
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
	tdestroy(bookmark->items, free);
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
		bookmark->since = bookmark->until = bookmark->newest = bookmark->ends_at = INSTANT_NONE;
		bookmark->total = -1;
		bookmark->fed_from = bookmark->fed_to = DAY_NONE;
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

/* ---- items ---- */

struct item {
	bool is_listed;
	char id[BOOKMARK_ITEM_LIMIT + 1];
};

static int compare_items(const void *a, const void *b)
{
	return strcmp(((const struct item *)a)->id, ((const struct item *)b)->id);
}

bool bookmark_has_item(struct bookmark *bookmark, const char *id)
{
	struct item key = {.is_listed = true}, **found;
	snprintf(key.id, sizeof key.id, "%s", id);
	found = tfind(&key, &bookmark->items, compare_items);
	if (found)
		(*found)->is_listed = true;
	return found;
}

int bookmark_add_item(struct bookmark *bookmark, const char *id, struct error *error)
{
	struct item *item = calloc(1, sizeof *item), **known = NULL;
	if (bookmark->item_count == BOOKMARK_ITEMS_MOST) {
		free(item);
		return error_set(
			error, EX_DATAERR, "the list has more than %d items: narrow it by {since} in its query", BOOKMARK_ITEMS_MOST);
	}
	if (item) {
		item->is_listed = true;
		snprintf(item->id, sizeof item->id, "%s", id);
		known = tsearch(item, &bookmark->items, compare_items);
	}
	if (known && *known == item)
		bookmark->item_count++;
	else
		free(item);
	return known ? 0 : error_set(error, EX_OSERR, "out of memory");
}

static void unlist(const void *node, VISIT visit, void *context)
{
	(void)context;
	if (visit == postorder || visit == leaf)
		(*(struct item *const *)node)->is_listed = false;
}

void bookmark_begin_items(struct bookmark *bookmark)
{
	twalk_r(bookmark->items, unlist, NULL);
}

struct moving {
	struct bookmark *to;
	struct error *error;
	int result;
};

static void move_listed(const void *node, VISIT visit, void *context)
{
	const struct item *item = *(struct item *const *)node;
	struct moving *moving = context;
	if ((visit == postorder || visit == leaf) && item->is_listed && moving->result == 0)
		moving->result = bookmark_add_item(moving->to, item->id, moving->error);
}

int bookmark_forget_items(struct bookmark *bookmark, struct error *error)
{
	struct bookmark kept = {.items = NULL};
	struct moving moving = {.to = &kept, .error = error};
	twalk_r(bookmark->items, move_listed, &moving);
	tdestroy(bookmark->items, free);
	bookmark->items = kept.items;
	bookmark->item_count = kept.item_count;
	return moving.result;
}

/* ---- reading ---- */

enum { SINCE, UNTIL, NEWEST, POSITION, TOTAL, FED_FROM, FED_TO, BATCH, LAST_PAGE, ENDS_AT, DOWNLOADED, ENTRY_FIELDS };
static const char *const entry_pointers[ENTRY_FIELDS] = {
	"/since", "/until", "/newest", "/position", "/total", "/fed_from", "/fed_to", "/batch", "/last_page", "/ends_at", "/downloaded"};

/* A scanner for each depth: members are read while those around them are. */
struct reading {
	struct bookmarks *bookmarks;
	const struct shard *shard;
	struct json_scanner *members, *streams, *entries, *entry;
	struct name_table *given; /* the other streams that a STATE of another program has given */
	bool is_given; /* that is read now */
	struct error *error;
};

static int read_instant(const struct json_slice *slice, const char *key, int64_t *instant, const char *account, struct error *error)
{
	if (slice->kind == JSON_ABSENT || json_slice_instant(slice, instant))
		return 0;
	return error_set(error, EX_DATAERR, "\"%s\" of account '%.60s' is not a time", key, account);
}

static int read_day(const struct json_slice *slice, const char *key, int32_t *day, const char *account, struct error *error)
{
	if (slice->kind == JSON_ABSENT || (slice->kind == JSON_STRING && day_parse(slice->text, slice->length, day) == 0))
		return 0;
	return error_set(error, EX_DATAERR, "\"%s\" of account '%.60s' is not a day", key, account);
}

static int read_count(const struct json_slice *slice, const char *key, int64_t *count, const char *account, struct error *error)
{
	if (slice->kind == JSON_ABSENT || (slice->kind == JSON_NUMBER && json_slice_integer(slice, count) && *count >= 0))
		return 0;
	return error_set(error, EX_DATAERR, "\"%s\" of account '%.60s' is not a count", key, account);
}

/* What the feed did. */
static int read_history(const struct json_slice fields[], struct bookmark *bookmark, struct error *error)
{
	const char *account = bookmark->account_id;
	if (read_day(&fields[FED_FROM], "fed_from", &bookmark->fed_from, account, error) < 0 ||
		read_day(&fields[FED_TO], "fed_to", &bookmark->fed_to, account, error) < 0 ||
		read_count(&fields[BATCH], "batch", &bookmark->batch, account, error) < 0 ||
		read_count(&fields[LAST_PAGE], "last_page", &bookmark->last_page, account, error) < 0)
		return -1;
	if ((bookmark->fed_from == DAY_NONE) != (bookmark->fed_to == DAY_NONE) || bookmark->fed_from > bookmark->fed_to)
		return error_set(
			error, EX_DATAERR, "account '%.60s' has a \"fed_from\" without a \"fed_to\" after it, or the reverse", account);
	return 0;
}

static int read_position(const struct json_slice fields[], struct bookmark *bookmark, struct error *error)
{
	const struct json_slice *position = &fields[POSITION];
	if (position->kind != JSON_ABSENT && position->kind != JSON_STRING)
		return error_set(error, EX_DATAERR, "\"position\" of account '%.60s' is not a string", bookmark->account_id);
	if (read_count(&fields[TOTAL], "total", &bookmark->total, bookmark->account_id, error) < 0)
		return -1;
	if (position->kind == JSON_ABSENT)
		return 0;
	if (bookmark->since == INSTANT_NONE || bookmark->until == INSTANT_NONE)
		return error_set(
			error, EX_DATAERR, "account '%.60s' has a \"position\" without \"since\" and \"until\"", bookmark->account_id);
	return bookmark_set_position(bookmark, position->text, position->length, error);
}

struct item_reading {
	struct bookmark *bookmark;
	struct error *error;
};

/* The text is a JSON string, as bookmarks_append_state() has written it. */
static int read_item(void *context, const char *text, size_t length)
{
	static const char *const pointer = "/id";
	const struct item_reading *reading = context;
	struct buffer wrapped = BUFFER_INIT;
	struct json_slice slice;
	char id[BOOKMARK_ITEM_LIMIT + 1];
	struct json_scanner *scanner = json_scanner_new(&pointer, 1, reading->error);
	buffer_append_string(&wrapped, "{\"id\":");
	buffer_append(&wrapped, text, length);
	buffer_append_byte(&wrapped, '}');
	int result = scanner && buffer_check(&wrapped, reading->error) == 0
		? json_scan(scanner, wrapped.data, wrapped.length, &slice, reading->error)
		: -1;
	if (result == 0 && (slice.kind != JSON_STRING || slice.length == 0 || slice.length > BOOKMARK_ITEM_LIMIT))
		result = error_set(
			reading->error, EX_DATAERR, "\"downloaded\" of account '%.60s' has what is no id", reading->bookmark->account_id);
	if (result == 0) {
		snprintf(id, sizeof id, "%.*s", (int)slice.length, slice.text);
		result = bookmark_add_item(reading->bookmark, id, reading->error);
	}
	buffer_release(&wrapped);
	json_scanner_free(scanner);
	return result;
}

static int read_items(const struct reading *reading, const struct json_slice fields[], struct bookmark *bookmark)
{
	struct item_reading items = {.bookmark = bookmark, .error = reading->error};
	/* The items' texts are the scanner's: what else it gave is read first. */
	struct json_slice downloaded = fields[DOWNLOADED];
	if (read_position(fields, bookmark, reading->error) < 0)
		return -1;
	return json_scan_elements(reading->entry, &downloaded, read_item, &items, reading->error);
}

static int read_account(const struct reading *reading, const char *account, const char *text, size_t length)
{
	struct json_slice fields[ENTRY_FIELDS];
	struct error *error = reading->error;
	if (*text != '{')
		return error_set(error, EX_DATAERR, "the bookmark of account '%.60s' is not an object", account);
	if (json_scan(reading->entry, text, length, fields, error) < 0)
		return -1;
	struct bookmark *bookmark = bookmarks_get(reading->bookmarks, account, error);
	if (!bookmark || read_instant(&fields[SINCE], "since", &bookmark->since, account, error) < 0 ||
		read_instant(&fields[UNTIL], "until", &bookmark->until, account, error) < 0 ||
		read_instant(&fields[NEWEST], "newest", &bookmark->newest, account, error) < 0 ||
		read_instant(&fields[ENDS_AT], "ends_at", &bookmark->ends_at, account, error) < 0 ||
		read_history(fields, bookmark, error) < 0)
		return -1;
	if (fields[DOWNLOADED].kind == JSON_ARRAY)
		return read_items(reading, fields, bookmark);
	if (fields[DOWNLOADED].kind != JSON_ABSENT)
		return error_set(error, EX_DATAERR, "\"downloaded\" of account '%.60s' is not an array", account);
	return read_position(fields, bookmark, error);
}

static int read_entry(void *context, const char *key, size_t key_length, const char *text, size_t length)
{
	const struct reading *reading = context;
	int mine = shard_has(reading->shard, key, key_length, reading->error);
	if (mine <= 0)
		return mine;
	char *account = strndup(key, key_length);
	int result = account ? read_account(reading, account, text, length) : error_set(reading->error, EX_OSERR, "out of memory");
	free(account);
	return result;
}

/* Another program's member is preserved as it is. */
static int keep(struct buffer *members, const char *key, size_t key_length, const char *text, size_t length)
{
	append_key(members, key, key_length);
	json_raw(members, text, length);
	return 0;
}

static bool is_key(const char *key, size_t length, const char *name)
{
	return strlen(name) == length && memcmp(key, name, length) == 0;
}

/* The bookmarks of a stream: ours are read. */
static int read_stream(void *context, const char *key, size_t key_length, const char *text, size_t length)
{
	struct reading *reading = context;
	const struct json_slice entries = {JSON_OBJECT, text, length};
	if (!is_key(key, key_length, reading->bookmarks->stream)) {
		if (name_table_find(reading->given, key, key_length))
			return 0;
		if (reading->is_given && name_table_number(reading->given, key, key_length, reading->error) < 0)
			return -1;
		return keep(&reading->bookmarks->other_streams, key, key_length, text, length);
	}
	if (reading->is_given)
		return 0;
	if (*text != '{')
		return error_set(reading->error, EX_DATAERR, "its bookmarks of %s are not an object", reading->bookmarks->stream);
	return json_scan_members(reading->entries, &entries, read_entry, reading, reading->error);
}

static int read_member(void *context, const char *key, size_t key_length, const char *text, size_t length)
{
	struct reading *reading = context;
	const struct json_slice streams = {JSON_OBJECT, text, length};
	if (!is_key(key, key_length, "bookmarks"))
		return reading->is_given ? 0 : keep(&reading->bookmarks->other_members, key, key_length, text, length);
	if (*text != '{' && reading->is_given)
		return 0;
	if (*text != '{')
		return error_set(reading->error, EX_DATAERR, "its \"bookmarks\" are not an object");
	return json_scan_members(reading->streams, &streams, read_stream, reading, reading->error);
}

static int read_value(struct reading *reading, const struct buffer *wrapped)
{
	struct json_slice slices[3];
	if (json_scan(reading->members, wrapped->data, wrapped->length, slices, NULL) < 0)
		return error_set(reading->error, EX_DATAERR, "it is not JSON");
	const struct json_slice *value = json_slice_equals(&slices[1], "STATE") ? &slices[2] : &slices[0];
	if (value->kind == JSON_NULL || value->kind == JSON_ABSENT)
		return 0;
	if (value->kind != JSON_OBJECT)
		return error_set(reading->error, EX_DATAERR, "it is not a JSON object");
	return json_scan_members(reading->members, value, read_member, reading, reading->error);
}

/* `text` is a line: a STATE message or its bare value. */
static int read_state(struct bookmarks *bookmarks, const struct buffer *text, const struct shard *shard, struct name_table *given,
	bool is_given, struct error *error)
{
	static const char *const pointers[] = {"/value", "/value/type", "/value/value"};
	struct reading reading = {.bookmarks = bookmarks, .shard = shard, .given = given, .is_given = is_given, .error = error};
	struct buffer wrapped = BUFFER_INIT;
	buffer_append_string(&wrapped, "{\"value\":");
	buffer_append(&wrapped, text->data, text->length);
	buffer_append_byte(&wrapped, '}');
	int result = buffer_check(&wrapped, error);
	if (result == 0 &&
		(!(reading.members = json_scanner_new(pointers, 3, error)) || !(reading.streams = json_scanner_new(pointers, 0, error)) ||
			!(reading.entries = json_scanner_new(pointers, 0, error)) ||
			!(reading.entry = json_scanner_new(entry_pointers, ENTRY_FIELDS, error))))
		result = -1;
	if (result == 0)
		result = read_value(&reading, &wrapped);
	json_scanner_free(reading.members);
	json_scanner_free(reading.streams);
	json_scanner_free(reading.entries);
	json_scanner_free(reading.entry);
	buffer_release(&wrapped);
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

int bookmarks_load(struct bookmarks *bookmarks, const char *stream, const char *path, const struct buffer *given, const struct shard *shard,
	struct error *error)
{
	struct buffer last = BUFFER_INIT;
	struct name_table taken = {.count = 0};
	*bookmarks = (struct bookmarks){.stream = strdup(stream), .other_streams = BUFFER_INIT, .other_members = BUFFER_INIT};
	int result = bookmarks->stream ? 0 : error_set(error, EX_OSERR, "out of memory");
	int descriptor = result == 0 && path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (result == 0 && path && descriptor < 0)
		result = error_set_errno(error, EX_NOINPUT, "cannot open the state '%s'", path);
	if (descriptor >= 0) {
		result = read_last_line(descriptor, path, &last, error);
		close(descriptor);
	}
	if (result == 0 && given->length > 0 && (result = read_state(bookmarks, given, shard, &taken, true, error)) < 0)
		error_prefix(error, "cannot use the STATE of standard input");
	if (result == 0 && last.length > 0 && (result = read_state(bookmarks, &last, shard, &taken, false, error)) < 0)
		error_prefix(error, "cannot use the state '%s'", path);
	name_table_release(&taken);
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

static void append_item(const void *node, VISIT visit, void *context)
{
	const struct item *item = *(struct item *const *)node;
	if (visit == postorder || visit == leaf)
		json_string(context, item->id, strlen(item->id));
}

static void append_bookmark(const void *node, VISIT visit, void *context)
{
	const struct bookmark *bookmark = *(struct bookmark *const *)node;
	struct buffer *line = context;
	const struct bookmark *window = bookmark->instead ? bookmark->instead : bookmark;
	bool empty = window->until == INSTANT_NONE && bookmark->newest == INSTANT_NONE && !bookmark->items;
	if ((visit != postorder && visit != leaf) || empty)
		return;
	const struct {
		const char *key;
		int64_t instant;
	} instants[] = {{"since", window->position ? window->since : INSTANT_NONE}, {"until", window->until}, {"newest", bookmark->newest},
		{"ends_at", bookmark->ends_at}};
	append_key(line, bookmark->account_id, strlen(bookmark->account_id));
	json_begin(line, '{');
	for (size_t i = 0; i < sizeof instants / sizeof *instants; i++) {
		if (instants[i].instant == INSTANT_NONE)
			continue;
		json_member_instant(line, instants[i].key, instants[i].instant);
	}
	if (window->position)
		json_member_text(line, "position", window->position);
	if (window->position && window->total >= 0)
		json_member_integer(line, "total", window->total);
	if (bookmark->fed_to != DAY_NONE) {
		json_member_day(line, "fed_from", bookmark->fed_from);
		json_member_day(line, "fed_to", bookmark->fed_to);
		json_member_integer(line, "batch", bookmark->batch);
	}
	if (bookmark->last_page > 1) /* fewer than one is none */
		json_member_integer(line, "last_page", bookmark->last_page);
	if (bookmark->items) {
		json_member_begin(line, "downloaded", '[');
		twalk_r(bookmark->items, append_item, line);
		json_end(line, ']');
	}
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
