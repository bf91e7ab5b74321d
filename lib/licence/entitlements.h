/*
 * entitlements.h: entitlements.csv: what was bought. doc/licence.md is the manual of the file.
 *
 * Purchased rights and cost are those of one subscription period; how an entitlement applies in time is grants.h's.
 */
#ifndef ENVTALLY_ENTITLEMENTS_H
#define ENVTALLY_ENTITLEMENTS_H

#include "base/arena.h"
#include "base/money.h"
#include "io/csv_table.h"
#include "licence/group_type.h"

struct entitlement {
	size_t row;
	const char *entitlement_id, *software_model, *license_metric;
	uint32_t product; /* its number in the models: set by licence_load() */
	const char *currency; /* "" without a cost */
	int32_t start_day, end_day; /* end exclusive: the first day on which it is not in force; DAY_LAST (licence_cells.h) for none */
	int32_t term_end_day; /* the day after end_date: later than end_day where it was retired or replaced */
	int months; /* of one subscription period; 0: Entire */
	int64_t purchased_rights; /* 0 when unlimited */
	bool is_unlimited, is_enterprise, is_retired, has_cost;
	int status; /* 1: retired */
	int32_t retired_on; /* the first day on which it counts for nothing; DAY_FIRST for none */
	const char *replaces; /* ids of entitlements that ended when this one began, with '|' between them; "" for none */
	const char *supplements; /* the id of the one that it adds to or renews; "" for none */
	const char *replaced_by; /* the id of the one that ended it; NULL for none */
	money cost; /* of one subscription period, in `currency` */
	enum group_type allocation_type; /* GROUP_POOL: not allocated */
	const char *allocation_value;
	const char *profile; /* only its accounts draw on it; "" for all */
	int32_t true_up_for; /* a day of the consumption period that it covers too; DAY_FIRST for none */
};

struct entitlements {
	struct entitlement *list;
	size_t count;
	struct arena arena;
};

/* All mistakes go to `complain`, a line each; then EX_DATAERR, and nothing of the file is kept. */
int entitlements_load(const char *path, struct entitlements *entitlements, csv_complain *complain, struct error *error);
void entitlements_release(struct entitlements *entitlements);

/* What became of it or what it is to others: "replaced", "supplemental" or "initial". */
const char *entitlement_lineage(const struct entitlement *entitlement);

/* Is it of this license metric of this software model, and not retired? */
bool entitlement_is_of(const struct entitlement *entitlement, const char *software_model, const char *license_metric);

#endif
