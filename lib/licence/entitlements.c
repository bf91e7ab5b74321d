#include "licence/entitlements.h"

#include "base/array.h"

#include "base/name_table.h"
#include "licence/licence_cells.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	ENTITLEMENT_ID,
	SOFTWARE_MODEL,
	AGREEMENT_TYPE,
	LICENSE_TYPE,
	METRIC_GROUP,
	LICENSE_METRIC,
	SUBSCRIPTION_PERIOD,
	START_DATE,
	END_DATE,
	PURCHASED_RIGHTS,
	UNIT_COST,
	TOTAL_COST,
	CURRENCY,
	ALLOCATION_TYPE,
	ALLOCATION_VALUE,
	STATUS
};

static const struct csv_column entitlement_columns[] = {{"entitlement_id", true}, {"software_model", true}, {"agreement_type", false},
	{"license_type", false}, {"metric_group", false}, {"license_metric", true}, {"subscription_period", false}, {"start_date", true},
	{"end_date", false}, {"purchased_rights", true}, {"unit_cost", false}, {"total_cost", false}, {"currency", false},
	{"allocation_type", false}, {"allocation_value", false}, {"status", false}, {NULL, false}};

struct loading {
	struct entitlements *entitlements;
	struct name_table ids; /* value: the line */
};

/* Agreements that cover whatever is used. */
static bool is_enterprise_wide(const char *agreement_type)
{
	static const char *const types[] = {
		"ELA", "ULA", "PULA", "Enterprise", "Enterprise License Agreement", "Unlimited License Agreement"};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strcasecmp(types[i], agreement_type) == 0)
			return true;
	return false;
}

static int read_months(struct csv_table *table, char *const cells[])
{
	static const char *const periods[] = {"Monthly", "Quarterly", "Annually", "Entire", "", NULL};
	static const int months[] = {1, 3, 12, 0, 0};
	int chosen = licence_choose(table, cells, SUBSCRIPTION_PERIOD, periods);
	return chosen < 0 ? 0 : months[chosen];
}

/* The total is what was paid; a unit cost beside it must be its quotient, to the digits that it has. */
static void check_costs(
	struct csv_table *table, char *const cells[], const struct entitlement *entitlement, money total, money unit, int digits)
{
	money half = MONEY_UNIT / 2, product = unit, slack;
	while (digits-- > 0)
		half /= 10;
	slack = half;
	if (money_multiply(&product, entitlement->purchased_rights, NULL) < 0 ||
		money_multiply(&slack, entitlement->purchased_rights, NULL) < 0 || total - product > slack || product - total > slack)
		csv_table_complain(table, "total_cost", "'%s' is not unit_cost %s times %lld rights: give one of the two",
			cells[TOTAL_COST], cells[UNIT_COST], (long long)entitlement->purchased_rights);
}

static void read_costs(struct csv_table *table, char *const cells[], struct entitlement *entitlement)
{
	money unit, total;
	int digits = 0;
	size_t before = table->complaints;
	bool has_unit = licence_amount(table, cells, UNIT_COST, &unit, &digits);
	bool has_total = licence_amount(table, cells, TOTAL_COST, &total, NULL);
	entitlement->has_cost = has_unit || has_total;
	if (entitlement->has_cost && !*cells[CURRENCY])
		csv_table_complain(table, "currency", "it must name the currency of the cost, such as USD");
	else if (*cells[CURRENCY])
		licence_currency(table, cells, CURRENCY);
	if (has_unit && entitlement->is_unlimited)
		csv_table_complain(table, "unit_cost", "unlimited rights have no cost of one: give total_cost");
	if (table->complaints > before)
		return;
	if (has_unit && has_total)
		check_costs(table, cells, entitlement, total, unit, digits);
	entitlement->cost = has_total ? total : unit;
	if (!has_total && money_multiply(&entitlement->cost, entitlement->purchased_rights, NULL) < 0)
		csv_table_complain(table, "unit_cost", "'%s' times %lld rights is too large", cells[UNIT_COST],
			(long long)entitlement->purchased_rights);
}

