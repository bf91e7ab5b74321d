#include "reconcile/membership.h"

#include "base/instant.h"

#include <stdlib.h>
#include <string.h>

static int compare_ids(const void *left, const void *right, void *context)
{
	const struct name *names = context;
	return strcmp(names[*(const uint32_t *)left].text, names[*(const uint32_t *)right].text);
}

static int rank_accounts(struct membership *membership, struct error *error)
{
	const struct reconcile_input *input = membership->input;
	size_t count = input->account_count;
	membership->account_of_rank = calloc(count + 1, sizeof *membership->account_of_rank);
	membership->rank_of_account = calloc(count + 1, sizeof *membership->rank_of_account);
	membership->site = calloc(count + 1, sizeof *membership->site);
	membership->organization = calloc(count + 1, sizeof *membership->organization);
	membership->rows = calloc(count + 1, sizeof *membership->rows);
	membership->sites = calloc(count + 1, sizeof *membership->sites);
	membership->site_groups = calloc(input->site_count + 1, sizeof *membership->site_groups);
	membership->row_values = calloc(membership->groups->count + 1, sizeof *membership->row_values);
	if (!membership->account_of_rank || !membership->rank_of_account || !membership->site || !membership->organization ||
		!membership->rows || !membership->row_values || !membership->sites || !membership->site_groups)
		return error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < count; i++)
		membership->account_of_rank[i] = (uint32_t)i;
	qsort_r(membership->account_of_rank, count, sizeof *membership->account_of_rank, compare_ids, input->account_ids.names);
	for (size_t i = 0; i < count; i++)
		membership->rank_of_account[membership->account_of_rank[i]] = (uint32_t)i;
	return 0;
}

/* The number of a group by its key; none for "". */
static int number_of(struct name_table *values, const char *key, uint32_t *number, struct error *error)
{
	*number = MEMBERSHIP_NONE;
	if (!key || !*key)
		return 0;
	ptrdiff_t found = name_table_number(values, key, strlen(key), error);
	*number = (uint32_t)found;
	return found < 0 ? -1 : 0;
}

static const char *site_text(const struct reconcile_input *input, uint32_t site)
{
	return site == INPUT_NONE ? NULL : input->site_ids.names[site].text;
}

static int number_groups(struct membership *membership, struct error *error)
{
	const struct reconcile_input *input = membership->input;
	for (uint32_t rank = 0; rank < input->account_count; rank++) {
		const struct input_account *account = membership_account(membership, rank);
		const char *site = site_text(input, account->site);
		const char *organization =
			account->organization == INPUT_NONE ? NULL : input->organization_ids.names[account->organization].text;
		const char *id = membership_account_id(membership, rank);
		uint32_t number; /* that of an account is its rank */
		if (number_of(&membership->values[GROUP_SITE], site, &membership->site[rank], error) < 0 ||
			number_of(&membership->values[GROUP_ORGANIZATION], organization, &membership->organization[rank], error) < 0 ||
			name_table_number(&membership->values[GROUP_ACCOUNT], id, strlen(id), error) < 0)
			return -1;
		membership->rows[rank].rows = account_groups_find(membership->groups, id, &membership->rows[rank].count);
		for (size_t i = 0; i < membership->rows[rank].count; i++) {
			const struct account_group *row = &membership->rows[rank].rows[i];
			for (int type = 0; type < GROUPS_OF_FILE; type++) {
				if (number_of(&membership->values[GROUP_FIRST_OF_FILE + type], row->values[type], &number, error) < 0)
					return -1;
				membership->row_values[row - membership->groups->list][type] = number;
			}
		}
	}
	return 0;
}

static int number_sites(struct membership *membership, struct error *error)
{
	const struct reconcile_input *input = membership->input;
	for (size_t i = input->site_count; i-- > 0;) {
		const struct input_site *site = &input->sites[i];
		membership->sites[membership->rank_of_account[site->account]] = site;
		if (number_of(&membership->values[GROUP_SITE], site_text(input, site->site), &membership->site_groups[i], error) < 0)
			return -1;
	}
	return 0;
}

int membership_build(
	struct membership *membership, const struct reconcile_input *input, const struct account_groups *groups, struct error *error)
{
	*membership = (struct membership){.input = input, .groups = groups};
	return rank_accounts(membership, error) < 0 || number_groups(membership, error) < 0 || number_sites(membership, error) < 0 ? -1 : 0;
}

void membership_release(struct membership *membership)
{
	free(membership->account_of_rank);
	free(membership->rank_of_account);
	free(membership->site);
	free(membership->organization);
	free(membership->rows);
	free(membership->sites);
	free(membership->site_groups);
	free(membership->row_values);
	for (int type = 0; type < GROUP_TYPES; type++)
		name_table_release(&membership->values[type]);
	*membership = (struct membership){.input = NULL};
}

