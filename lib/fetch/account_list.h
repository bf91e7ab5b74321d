/*
 * account_list.h: account ids in lower case, each once, in the order in which they were first seen.
 */
#ifndef ENVTALLY_ACCOUNT_LIST_H
#define ENVTALLY_ACCOUNT_LIST_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Starts as {0}. The list owns the ids; their addresses do not change. */
struct account_list {
	char **ids;
	size_t count;
	void *by_id; /* tsearch(3) tree of the same */
};

/* Returns 1 if the id is new, 0 if it is known or no id that normalize lets through, -1 if memory is short. */
int account_list_add(struct account_list *list, const char *id, size_t length, struct error *error);
bool account_list_has(const struct account_list *list, const char *id);
void account_list_release(struct account_list *list);

#endif
