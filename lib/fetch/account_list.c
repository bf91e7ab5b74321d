#include "fetch/account_list.h"

#include <ctype.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int grow(struct account_list *list, struct error *error)
{
	if (list->count < list->room)
		return 0;
	size_t room = list->room ? list->room * 2 : 64;
	char **ids = realloc(list->ids, room * sizeof *ids);
	if (!ids)
		return error_set(error, EX_OSERR, "out of memory");
	list->ids = ids;
	list->room = room;
	return 0;
}

int account_list_add(struct account_list *list, const char *id, size_t length, struct error *error)
{
	if (length == 0)
		return 0;
	char *copy = strndup(id, length), **found = NULL;
	for (char *at = copy; at && *at; at++)
		*at = (char)tolower((unsigned char)*at);
	if (copy && grow(list, error) == 0)
		found = tsearch(copy, &list->by_id, compare);
	if (found && *found == copy) {
		list->ids[list->count++] = copy;
		return 1;
	}
	free(copy);
	return found ? 0 : error_set(error, EX_OSERR, "out of memory");
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
