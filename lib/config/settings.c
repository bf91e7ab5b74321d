#include "config/settings.h"

#undef settings_wrong

#include "base/format_arguments.h"
#include "base/instant.h"
#include "json/json_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int settings_wrong(const struct settings *settings, struct error *error, const char *key, const char *format, ...)
{
	const char *name = settings->name, *quote = name ? "'" : "";
	char text[700];
	FORMAT_ARGUMENTS(text, format);
	return error_set(error, settings->status, "cannot use %s%s%s%s%s: \"%s%s\" %s", settings->what, name ? " " : "", quote,
		name ? name : "", quote, settings->place, key, text);
}

int settings_parse(struct settings *settings, const char *text, size_t length, struct error *error)
{
	const char *name = settings->name, *quote = name ? "'" : "", *reason = NULL;
	settings->object = jv_parse_sized(text, (int)length);
	jv message = jv_is_valid(settings->object) ? jv_null() : jv_invalid_get_msg(jv_copy(settings->object));
	if (jv_get_kind(message) == JV_KIND_STRING)
		reason = jv_string_value(message);
	else if (jv_get_kind(settings->object) != JV_KIND_OBJECT)
		reason = "it must be a JSON object";
	if (reason)
		error_set(error, settings->status, "cannot read %s%s%s%s%s: %s%s", settings->what, name ? " " : "", quote, name ? name : "",
			quote, jv_get_kind(message) == JV_KIND_STRING ? "not JSON: " : "", reason);
	jv_free(message);
	return reason ? settings_finish(settings, -1, error) : 0;
}

int settings_open(struct settings *settings, size_t limit, struct error *error)
{
	struct buffer text = BUFFER_INIT;
	settings->object = jv_invalid();
	int result = buffer_append_file(&text, settings->name, limit, error);
	if (result == 0)
		result = settings_parse(settings, text.data, text.length, error);
	buffer_release_secret(&text);
	return result;
}

/* Invalid when it is not there. */
static jv extract(struct settings *settings, const char *key)
{
	jv value = jv_object_get(jv_copy(settings->object), jv_string(key));
	settings->object = jv_object_delete(settings->object, jv_string(key));
	if (!settings->null_is_absent || jv_get_kind(value) != JV_KIND_NULL)
		return value;
	jv_free(value);
	return jv_invalid();
}

jv_kind settings_kind(const struct settings *settings, const char *key)
{
	jv value = jv_object_get(jv_copy(settings->object), jv_string(key));
	jv_kind kind = jv_get_kind(value);
	jv_free(value);
	return kind;
}

int settings_open_object(struct settings *settings, const char *key, struct settings *object, struct error *error)
{
	*object = *settings;
	snprintf(object->place, sizeof object->place, "%.70s%.40s.", settings->place, key);
	object->object = extract(settings, key);
	if (jv_get_kind(object->object) == JV_KIND_OBJECT)
		return 0;
	settings_wrong(settings, error, key, jv_is_valid(object->object) ? "must be an object" : "is missing: it must be an object");
	return settings_finish(object, -1, error);
}

int settings_read_each(struct settings *settings, const char *key, settings_each *each, void *context, struct error *error)
{
	struct settings object;
	if (settings_open_object(settings, key, &object, error) < 0)
		return -1;
	int result = 0;
	jv all = jv_copy(object.object);
	jv_object_foreach(all, name, value)
	{
		const char *text = jv_string_value(name);
		if (result == 0 && strlen(text) != (size_t)jv_string_length_bytes(jv_copy(name)))
			result = settings_wrong(&object, error, text, "must not have a NUL character in its name");
		else if (result == 0)
			result = each(context, &object, text, error);
		jv_free(name);
		jv_free(value);
	}
	jv_free(all);
	return settings_finish(&object, result, error);
}

int settings_finish(struct settings *settings, int result, struct error *error)
{
	if (jv_get_kind(settings->object) == JV_KIND_OBJECT) {
		jv_object_foreach(settings->object, key, value)
		{
			if (result == 0)
				result = settings_wrong(settings, error, jv_string_value(key), "is not a key that this %s can have: see %s",
					settings->what, settings->manual);
			jv_free(key);
			jv_free(value);
		}
	}
	jv_free(settings->object);
	settings->object = jv_invalid();
	return result;
}