static void read_allocation(struct csv_table *table, char *const cells[], struct entitlement *entitlement)
{
	entitlement->allocation_type = GROUP_POOL;
	if (*cells[ALLOCATION_TYPE]) {
		int type = licence_choose(table, cells, ALLOCATION_TYPE, group_type_names);
		if (type >= 0)
			entitlement->allocation_type = (enum group_type)type;
		licence_require(table, cells, ALLOCATION_VALUE);
	} else if (*cells[ALLOCATION_VALUE]) {
		csv_table_complain(table, "allocation_type", "it must say what '%s' is", cells[ALLOCATION_VALUE]);
	}
}

static int check_unique(struct csv_table *table, char *const cells[], struct name_table *ids, struct error *error)
{
	const char *id = cells[ENTITLEMENT_ID];
	struct name *name = name_table_find(ids, id, strlen(id));
	if (name)
		csv_table_complain(table, "entitlement_id", "'%s' stands in line %lld already", id, (long long)name->value);
	else if (!name_table_add(ids, id, strlen(id), (int64_t)table->line, error))
		return -1;
	return 0;
}

static int entitlement_row(struct csv_table *table, char *const cells[], struct error *error)
{
	static const char *const statuses[] = {"active", "retired", "", NULL};
	static const int required[] = {ENTITLEMENT_ID, SOFTWARE_MODEL, LICENSE_METRIC, START_DATE};
	struct loading *loading = table->context;
	struct arena *arena = &loading->entitlements->arena;
	struct entitlement *entitlement =
		array_grow((void **)&loading->entitlements->list, &loading->entitlements->count, sizeof *entitlement, error);
	if (!entitlement)
		return -1;
	for (size_t i = 0; i < sizeof required / sizeof *required; i++)
		licence_require(table, cells, required[i]);
	entitlement->row = table->line;
	entitlement->months = read_months(table, cells);
	entitlement->is_retired = licence_choose(table, cells, STATUS, statuses) == 1;
	entitlement->is_enterprise = is_enterprise_wide(cells[AGREEMENT_TYPE]);
	licence_days(table, cells, START_DATE, END_DATE, &entitlement->start_day, &entitlement->end_day);
	entitlement->purchased_rights = licence_count(table, cells, PURCHASED_RIGHTS, "unlimited", &entitlement->is_unlimited);
	read_costs(table, cells, entitlement);
	read_allocation(table, cells, entitlement);
	if (*cells[ENTITLEMENT_ID] && check_unique(table, cells, &loading->ids, error) < 0)
		return -1;
	entitlement->entitlement_id = licence_text(arena, cells[ENTITLEMENT_ID], error);
	entitlement->software_model = licence_text(arena, cells[SOFTWARE_MODEL], error);
	entitlement->license_metric = licence_text(arena, cells[LICENSE_METRIC], error);
	entitlement->currency = licence_text(arena, entitlement->has_cost ? cells[CURRENCY] : "", error);
	bool is_id = entitlement->allocation_type == GROUP_ACCOUNT || entitlement->allocation_type == GROUP_ORGANIZATION;
	entitlement->allocation_value = (is_id ? licence_id : licence_text)(arena, cells[ALLOCATION_VALUE], error);
	return entitlement->entitlement_id && entitlement->software_model && entitlement->license_metric && entitlement->currency &&
			entitlement->allocation_value
		? 0
		: -1;
}

int entitlements_load(const char *path, struct entitlements *entitlements, csv_complain *complain, struct error *error)
{
	*entitlements = (struct entitlements){.count = 0};
	struct loading loading = {.entitlements = entitlements};
	struct csv_table table = {
		.path = path, .columns = entitlement_columns, .complain = complain, .row = entitlement_row, .context = &loading};
	int result = csv_table_read(&table, error);
	name_table_release(&loading.ids);
	if (result < 0)
		entitlements_release(entitlements);
	return result;
}

void entitlements_release(struct entitlements *entitlements)
{
	free(entitlements->list);
	arena_release(&entitlements->arena);
	*entitlements = (struct entitlements){.count = 0};
}
