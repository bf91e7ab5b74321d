#include "base/name_table.h"

#include "base/array.h"

#include <stdlib.h>
#include <string.h>

struct name *name_table_find(const struct name_table *table, const char *text, size_t length)
{
	uint32_t hash = hash_key(text, length);
	size_t place = hash;
	for (ptrdiff_t position; (position = hash_index_next(&table->index, hash, &place)) >= 0;) {
		struct name *name = &table->names[position];
		if (name->length == length && (!length || memcmp(name->text, text, length) == 0))
			return name;
	}
	return NULL;
}

struct name *name_table_add(struct name_table *table, const char *text, size_t length, int64_t value, struct error *error)
{
	struct name *name = array_grow((void **)&table->names, &table->count, sizeof *name, error);
	char *copy = name ? malloc(length + 1) : NULL;
	if (!copy || hash_index_add(&table->index, hash_key(text, length), table->count - 1) < 0) {
		table->count -= name != NULL;
		free(copy);
		error_set(error, EX_OSERR, "out of memory");
		return NULL;
	}
	if (length)
		memcpy(copy, text, length);
	copy[length] = 0;
	*name = (struct name){.text = copy, .length = length, .value = value};
	return name;
}

ptrdiff_t name_table_number(struct name_table *table, const char *text, size_t length, struct error *error)
{
	struct name *name = name_table_find(table, text, length);
	if (!name)
		name = name_table_add(table, text, length, 0, error);
	return name ? name - table->names : -1;
}

void name_table_release(struct name_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->names[i].text);
	free(table->names);
	hash_index_release(&table->index);
	*table = (struct name_table){.names = NULL};
}
