#include "licence/account_groups.h"

#include "licence/licence_cells.h"

#include <stdlib.h>
#include <string.h>

#define AT(member) .offset = offsetof(struct account_group, member)

static const struct licence_column group_columns[] = {
	{"account_id", true, CELL_ID, AT(account_id)},
	{"cost_center", false, CELL_TEXT, AT(values[0])},
	{"department", false, CELL_TEXT, AT(values[1])},
	{"company", false, CELL_TEXT, AT(values[2])},
	{"country", false, CELL_TEXT, AT(values[3])},
	{"start_date", false, CELL_FIRST_DAY, AT(start_day)},
	{"end_date", false, CELL_LAST_DAY, AT(end_day)},
	{.name = NULL},
};

static int compare_groups(const void *left, const void *right)
{
	const struct account_group *a = left, *b = right;
	int order = strcmp(a->account_id, b->account_id);
	order = order ? order : (a->start_day > b->start_day) - (a->start_day < b->start_day);
	return order ? order : (a->row > b->row) - (a->row < b->row);
}

static int check_overlaps(struct csv_table *table, void *context, struct error *error)
{
	struct account_groups *groups = context;
	(void)error;
	if (groups->count)
		qsort(groups->list, groups->count, sizeof *groups->list, compare_groups);
	for (size_t i = 1; i < groups->count; i++) {
		const struct account_group *group = &groups->list[i], *before = group - 1;
		if (strcmp(before->account_id, group->account_id) != 0 || before->end_day <= group->start_day)
			continue;
		table->line = group->row > before->row ? group->row : before->row;
		csv_table_complain(table, "account_id", "'%s' is in line %zu too, for some of the same days", group->account_id,
			group->row > before->row ? before->row : group->row);
	}
	return 0;
}

int account_groups_load(const char *path, struct account_groups *groups, csv_complain *complain, struct error *error)
{
	static const struct licence_file file = {group_columns, sizeof(struct account_group), .end = check_overlaps};
	*groups = (struct account_groups){.count = 0};
	int result = licence_read(&file, path, (void **)&groups->list, &groups->count, &groups->arena, groups, complain, error);
	if (result < 0)
		account_groups_release(groups);
	return result;
}

void account_groups_release(struct account_groups *groups)
{
	free(groups->list);
	arena_release(&groups->arena);
	*groups = (struct account_groups){.count = 0};
}

const struct account_group *account_groups_find(const struct account_groups *groups, const char *account_id, size_t *count)
{
	size_t low = 0, high = groups->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(groups->list[middle].account_id, account_id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*count = 0;
	while (low + *count < groups->count && strcmp(groups->list[low + *count].account_id, account_id) == 0)
		++*count;
	return *count ? &groups->list[low] : NULL;
}

const struct account_group *account_groups_in_period(const struct account_group rows[], size_t count, int32_t first_day, int32_t end_day)
{
	for (size_t i = count; i-- > 0;)
		if (rows[i].start_day < end_day && rows[i].end_day > first_day)
			return &rows[i];
	return NULL;
}
