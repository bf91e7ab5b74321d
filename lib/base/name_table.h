/*
 * name_table.h: names given numbers: each distinct text once, with a value of the caller's.
 *
 * Positions run from 0 in the order of adding. Texts are NUL-terminated copies that stay where they are until release.
 */
#ifndef ENVTALLY_NAME_TABLE_H
#define ENVTALLY_NAME_TABLE_H

#include "base/error.h"
#include "base/hash_index.h"

struct name {
	char *text;
	size_t length;
	int64_t value; /* the caller's */
};

struct name_table {
	struct name *names;
	size_t count;
	struct hash_index index;
};

/* NULL when it is not there. The pointer lasts until the next name_table_add(). */
struct name *name_table_find(const struct name_table *table, const char *text, size_t length);

/* Adds a text that is not there yet. NULL with EX_OSERR when memory is short. */
struct name *name_table_add(struct name_table *table, const char *text, size_t length, int64_t value, struct error *error);

/* The number of a text, added with value 0 when it is new; -1 with an error. */
ptrdiff_t name_table_number(struct name_table *table, const char *text, size_t length, struct error *error);

void name_table_release(struct name_table *table);

#endif
