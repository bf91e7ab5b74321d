#include "stream/field_union.h"

#include <stdio.h>
#include <string.h>

static int find(const struct field_union *fields, const char *name)
{
	for (size_t i = 0; i < fields->count; i++)
		if (strcmp(fields->names[i] + 1, name) == 0)
			return (int)i;
	return -1;
}

int field_union_build(struct field_union *fields, const struct stream *const list[], struct error *error)
{
	fields->count = 0;
	for (; *list; list++) {
		for (const struct stream_field *field = (*list)->fields; field->name; field++) {
			if (find(fields, field->name) >= 0)
				continue;
			if (fields->count == FIELD_UNION_LIMIT || strlen(field->name) + 2 > sizeof fields->names[0])
				return error_set(error, EX_SOFTWARE, "cannot read '%s': too many fields", (*list)->name);
			snprintf(fields->names[fields->count], sizeof fields->names[0], "/%s", field->name);
			fields->pointers[fields->count] = fields->names[fields->count];
			fields->count++;
		}
	}
	return 0;
}

const struct json_slice *field_union_slice(const struct field_union *fields, const struct json_slice slices[], const char *name)
{
	return &slices[find(fields, name)];
}
