/*
 * settings.h: configuration in JSON (profiles, feeds, policies, CONNECTION messages), read and written by tables of its keys.
 *
 * A table has for each key its type, its place in a struct, and the accepted values:
 *
 *     static const struct setting table[] = {
 *             {"name", SETTING_STRING, .offset = offsetof(struct profile, name), .required = true},
 *             {"concurrency", SETTING_INTEGER, .offset = offsetof(struct profile, concurrency), .least = 1, .most = 64, .otherwise = 8},
 *             {.key = NULL},
 *     };
 *
 * settings_read() reads the keys of a table and removes them from the object, so several tables may read an object; a key that is left at
 * the end is a key that nobody knows, which settings_finish() refuses. Strings and lists are the struct's: settings_release() frees them.
 *
 * Errors: "cannot use <what> '<name>': "<place><key>" must be <expected>", with the status of the settings (EX_CONFIG, or EX_DATAERR for a
 * message of the pipe).
 */
#ifndef ENVTALLY_SETTINGS_H
#define ENVTALLY_SETTINGS_H

#include "base/buffer.h"

#include <jv.h>
#include <stddef.h>
#include <stdint.h>

enum setting_type {
	SETTING_STRING, /* char *: a string that is not empty; NULL when absent */
	SETTING_TEXT, /* char *: any string */
	SETTING_POINTER, /* char *: a JSON Pointer (RFC 6901) */
	SETTING_DAY, /* int32_t: a day, 0 when absent */
	SETTING_INSTANT, /* int64_t: an instant, INSTANT_NONE when absent */
	SETTING_INTEGER, /* int: a whole number from `least` to `most`; `otherwise` when absent */
	SETTING_BOOLEAN, /* bool; `otherwise` when absent */
	SETTING_WORD, /* int or enum: the place of a string among `words`; `otherwise` when absent */
	SETTING_STRINGS, /* char **: an array of strings, NULL-terminated; NULL when absent */
};

struct setting {
	const char *key;
	enum setting_type type;
	size_t offset; /* of the value in the struct that the table is for */
	bool required;
	bool (*accepts)(char *text); /* checks a string, or an element of a list, and may rewrite it in place. NULL: any */
	const char *expected; /* for messages, "must be …"; NULL: by the type */
	const char *const *words; /* NULL-terminated */
	int least, most, otherwise;
};

struct settings {
	const char *what, *name; /* "profile", "acme.json"; name NULL: there is only one */
	const char *manual; /* where the keys are documented */
	int status; /* of errors */
	bool null_is_absent;
	jv object;
	char place[120]; /* of this object in its file: "paging.", or "" */
};

/* Parses a text, or the file called `name` of at most `limit` bytes. `settings` has all but the object; settings_finish() frees that. */
int settings_parse(struct settings *settings, const char *text, size_t length, struct error *error);
int settings_open(struct settings *settings, size_t limit, struct error *error);

/* The object under a key of `settings`, which must be there. */
int settings_open_object(struct settings *settings, const char *key, struct settings *object, struct error *error);

/* Reads the keys of `table`, ended by a NULL key, into `target`. After an error the values read so far stay, for settings_release(). */
int settings_read(struct settings *settings, const struct setting table[], void *target, struct error *error);

/* Reads the object under a key, whose own keys may be any: `each` is called for each of them, in the order of the text, and reads it. */
typedef int settings_each(void *context, struct settings *settings, const char *key, struct error *error);
int settings_read_each(struct settings *settings, const char *key, settings_each *each, void *context, struct error *error);

/* Frees the object. When `result` is 0, refuses a key that is left. Returns the result. */
int settings_finish(struct settings *settings, int result, struct error *error);

/* Sets an error about a key: `format` follows its name. Returns -1. */
int settings_wrong(const struct settings *settings, struct error *error, const char *key, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
#ifdef __clang_analyzer__ /* as in error.h */
#define settings_wrong(...) (settings_wrong(__VA_ARGS__), -1)
#endif

/* JV_KIND_INVALID when the key is not there. */
jv_kind settings_kind(const struct settings *settings, const char *key);

/* Appends the members of `source` as JSON, in the table's order: null for a string, list or time that is absent. */
void settings_append(const struct setting table[], const void *source, struct buffer *json);

/* Frees the strings and lists of `target`. */
void settings_release(const struct setting table[], void *target);

#endif
