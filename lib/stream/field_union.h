/*
 * field_union.h: the fields of several streams as one list of pointers, so that one scan of a line serves whichever comes.
 *
 * The first stream's fields come first, in its order. field_union_slice() then gives a field of any of the streams.
 */
#ifndef ENVTALLY_FIELD_UNION_H
#define ENVTALLY_FIELD_UNION_H

#include "stream/stream.h"
#include "json/json_scan.h"

#define FIELD_UNION_LIMIT 128

struct field_union {
	const char *pointers[FIELD_UNION_LIMIT]; /* "/name" */
	char names[FIELD_UNION_LIMIT][40];
	size_t count;
};

/* `list` is NULL-terminated. EX_SOFTWARE when there are more fields than FIELD_UNION_LIMIT. */
int field_union_build(struct field_union *fields, const struct stream *const list[], struct error *error);

/* The slice of a field by its name; `slices` as json_scan() filled them for the pointers. The name must be in the union. */
const struct json_slice *field_union_slice(const struct field_union *fields, const struct json_slice slices[], const char *name);

#endif