/* ---- values ---- */

static bool is_string(const struct setting *setting)
{
	return setting->type == SETTING_STRING || setting->type == SETTING_TEXT || setting->type == SETTING_POINTER;
}

static const char *expected(const struct setting *setting, char text[300])
{
	static const char *const by_type[] = {[SETTING_STRING] = "a string that is not empty",
		[SETTING_TEXT] = "a string",
		[SETTING_POINTER] = "a JSON Pointer: empty, or '/' and what follows, where '~' is written ~0",
		[SETTING_DAY] = "a date such as 2025-01-31",
		[SETTING_INSTANT] = "a time such as 2025-01-31T12:00:00.000Z",
		[SETTING_BOOLEAN] = "true or false",
		[SETTING_STRINGS] = "an array of strings"};
	if (setting->expected)
		return setting->expected;
	if (setting->type == SETTING_INTEGER)
		snprintf(text, 300, "a whole number from %d to %d", setting->least, setting->most);
	else if (setting->type == SETTING_WORD)
		for (size_t i = 0, length = (size_t)snprintf(text, 300, "one of"); setting->words[i] && length < 300; i++)
			length += (size_t)snprintf(text + length, 300 - length, "%s \"%s\"", i ? "," : "", setting->words[i]);
	else
		return by_type[setting->type];
	return text;
}

static bool is_pointer(const char *text)
{
	for (const char *at = text; (at = strchr(at, '~')); at++)
		if (at[1] != '0' && at[1] != '1')
			return false;
	return !*text || *text == '/';
}

/* A copy of a string; NULL with *memory_is_short, or if it is not acceptable. */
static char *copy_text(const struct setting *setting, jv value, bool *memory_is_short)
{
	const char *text = jv_get_kind(value) == JV_KIND_STRING ? jv_string_value(value) : NULL;
	if (!text || strlen(text) != (size_t)jv_string_length_bytes(jv_copy(value)) || (!*text && setting->type == SETTING_STRING) ||
		(setting->type == SETTING_POINTER && !is_pointer(text)))
		return NULL;
	char *copy = strdup(text);
	*memory_is_short |= !copy;
	if (!copy || !setting->accepts || setting->accepts(copy))
		return copy;
	free(copy);
	return NULL;
}

static void free_strings(char **strings)
{
	for (char **string = strings; string && *string; string++)
		free(*string);
	free(strings);
}

static char **copy_strings(const struct setting *setting, jv value, bool *memory_is_short)
{
	int count = jv_get_kind(value) == JV_KIND_ARRAY ? jv_array_length(jv_copy(value)) : 0;
	char **strings = jv_get_kind(value) == JV_KIND_ARRAY ? calloc((size_t)count + 1, sizeof *strings) : NULL;
	*memory_is_short |= !strings && jv_get_kind(value) == JV_KIND_ARRAY;
	for (int i = 0; strings && i < count; i++) {
		jv element = jv_array_get(jv_copy(value), i);
		strings[i] = copy_text(setting, element, memory_is_short);
		jv_free(element);
		if (!strings[i]) {
			free_strings(strings);
			return NULL;
		}
	}
	return strings;
}

static int find_word(const struct setting *setting, jv value)
{
	const char *text = jv_get_kind(value) == JV_KIND_STRING ? jv_string_value(value) : "";
	for (int i = 0; setting->words[i]; i++)
		if (strcmp(setting->words[i], text) == 0)
			return i;
	return -1;
}

static bool find_integer(const struct setting *setting, jv value, int *number)
{
	double given = jv_get_kind(value) == JV_KIND_NUMBER ? jv_number_value(value) : setting->least - 1.0;
	*number = given >= setting->least && given <= setting->most ? (int)given : 0;
	return given >= setting->least && given <= setting->most && given == *number;
}

