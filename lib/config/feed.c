#include "config/feed.h"

#include "base/embedded.h"

#include <jv.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DESCRIPTOR_LIMIT ((size_t)1 << 20)

EMBEDDED(feeds_datafeed_json);
EMBEDDED(feeds_esign_json);
EMBEDDED(feeds_monitor_json);

/* An object of the descriptor, with its place: members are taken out of it, so what is left at the end is unknown. */
struct part {
	const char *name; /* of the descriptor, for messages */
	const char *place; /* "paging." or "" */
	jv object;
};

static int wrong(const struct part *part, struct error *error, const char *key, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static int wrong(const struct part *part, struct error *error, const char *key, const char *format, ...)
{
	char text[512];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	return error_set(error, EX_CONFIG, "cannot use feed '%s': %s%s: %s", part->name, part->place, key, text);
}

static jv take(struct part *part, const char *key)
{
	jv value = jv_object_get(jv_copy(part->object), jv_string(key));
	part->object = jv_object_delete(part->object, jv_string(key));
	return value;
}

static int copy_string(const struct part *part, const char *key, jv value, char **string, struct error *error)
{
	const char *text = jv_string_value(value);
	if (strlen(text) != (size_t)jv_string_length_bytes(jv_copy(value)))
		return wrong(part, error, key, "must not have a NUL character");
	*string = strdup(text);
	return *string ? 0 : error_set(error, EX_OSERR, "out of memory");
}

static int take_string(struct part *part, const char *key, bool required, char **string, struct error *error)
{
	jv value = take(part, key);
	int result = 0;
	if (jv_get_kind(value) == JV_KIND_STRING)
		result = copy_string(part, key, value, string, error);
	else if (jv_is_valid(value) || required)
		result = wrong(part, error, key, jv_is_valid(value) ? "must be a string" : "is missing, it must be a string");
	jv_free(value);
	return result;
}

/* One of the words in `words` (NULL-terminated); gives its index. `fallback` for an absent one, or -1. */
static int take_word(struct part *part, const char *key, const char *const words[], int fallback, int *index, struct error *error)
{
	char *word = NULL;
	if (take_string(part, key, fallback < 0, &word, error) < 0)
		return -1;
	*index = word ? 0 : fallback;
	while (word && words[*index] && strcmp(words[*index], word) != 0)
		++*index;
	int result = 0;
	if (word && !words[*index]) {
		char accepted[256] = "";
		for (int i = 0; words[i]; i++)
			snprintf(accepted + strlen(accepted), sizeof accepted - strlen(accepted), "%s\"%s\"", i ? ", " : "", words[i]);
		result = wrong(part, error, key, "\"%.80s\" is not one of %s", word, accepted);
	}
	free(word);
	return result;
}

static int take_pointer(struct part *part, const char *key, char **pointer, struct error *error)
{
	if (take_string(part, key, true, pointer, error) < 0)
		return -1;
	if (**pointer && **pointer != '/')
		return wrong(part, error, key, "'%.80s' is no JSON Pointer: it must begin with '/'", *pointer);
	for (const char *at = *pointer; (at = strchr(at, '~')); at++)
		if (at[1] != '0' && at[1] != '1')
			return wrong(part, error, key, "'%.80s' is no JSON Pointer: '~' is written ~0", *pointer);
	return 0;
}

static int take_object(struct part *part, const char *key, const char *place, struct part *taken, struct error *error)
{
	*taken = (struct part){.name = part->name, .place = place, .object = take(part, key)};
	if (jv_get_kind(taken->object) == JV_KIND_OBJECT)
		return 0;
	bool missing = !jv_is_valid(taken->object);
	jv_free(taken->object);
	taken->object = jv_invalid();
	return wrong(part, error, key, missing ? "is missing, it must be an object" : "must be an object");
}

/* Whatever is left in the object is a mistake. Frees it; the error that is there already stays. */
static int finish(struct part *part, int result, struct error *error)
{
	jv_object_foreach(part->object, key, value)
	{
		if (result == 0)
			result = wrong(part, error, jv_string_value(key), "is not known here");
		jv_free(key);
		jv_free(value);
	}
	jv_free(part->object);
	return result;
}

/* Checks the placeholders of a template against the accepted ones, "{a}{b}". */
static int check_template(const struct part *part, const char *key, const char *template, const char *accepted, struct error *error)
{
	for (const char *at = template; (at = strpbrk(at, "{}")); at++) {
		const char *end = *at == '{' ? strchr(at, '}') : NULL;
		if (!end)
			return wrong(part, error, key, "a brace of '%.80s' has no partner", template);
		size_t length = (size_t)(end - at) + 1;
		if (!memmem(accepted, strlen(accepted), at, length) || length == 2)
			return wrong(part, error, key, "'%.*s' is not one of %s", length < 40 ? (int)length : 40, at, accepted);
		at = end;
	}
	return 0;
}

static int check_path(const struct part *part, const char *path, struct error *error)
{
	static const char accepted[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/%{}";
	size_t length = strspn(path, accepted);
	if (*path != '/')
		return wrong(part, error, "path", "must begin with '/', after the API base");
	if (path[length])
		return wrong(part, error, "path", "'%.20s' cannot stand in a path (parameters go into \"query\")", path + length);
	return check_template(part, "path", path, "{account_id}{organization_id}{since}{until}{position}", error);
}

/* The query's parameters, in the order in which they are written: libjq keeps it. */
static int take_query(struct part *descriptor, struct feed *feed, struct error *error)
{
	struct part query;
	if (take_object(descriptor, "query", "query.", &query, error) < 0)
		return -1;
	int result = 0;
	feed->query = calloc((size_t)jv_object_length(jv_copy(query.object)) + 1, sizeof *feed->query);
	if (!feed->query)
		result = error_set(error, EX_OSERR, "out of memory");
	jv_object_foreach(query.object, key, value)
	{
		struct feed_parameter *parameter = result == 0 ? &feed->query[feed->query_count++] : NULL;
		const char *name = jv_string_value(key);
		if (parameter && jv_get_kind(value) != JV_KIND_STRING)
			result = wrong(&query, error, name, "must be a string");
		if (result == 0 &&
			(copy_string(&query, name, key, &parameter->name, error) < 0 ||
				copy_string(&query, name, value, &parameter->value, error) < 0 ||
				check_template(&query, name, parameter->value, "{account_id}{organization_id}{since}{until}{position}",
					error) < 0))
			result = -1;
		jv_free(key);
		jv_free(value);
	}
	jv_free(query.object);
	return result;
}

static int take_paging(struct part *descriptor, struct feed *feed, struct error *error)
{
	static const char *const kinds[] = {[FEED_PAGING_NONE] = "none",
		[FEED_PAGING_CURSOR] = "cursor",
		[FEED_PAGING_OFFSET] = "offset",
		[FEED_PAGING_LINK] = "link",
		NULL};
	struct part paging;
	int kind, result = -1;
	if (take_object(descriptor, "paging", "paging.", &paging, error) < 0)
		return -1;
	if (take_word(&paging, "kind", kinds, -1, &kind, error) < 0)
		goto out;
	feed->paging = (enum feed_paging)kind;
	bool by_position = kind == FEED_PAGING_CURSOR || kind == FEED_PAGING_OFFSET;
	if (by_position &&
		(take_string(&paging, "start", true, &feed->start, error) < 0 ||
			check_template(&paging, "start", feed->start, "{since}{until}", error) < 0))
		goto out;
	if ((kind == FEED_PAGING_CURSOR || kind == FEED_PAGING_LINK) && take_pointer(&paging, "next", &feed->next, error) < 0)
		goto out;
	if (kind == FEED_PAGING_OFFSET &&
		(take_pointer(&paging, "total", &feed->total, error) < 0 || take_pointer(&paging, "end", &feed->end, error) < 0))
		goto out;
	if (kind == FEED_PAGING_OFFSET && (!*feed->start || feed->start[strspn(feed->start, "0123456789")])) {
		wrong(&paging, error, "start", "must be a number in quotes: the index of the first record");
		goto out;
	}
	result = 0;
out:
	return finish(&paging, result, error);
}

static int take_settled_days(struct part *clock, int *days, struct error *error)
{
	jv value = take(clock, "settled_days");
	double given = jv_get_kind(value) == JV_KIND_NUMBER ? jv_number_value(value) : -1;
	jv_free(value);
	if (given < 0 || given > 366 || given != (int)given)
		return wrong(clock, error, "settled_days", "must be a whole number from 0 to 366");
	*days = (int)given;
	return 0;
}

static int take_clock(struct part *descriptor, struct feed *feed, struct error *error)
{
	static const char *const kinds[] = {[FEED_CLOCK_RECORD] = "record", [FEED_CLOCK_WINDOW] = "window", NULL};
	struct part clock;
	int kind, result = -1;
	if (take_object(descriptor, "clock", "clock.", &clock, error) < 0)
		return -1;
	if (take_word(&clock, "kind", kinds, -1, &kind, error) < 0)
		goto out;
	feed->clock = (enum feed_clock)kind;
	if (kind == FEED_CLOCK_RECORD &&
		(take_pointer(&clock, "pointer", &feed->clock_pointer, error) < 0 ||
			take_settled_days(&clock, &feed->settled_days, error) < 0))
		goto out;
	result = 0;
out:
	return finish(&clock, result, error);
}

static const char *const type_names[] = {[FIELD_ID] = "id",
	[FIELD_WORD] = "word",
	[FIELD_TEXT] = "text",
	[FIELD_TIME] = "time",
	[FIELD_DAY] = "day",
	[FIELD_INTEGER] = "integer",
	[FIELD_DECIMAL] = "decimal",
	[FIELD_BOOLEAN] = "boolean",
	[FIELD_OBJECT] = "object",
	[FIELD_ARRAY] = "array",
	NULL};

static int take_required(struct part *entry, bool *required, struct error *error)
{
	jv value = take(entry, "required");
	jv_kind kind = jv_get_kind(value);
	jv_free(value);
	*required = kind == JV_KIND_TRUE;
	if (kind == JV_KIND_INVALID || kind == JV_KIND_TRUE || kind == JV_KIND_FALSE)
		return 0;
	return wrong(entry, error, "required", "must be true or false");
}

/* A word in place of what a pointer finds, for a record that tells by having a member at all. */
static int take_when_present(struct part *entry, const struct stream_field *known, struct feed_field *field, struct error *error)
{
	if (take_string(entry, "when_present", false, &field->when_present, error) < 0)
		return -1;
	const char *word = field->when_present;
	if (word && (known->type != FIELD_WORD || !field->pointer))
		return wrong(entry, error, "when_present", "is for a pointer of the type \"word\"");
	if (word && (!*word || strlen(word) > ID_LIMIT || word[strcspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")]))
		return wrong(entry, error, "when_present", "must be a word of 1 to %d bytes in lower case", ID_LIMIT);
	return 0;
}

static int take_entry(struct part *entry, const struct stream_field *known, struct feed_field *field, struct error *error)
{
	static const char *const contexts[] = {"account_id", "organization_id", NULL};
	int type, context = -1;
	bool has_pointer = jv_object_has(jv_copy(entry->object), jv_string("pointer"));
	bool has_context = jv_object_has(jv_copy(entry->object), jv_string("context"));
	if (has_pointer == has_context)
		return wrong(entry, error, "pointer", "exactly one of \"pointer\" and \"context\" must be there");
	if (has_pointer ? take_pointer(entry, "pointer", &field->pointer, error) < 0
			: take_word(entry, "context", contexts, -1, &context, error) < 0)
		return -1;
	/* NOLINTNEXTLINE(clang-analyzer-core.*): take_word() sets it, to the index of a word, or gives -1. */
	if (has_context && !(field->context = strdup(contexts[context])))
		return error_set(error, EX_OSERR, "out of memory");
	if (take_word(entry, "type", type_names, -1, &type, error) < 0 || take_required(entry, &field->required, error) < 0 ||
		take_when_present(entry, known, field, error) < 0)
		return -1;
	field->type = (enum field_type)type;
	if (field->type != known->type)
		return wrong(entry, error, "type", "must be \"%s\", as the envelope's %s is", type_names[known->type], known->name);
	if (known->required && !field->required)
		return wrong(entry, error, "required", "must be true: an envelope cannot be without %s", known->name);
	return 0;
}

static int take_field(struct part *map, const char *name, struct feed *feed, struct error *error)
{
	char place[80];
	struct part entry;
	int index = stream_field_index(&stream_envelope_method, name, strlen(name));
	if (index < 0)
		return wrong(map, error, name, "is not a field of an envelope");
	snprintf(place, sizeof place, "map.%s.", name);
	if (take_object(map, name, place, &entry, error) < 0)
		return -1;
	struct feed_field *field = &feed->map[feed->map_count++];
	int result = 0;
	if (!(field->name = strdup(name)))
		result = error_set(error, EX_OSERR, "out of memory");
	if (result == 0)
		result = take_entry(&entry, &stream_envelope_method.fields[index], field, error);
	return finish(&entry, result, error);
}

/* In the stream's order, not the descriptor's: so what a map makes does not depend on how it is written. */
static int take_map(struct part *descriptor, struct feed *feed, struct error *error)
{
	struct part map;
	int result = 0;
	if (take_object(descriptor, "map", "map.", &map, error) < 0)
		return -1;
	feed->map = calloc(stream_field_count(&stream_envelope_method) + 1, sizeof *feed->map);
	if (!feed->map)
		result = error_set(error, EX_OSERR, "out of memory");
	for (const struct stream_field *field = stream_envelope_method.fields; result == 0 && field->name; field++) {
		if (jv_object_has(jv_copy(map.object), jv_string(field->name)))
			result = take_field(&map, field->name, feed, error);
		else if (field->required)
			result = wrong(&map, error, field->name, "is missing: an envelope cannot be without it");
	}
	return finish(&map, result, error);
}

static bool uses(const struct feed *feed, const char *placeholder)
{
	if (strstr(feed->path, placeholder))
		return true;
	for (size_t i = 0; i < feed->query_count; i++)
		if (strstr(feed->query[i].value, placeholder))
			return true;
	return false;
}

/* What no part of the descriptor can tell alone. */
static int check_whole(const struct part *descriptor, const struct feed *feed, struct error *error)
{
	bool by_position = feed->paging == FEED_PAGING_CURSOR || feed->paging == FEED_PAGING_OFFSET;
	if (by_position && !uses(feed, "{position}"))
		return wrong(
			descriptor, error, "paging", "neither \"path\" nor \"query\" has {position}, so every page would be the first");
	if (!by_position && uses(feed, "{position}"))
		return wrong(descriptor, error, "paging", "{position} is for the kinds cursor and offset");
	if (feed->per_organization && uses(feed, "{account_id}"))
		return wrong(descriptor, error, "per", "a feed of the whole organization cannot have {account_id}");
	if (!feed->per_organization && !uses(feed, "{account_id}"))
		return wrong(descriptor, error, "per",
			"neither \"path\" nor \"query\" has {account_id}; a feed of all accounts is "
			"\"per\": \"organization\"");
	const struct feed_field *account = feed_find_field(feed, "account_id");
	if (feed->per_organization && !account->pointer)
		return wrong(descriptor, error, "map.account_id",
			"must have a pointer: a feed of the whole organization has no "
			"account of its own");
	return 0;
}

static int read_descriptor(struct part *descriptor, struct feed *feed, struct error *error)
{
	static const char *const pers[] = {"account", "organization", NULL};
	static const char stream_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	char *about = NULL;
	int per;
	if (take_string(descriptor, "about", false, &about, error) < 0)
		return -1;
	free(about);
	if (take_string(descriptor, "name", true, &feed->name, error) < 0 ||
		take_string(descriptor, "stream", true, &feed->stream, error) < 0)
		return -1;
	if (!*feed->stream || feed->stream[strspn(feed->stream, stream_characters)])
		return wrong(descriptor, error, "stream", "must be letters, digits, '_' and '-'");
	if (take_word(descriptor, "per", pers, 0, &per, error) < 0)
		return -1;
	feed->per_organization = per == 1;
	if (take_string(descriptor, "path", true, &feed->path, error) < 0 || check_path(descriptor, feed->path, error) < 0 ||
		take_query(descriptor, feed, error) < 0 || take_paging(descriptor, feed, error) < 0 ||
		take_pointer(descriptor, "records", &feed->records, error) < 0 || take_clock(descriptor, feed, error) < 0 ||
		take_map(descriptor, feed, error) < 0)
		return -1;
	feed->bounded = uses(feed, "{until}") || (feed->start && strstr(feed->start, "{until}"));
	return check_whole(descriptor, feed, error);
}

static int append_preset(const char *name, struct buffer *text, struct error *error)
{
	const struct {
		const char *name, *text;
		size_t length;
	} presets[] = {
		{"datafeed", EMBEDDED_TEXT(feeds_datafeed_json), EMBEDDED_LENGTH(feeds_datafeed_json)},
		{"esign", EMBEDDED_TEXT(feeds_esign_json), EMBEDDED_LENGTH(feeds_esign_json)},
		{"monitor", EMBEDDED_TEXT(feeds_monitor_json), EMBEDDED_LENGTH(feeds_monitor_json)},
	};
	for (size_t i = 0; i < sizeof presets / sizeof *presets; i++) {
		if (strcmp(presets[i].name, name) == 0) {
			buffer_append(text, presets[i].text, presets[i].length);
			return buffer_check(text, error);
		}
	}
	return error_set(error, EX_CONFIG,
		"cannot use feed '%s': it is not one of datafeed, esign, monitor, and a file is written with '/' or ends in .json", name);
}

static bool is_file(const char *name)
{
	size_t length = strlen(name);
	return strchr(name, '/') || (length > 5 && strcmp(name + length - 5, ".json") == 0);
}

int feed_load(const char *name_or_path, struct feed *feed, struct error *error)
{
	struct buffer text = BUFFER_INIT;
	struct part descriptor = {.name = name_or_path, .place = "", .object = jv_invalid()};
	int result = -1;
	*feed = (struct feed){.name = NULL};
	if (is_file(name_or_path) ? buffer_append_file(&text, name_or_path, DESCRIPTOR_LIMIT, error) < 0
				  : append_preset(name_or_path, &text, error) < 0)
		goto out;
	descriptor.object = jv_parse_sized(text.data, (int)text.length);
	if (!jv_is_valid(descriptor.object)) {
		jv reason = jv_invalid_get_msg(descriptor.object);
		descriptor.object = jv_invalid();
		error_set(error, EX_CONFIG, "cannot read feed '%s': not JSON: %s", name_or_path,
			jv_get_kind(reason) == JV_KIND_STRING ? jv_string_value(reason) : "it is empty");
		jv_free(reason);
	} else if (jv_get_kind(descriptor.object) != JV_KIND_OBJECT) {
		error_set(error, EX_CONFIG, "cannot read feed '%s': it must be a JSON object", name_or_path);
	} else {
		result = finish(&descriptor, read_descriptor(&descriptor, feed, error), error);
		descriptor.object = jv_invalid();
	}
out:
	jv_free(descriptor.object);
	buffer_release(&text);
	if (result < 0)
		feed_release(feed);
	return result;
}

void feed_release(struct feed *feed)
{
	char *strings[] = {
		feed->name, feed->stream, feed->path, feed->start, feed->next, feed->total, feed->end, feed->records, feed->clock_pointer};
	for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
		free(strings[i]);
	for (size_t i = 0; i < feed->query_count; i++) {
		free(feed->query[i].name);
		free(feed->query[i].value);
	}
	for (size_t i = 0; i < feed->map_count; i++) {
		free(feed->map[i].name);
		free(feed->map[i].pointer);
		free(feed->map[i].when_present);
		free(feed->map[i].context);
	}
	free(feed->query);
	free(feed->map);
	*feed = (struct feed){.name = NULL};
}

const struct feed_field *feed_find_field(const struct feed *feed, const char *name)
{
	for (size_t i = 0; i < feed->map_count; i++)
		if (strcmp(feed->map[i].name, name) == 0)
			return &feed->map[i];
	return NULL;
}
