#include "licence/account_groups.h"

#include "base/array.h"

#include "licence/licence_cells.h"

#include <stdlib.h>
#include <string.h>

enum { ACCOUNT_ID, COST_CENTER, DEPARTMENT, COMPANY, COUNTRY, START_DATE, END_DATE };

static const struct csv_column group_columns[] = {{"account_id", true}, {"cost_center", false}, {"department", false}, {"company", false},
	{"country", false}, {"start_date", false}, {"end_date", false}, {NULL, false}};

static int group_row(struct csv_table *table, char *const cells[], struct error *error)
{
	struct account_groups *groups = table->context;
	struct account_group *group = array_grow((void **)&groups->list, &groups->count, sizeof *group, error);
	if (!group)
		return -1;
	licence_require(table, cells, ACCOUNT_ID);
	licence_days(table, cells, START_DATE, END_DATE, &group->start_day, &group->end_day);
	group->row = table->line;
	group->account_id = licence_id(&groups->arena, cells[ACCOUNT_ID], error);
	for (int i = 0; i < GROUPS_OF_FILE; i++)
		if (!(group->values[i] = licence_text(&groups->arena, cells[COST_CENTER + i], error)))
			return -1;
	return group->account_id ? 0 : -1;
}

static int compare_groups(const void *left, const void *right)
{
	const struct account_group *a = left, *b = right;
	int order = strcmp(a->account_id, b->account_id);
	order = order ? order : (a->start_day > b->start_day) - (a->start_day < b->start_day);
	return order ? order : (a->row > b->row) - (a->row < b->row);
}

static int check_overlaps(struct csv_table *table, struct error *error)
{
	struct account_groups *groups = table->context;
	(void)error;
	if (groups->count)
		qsort(groups->list, groups->count, sizeof *groups->list, compare_groups);
	for (size_t i = 1; i < groups->count; i++) {
		const struct account_group *group = &groups->list[i], *before = group - 1;
		if (strcmp(before->account_id, group->account_id) != 0 || before->end_day <= group->start_day)
			continue;
		table->line = group->row > before->row ? group->row : before->row;
		csv_table_complain(table, "account_id", "'%s' stands in line %zu too, for days that are the same", group->account_id,
			group->row > before->row ? before->row : group->row);
	}
	return 0;
}

int account_groups_load(const char *path, struct account_groups *groups, csv_complain *complain, struct error *error)
{
	*groups = (struct account_groups){.count = 0};
	struct csv_table table = {
		.path = path, .columns = group_columns, .complain = complain, .row = group_row, .end = check_overlaps, .context = groups};
	int result = csv_table_read(&table, error);
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