/* Stores a value. False if it is invalid, or memory is short. */
static bool store(const struct setting *setting, jv value, void *at, bool *memory_is_short)
{
	const char *text = jv_get_kind(value) == JV_KIND_STRING ? jv_string_value(value) : "";
	jv_kind kind = jv_get_kind(value);
	switch (setting->type) {
	case SETTING_STRING:
	case SETTING_TEXT:
	case SETTING_POINTER:
		return (*(char **)at = copy_text(setting, value, memory_is_short));
	case SETTING_STRINGS:
		return (*(char ***)at = copy_strings(setting, value, memory_is_short));
	case SETTING_DAY:
		return day_parse(text, strlen(text), at) == 0;
	case SETTING_INSTANT:
		return instant_parse(text, strlen(text), at) == 0;
	case SETTING_BOOLEAN:
		*(bool *)at = kind == JV_KIND_TRUE;
		return kind == JV_KIND_TRUE || kind == JV_KIND_FALSE;
	case SETTING_WORD:
		return (*(int *)at = find_word(setting, value)) >= 0;
	case SETTING_INTEGER:
		return find_integer(setting, value, at);
	}
	return false;
}

static void store_absent(const struct setting *setting, void *at)
{
	if (setting->type == SETTING_BOOLEAN)
		*(bool *)at = setting->otherwise;
	else if (setting->type == SETTING_INSTANT)
		*(int64_t *)at = INSTANT_NONE;
	else if (setting->type == SETTING_INTEGER || setting->type == SETTING_WORD)
		*(int *)at = setting->otherwise;
	else if (setting->type == SETTING_DAY)
		*(int32_t *)at = 0;
	else
		*(void **)at = NULL;
}

int settings_read(struct settings *settings, const struct setting table[], void *target, struct error *error)
{
	int result = 0;
	/* All of the target first: what follows an error must not be released as it was found. */
	for (const struct setting *setting = table; setting->key; setting++)
		store_absent(setting, (char *)target + setting->offset);
	for (const struct setting *setting = table; setting->key && result == 0; setting++) {
		jv value = extract(settings, setting->key);
		bool is_absent = !jv_is_valid(value), memory_is_short = false;
		char text[300];
		if (is_absent && setting->required)
			result = settings_wrong(settings, error, setting->key, "is missing: it must be %s", expected(setting, text));
		else if (!is_absent && !store(setting, value, (char *)target + setting->offset, &memory_is_short))
			result = memory_is_short ? error_set(error, EX_OSERR, "out of memory")
						 : settings_wrong(settings, error, setting->key, "must be %s", expected(setting, text));
		jv_free(value);
	}
	return result;
}

static void append_strings(struct buffer *json, const char *key, char *const strings[])
{
	json_member_begin(json, key, '[');
	for (; *strings; strings++)
		json_c_string(json, *strings);
	json_end(json, ']');
}

void settings_append(const struct setting table[], const void *source, struct buffer *json)
{
	for (const struct setting *setting = table; setting->key; setting++) {
		const void *at = (const char *)source + setting->offset;
		if (setting->type == SETTING_STRINGS && *(char *const *const *)at)
			append_strings(json, setting->key, *(char *const *const *)at);
		else if (setting->type == SETTING_DAY)
			json_member_day(json, setting->key, *(const int32_t *)at);
		else if (setting->type == SETTING_INSTANT)
			json_member_instant(json, setting->key, *(const int64_t *)at);
		else if (setting->type == SETTING_BOOLEAN)
			json_member_boolean(json, setting->key, *(const bool *)at);
		else if (setting->type == SETTING_INTEGER)
			json_member_integer(json, setting->key, *(const int *)at);
		else if (is_string(setting))
			json_member_text(json, setting->key, *(char *const *)at);
		else
			json_member_null(json, setting->key);
	}
}

void settings_release(const struct setting table[], void *target)
{
	for (const struct setting *setting = table; setting->key; setting++) {
		void *at = (char *)target + setting->offset;
		if (setting->type == SETTING_STRINGS)
			free_strings(*(char ***)at);
		else if (is_string(setting))
			free(*(char **)at);
		if (setting->type == SETTING_STRINGS || is_string(setting))
			*(void **)at = NULL;
	}
}
