#include "fetch/account_list.h"

#include "base/array.h"
#include "stream/stream.h"

#include <ctype.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

int account_list_add(struct account_list *list, const char *id, size_t length, struct error *error)
{
	if (length == 0 || length > ID_LIMIT || memchr(id, 0, length))
		return 0;
	char *copy = strndup(id, length), **known = NULL;
	for (char *at = copy; at && *at; at++)
		*at = (char)tolower((unsigned char)*at);
	if (copy)
		known = tsearch(copy, &list->by_id, compare);
	if (!known || *known != copy) {
		free(copy);
		return known ? 0 : error_set(error, EX_OSERR, "out of memory");
	}
	char **added = array_grow((void **)&list->ids, &list->count, sizeof *added, error);
	if (!added)
		return -1;
	*added = copy;
	return 1;
}

bool account_list_has(const struct account_list *list, const char *id)
{
	return tfind(id, &list->by_id, compare) != NULL;
}

void account_list_release(struct account_list *list)
{
	tdestroy(list->by_id, free);
	free(list->ids);
	*list = (struct account_list){.ids = NULL};
}
