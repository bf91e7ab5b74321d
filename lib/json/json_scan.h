/*
 * json_scan.h: chosen fields of JSON texts, by JSON Pointer (RFC 6901), at the speed of simdjson.
 *
 * A scanner is made once for a set of pointers; json_scan() then checks a complete text (syntax, UTF-8, depth, nothing
 * after it) and gives a slice for each pointer. Where a key occurs twice the last one counts, as in jq.
 * Pointers lead through objects only ("/sender/userId"; "" is the text itself); array indices are not supported.
 *
 * A string's slice is its content, unescaped; an escaped surrogate without its other half (a truncated emoji) is U+FFFD there,
 * and is passed over in strings without a pointer. A number's is its token as written, so that money and ids never pass
 * through a double; an object's or array's is its JSON text. Slices point into the text or into the scanner and last
 * until the next json_scan().
 */
#ifndef ENVTALLY_JSON_SCAN_H
#define ENVTALLY_JSON_SCAN_H

#include "base/error.h"

#include <stddef.h>

#define JSON_DEPTH_LIMIT 256 /* jq 1.6's own */

#ifdef __cplusplus
extern "C" {
#endif

enum json_kind { JSON_ABSENT, JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_OBJECT, JSON_ARRAY };

struct json_slice {
	enum json_kind kind;
	const char *text;
	size_t length;
};

struct json_scanner;

/* A pointer that is NULL has no value in any text. NULL with an error for one that is none (EX_CONFIG), or when memory is short. */
struct json_scanner *json_scanner_new(const char *const pointers[], size_t count, struct error *error);
void json_scanner_free(struct json_scanner *scanner);

/*
 * Scans the `length` bytes at `text`, which BUFFER_PADDING readable bytes must follow (as line_reader and buffer guarantee).
 * slices[i] belongs to pointers[i]. Returns 0, or -1 with EX_DATAERR and a reason without context ("not JSON: …").
 */
int json_scan(struct json_scanner *scanner, const char *text, size_t length, struct json_slice slices[], struct error *error);

/*
 * Calls `each` with the JSON text of every element of an array slice that json_scan() gave, in order; the text is on one
 * line (white space between tokens is removed where it holds a newline). Returns 0; -1 with an error; or what `each` returned, when that
 * is not 0.
 */
int json_scan_elements(struct json_scanner *scanner, const struct json_slice *array,
	int (*each)(void *context, const char *text, size_t length), void *context, struct error *error);

/*
 * For large arrays of objects, in one pass of the text: json_scanner_pick(), once, names the fields of the elements of the array at pointer number
 * `array`, and json_scan_picked() is json_scan_elements() with them: fields[i] belongs to pointers[i], and is absent where the element is no
 * object. An object in place of the array is its only element. json_scan() has picked them in passing; where it could not (more than 65,536 elements, a newline within the array, a text that its short
 * way gives up on) they are looked for now, element by element, with the same result.
 */
int json_scanner_pick(struct json_scanner *scanner, size_t array, const char *const pointers[], size_t count, struct error *error);
int json_scan_picked(struct json_scanner *scanner, const struct json_slice *array,
	int (*each)(void *context, const char *text, size_t length, const struct json_slice fields[]), void *context, struct error *error);

/* The same as json_scan_elements() for the members of an object slice: the key, unescaped, and the JSON text of the value. */
int json_scan_members(struct json_scanner *scanner, const struct json_slice *object,
	int (*each)(void *context, const char *key, size_t key_length, const char *text, size_t length), void *context,
	struct error *error);

/* "null", "string", "object" …: for messages. */
const char *json_kind_name(enum json_kind kind);

#ifdef __cplusplus
}
#endif

#endif
