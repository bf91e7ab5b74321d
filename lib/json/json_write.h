/*
 * json_write.h: JSON text appended to a buffer, fast enough for millions of records.
 *
 * Each member is written with a comma after it; json_end() turns the last comma into the bracket.
 * So there is no state besides the buffer. Strings must be UTF-8 (json_scan's are); they are escaped
 * minimally: `"`, `\` and control characters (RFC 8259 section 7).
 * libjq allocates for every value; it is used for rarer output.
 */
#ifndef ENVTALLY_JSON_WRITE_H
#define ENVTALLY_JSON_WRITE_H

#include "base/buffer.h"

#include <stdint.h>

void json_begin(struct buffer *json, char bracket); /* '{' or '[' */
void json_end(struct buffer *json, char bracket); /* '}' or ']' and a comma */
void json_finish(struct buffer *json); /* drops the comma after the outermost value */
void json_key(struct buffer *json, const char *key); /* a key that needs no escaping */
void json_raw(struct buffer *json, const char *text, size_t length); /* a value that is JSON already */
void json_string(struct buffer *json, const char *text, size_t length);
/* The same in place, without a comma, where JSON_STRING_ROOM(length) bytes are free; returns the end. The worst case is \u00XX for every
 * byte. */
#define JSON_STRING_ROOM(length) ((length)*6 + 2)
char *json_write_string(char *at, const char *text, size_t length);
#define JSON_INTEGER_ROOM 20
char *json_write_integer(char *at, int64_t value);
void json_c_string(struct buffer *json, const char *text); /* null for NULL */
void json_integer(struct buffer *json, int64_t value);
void json_boolean(struct buffer *json, bool value);
void json_null(struct buffer *json);
void json_instant(struct buffer *json, int64_t instant); /* instant.h; null for INSTANT_NONE */
void json_day(struct buffer *json, int32_t day);

/* A key and its value in one. Rights are an integer, or the word "unlimited". */
void json_member_text(struct buffer *json, const char *key, const char *text);
void json_member_integer(struct buffer *json, const char *key, int64_t value);
void json_member_instant(struct buffer *json, const char *key, int64_t instant);
void json_member_day(struct buffer *json, const char *key, int32_t day);
void json_member_boolean(struct buffer *json, const char *key, bool value);
void json_member_null(struct buffer *json, const char *key);
void json_member_string(struct buffer *json, const char *key, const char *text, size_t length);
void json_member_raw(struct buffer *json, const char *key, const char *text, size_t length);
void json_member_begin(struct buffer *json, const char *key, char bracket);
void json_member_integer_or_null(struct buffer *json, const char *key, bool has_value, int64_t value);
void json_member_boolean_or_null(struct buffer *json, const char *key, bool has_value, bool value);
void json_member_rights(struct buffer *json, const char *key, bool is_unlimited, int64_t rights);

#endif