/* The site of that name, also if all its accounts have left it. */
static uint32_t site_of_name(const struct membership *membership, const char *name)
{
	const struct reconcile_input *input = membership->input;
	for (uint32_t rank = 0; rank < input->account_count; rank++) {
		const char *known = membership_account(membership, rank)->site_name;
		if (known && membership->site[rank] != MEMBERSHIP_NONE && strcmp(known, name) == 0)
			return membership->site[rank];
	}
	for (size_t i = 0; i < input->site_count; i++)
		if (input->sites[i].name && strcmp(input->sites[i].name, name) == 0)
			return membership->site_groups[i];
	return MEMBERSHIP_NONE;
}

ptrdiff_t membership_group(struct membership *membership, enum group_type type, const char *value, struct error *error)
{
	struct name_table *values = &membership->values[type];
	if (type == GROUP_SITE && !name_table_find(values, value, strlen(value))) {
		uint32_t site = site_of_name(membership, value);
		if (site != MEMBERSHIP_NONE)
			return site;
	}
	return name_table_number(values, value, strlen(value), error);
}

bool membership_is_in(const struct membership *membership, enum group_type type, uint32_t rank, uint32_t group)
{
	const struct input_site *site = membership->sites[rank], *end = membership->input->sites + membership->input->site_count;
	for (const struct input_site *first = site; type == GROUP_SITE && site && site < end && site->account == first->account; site++)
		if (membership->site_groups[site - membership->input->sites] == group)
			return true;
	if (type < GROUP_FIRST_OF_FILE || type == GROUP_ORGANIZATION)
		return membership_of(membership, type, rank, &(struct period){.start = 0, .end = 1}) == group;
	for (size_t i = 0; i < membership->rows[rank].count; i++)
		if (membership->row_values[membership->rows[rank].rows + i - membership->groups->list][type - GROUP_FIRST_OF_FILE] == group)
			return true;
	return false;
}

bool membership_is_member(const struct membership *membership, enum group_type type, uint32_t rank, const char *value)
{
	const struct name *name = name_table_find(&membership->values[type], value, strlen(value));
	return name && membership_is_in(membership, type, rank, (uint32_t)(name - membership->values[type].names));
}

/* The row of groups.csv that holds for the account in the period; MEMBERSHIP_NONE for none. */
static uint32_t row_of(const struct membership *membership, uint32_t rank, const struct period *period)
{
	const struct account_group *row = account_groups_in_period(
		membership->rows[rank].rows, membership->rows[rank].count, instant_day(period->start), period_end_day(period));
	return row ? (uint32_t)(row - membership->groups->list) : MEMBERSHIP_NONE;
}

/* Of an account that has moved, the place among its sites of the one that it has at the end of the period; the first is that of all time before. */
static size_t place_of_site(const struct membership *membership, uint32_t rank, const struct period *period)
{
	const struct input_site *first = membership->sites[rank], *end = membership->input->sites + membership->input->site_count;
	size_t place = 0;
	while (first + place + 1 < end && first[place + 1].account == first->account && first[place + 1].from_day * DAY_MS < period->end)
		place++;
	return place;
}

uint32_t membership_epoch(const struct membership *membership, uint32_t rank, const struct period *period)
{
	uint32_t row = row_of(membership, rank, period) + 1; /* 0 for none */
	size_t place = membership->sites[rank] ? place_of_site(membership, rank, period) : 0;
	return row + (uint32_t)place * ((uint32_t)membership->groups->count + 1);
}

uint32_t membership_of(const struct membership *membership, enum group_type type, uint32_t rank, const struct period *period)
{
	switch (type) {
	case GROUP_ACCOUNT:
		return rank;
	case GROUP_SITE:
		if (!membership->sites[rank])
			return membership->site[rank];
		return membership
			->site_groups[membership->sites[rank] - membership->input->sites + place_of_site(membership, rank, period)];
	case GROUP_ORGANIZATION:
		return membership->organization[rank];
	default:
		break;
	}
	uint32_t row = row_of(membership, rank, period);
	return row == MEMBERSHIP_NONE ? MEMBERSHIP_NONE : membership->row_values[row][type - GROUP_FIRST_OF_FILE];
}

const struct input_account *membership_account(const struct membership *membership, uint32_t rank)
{
	return &membership->input->accounts[membership->account_of_rank[rank]];
}

const char *membership_account_id(const struct membership *membership, uint32_t rank)
{
	return membership->input->account_ids.names[membership->account_of_rank[rank]].text;
}

const char *membership_group_name(const struct membership *membership, enum group_type type, uint32_t group)
{
	if (type == GROUP_ACCOUNT && group < membership->input->account_count)
		return membership_account(membership, group)->name;
	const char *name = NULL;
	for (uint32_t rank = 0; type == GROUP_SITE && !name && rank < membership->input->account_count; rank++)
		if (membership->site[rank] == group)
			name = membership_account(membership, rank)->site_name;
	for (size_t i = 0; type == GROUP_SITE && !name && i < membership->input->site_count; i++)
		if (membership->site_groups[i] == group)
			name = membership->input->sites[i].name;
	return name;
}
