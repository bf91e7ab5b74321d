/*
 * account_groups.h: groups.csv: the cost center, department, company and country of accounts. doc/licence.md is the manual.
 */
#ifndef ENVTALLY_ACCOUNT_GROUPS_H
#define ENVTALLY_ACCOUNT_GROUPS_H

#include "base/arena.h"
#include "io/csv_table.h"
#include "licence/group_type.h"

#include <stdint.h>

struct account_group {
	size_t row;
	const char *account_id; /* lower case */
	const char *values[GROUPS_OF_FILE]; /* in the order of enum group_type from GROUP_FIRST_OF_FILE; "" for none */
	int32_t start_day, end_day; /* end exclusive */
};

/* By account id, then start day. */
struct account_groups {
	struct account_group *list;
	size_t count;
	struct arena arena;
};

/* All mistakes go to `complain`, a line each; then EX_DATAERR, and nothing of the file is kept. */
int account_groups_load(const char *path, struct account_groups *groups, csv_complain *complain, struct error *error);
void account_groups_release(struct account_groups *groups);

/* The first row of an account, and how many there are; NULL for none. */
const struct account_group *account_groups_find(const struct account_groups *groups, const char *account_id, size_t *count);

/* Of an account's rows the one that holds for a period: the last that is in force on some day of it. NULL for none. */
const struct account_group *account_groups_in_period(const struct account_group rows[], size_t count, int32_t first_day, int32_t end_day);

#endif
