/*
 * json_indent.h: compact JSON laid out for people, as `jq .` does: a member a line, two spaces a level, and a newline at the end.
 */
#ifndef ENVTALLY_JSON_INDENT_H
#define ENVTALLY_JSON_INDENT_H

#include "base/buffer.h"

/* `json` is valid and has no white space outside of strings: what json_write.h gives. */
void json_indent(const char *json, size_t length, struct buffer *text);

#endif
