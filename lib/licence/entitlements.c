#include "licence/entitlements.h"

#include "base/instant.h"
#include "base/name_table.h"
#include "base/utf8.h"
#include "licence/licence_cells.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	AGREEMENT_TYPE = 2,
	START_DATE = 7,
	UNIT_COST = 10,
	TOTAL_COST,
	CURRENCY,
	ALLOCATION_TYPE,
	ALLOCATION_VALUE,
	TRUE_UP_FOR = 17,
	RETIRED_ON
}; /* columns */

#define AT(member) .offset = offsetof(struct entitlement, member)

static const char *const periods[] = {"Monthly", "Quarterly", "Annually", "Entire", NULL};
static const int months_of_period[] = {1, 3, 12, 0};
static const char *const statuses[] = {"active", "retired", NULL};

static const struct licence_column entitlement_columns[] = {
	{"entitlement_id", true, CELL_TEXT, AT(entitlement_id)},
	{"software_model", true, CELL_TEXT, AT(software_model)},
	{"agreement_type", false, CELL_IGNORED, .offset = 0},
	{"license_type", false, CELL_IGNORED, .offset = 0},
	{"metric_group", false, CELL_IGNORED, .offset = 0},
	{"license_metric", true, CELL_TEXT, AT(license_metric)},
	{"subscription_period", false, CELL_WORD, AT(months), .words = periods, .otherwise = 3},
	{"start_date", true, CELL_FIRST_DAY, AT(start_day)},
	{"end_date", false, CELL_LAST_DAY, AT(end_day)},
	{"purchased_rights", true, CELL_RIGHTS, AT(purchased_rights)},
	{"unit_cost", false, CELL_IGNORED, .offset = 0},
	{"total_cost", false, CELL_IGNORED, .offset = 0},
	{"currency", false, CELL_CURRENCY, AT(currency)},
	{"allocation_type", false, CELL_WORD, AT(allocation_type), .words = group_type_names, .otherwise = GROUP_POOL},
	{"allocation_value", false, CELL_TEXT, AT(allocation_value)},
	{"status", false, CELL_WORD, AT(status), .words = statuses},
	{"profile", false, CELL_TEXT, AT(profile)},
	{"true_up_for", false, CELL_FIRST_DAY, AT(true_up_for)},
	{"retired_on", false, CELL_FIRST_DAY, AT(retired_on)},
	{"replaces", false, CELL_TEXT, AT(replaces)},
	{"supplements", false, CELL_TEXT, AT(supplements)},
	{.name = NULL},
};

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
	bool has_total = licence_signed_amount(table, cells, TOTAL_COST, &total);
	entitlement->has_cost = has_unit || has_total;
	if (entitlement->has_cost && !*cells[CURRENCY])
		csv_table_complain(table, "currency", "it must name the currency of the cost, such as USD");
	if (!entitlement->has_cost)
		entitlement->currency = "";
	if (has_unit && entitlement->is_unlimited)
		csv_table_complain(table, "unit_cost", "unlimited rights have no cost of one: give total_cost");
	if (total < 0 && (entitlement->purchased_rights || entitlement->is_unlimited))
		csv_table_complain(table, "total_cost",
			"'%s' is a credit, and has no rights: write it as a row of its own, with 0 purchased_rights", cells[TOTAL_COST]);
	if (entitlement->has_cost && *cells[CURRENCY])
		licence_check_currency(table, entitlement->currency, entitlement->start_day, entitlement->end_day);
	if (table->complaints > before)
		return;
	if (has_unit && has_total)
		check_costs(table, cells, entitlement, total, unit, digits);
	entitlement->cost = has_total ? total : unit;
	if (!has_total && money_multiply(&entitlement->cost, entitlement->purchased_rights, NULL) < 0)
		csv_table_complain(table, "unit_cost", "'%s' times %lld rights is too large", cells[UNIT_COST],
			(long long)entitlement->purchased_rights);
}

static int check_unique(struct csv_table *table, const char *id, struct name_table *ids, struct error *error)
{
	struct name *name = name_table_find(ids, id, strlen(id));
	if (name)
		csv_table_complain(table, "entitlement_id", "'%s' is in line %lld already", id, (long long)name->value);
	else if (!name_table_add(ids, id, strlen(id), (int64_t)table->line, error))
		return -1;
	return 0;
}

static int check_row(struct csv_table *table, char *const cells[], void *row, void *context, struct error *error)
{
	struct loading *loading = context;
	struct entitlement *entitlement = row;
	entitlement->months = months_of_period[entitlement->months];
	entitlement->is_unlimited = entitlement->purchased_rights == RIGHTS_UNLIMITED;
	if (entitlement->is_unlimited)
		entitlement->purchased_rights = 0;
	entitlement->is_retired = entitlement->status == 1 && entitlement->retired_on == DAY_FIRST;
	entitlement->term_end_day = entitlement->end_day;
	if (entitlement->retired_on != DAY_FIRST && entitlement->retired_on <= entitlement->start_day)
		csv_table_complain(table, "retired_on",
			"'%s' is not after the start date %s: with status retired alone it counts for nothing", cells[RETIRED_ON],
			cells[START_DATE]);
	else if (entitlement->retired_on != DAY_FIRST && entitlement->retired_on < entitlement->end_day)
		entitlement->end_day = entitlement->retired_on;
	entitlement->is_enterprise = is_enterprise_wide(cells[AGREEMENT_TYPE]);
	read_costs(table, cells, entitlement);
	if (entitlement->start_day != DAY_FIRST && entitlement->true_up_for > entitlement->start_day)
		csv_table_complain(table, "true_up_for", "'%s' lies after the start date %s", cells[TRUE_UP_FOR], cells[START_DATE]);
	if (*cells[ALLOCATION_TYPE] && !*cells[ALLOCATION_VALUE])
		csv_table_complain(table, "allocation_value", "it must not be empty");
	else if (!*cells[ALLOCATION_TYPE] && *cells[ALLOCATION_VALUE])
		csv_table_complain(table, "allocation_type", "it must say what '%s' is", cells[ALLOCATION_VALUE]);
	bool is_id = entitlement->allocation_type == GROUP_ACCOUNT || entitlement->allocation_type == GROUP_ORGANIZATION;
	if (is_id && !(entitlement->allocation_value = licence_id(&loading->entitlements->arena, cells[ALLOCATION_VALUE], error)))
		return -1;
	return *cells[0] ? check_unique(table, cells[0], &loading->ids, error) : 0;
}

static struct entitlement *find(const struct entitlements *entitlements, const char *id, size_t length)
{
	for (size_t i = 0; i < entitlements->count; i++)
		if (strlen(entitlements->list[i].entitlement_id) == length && memcmp(entitlements->list[i].entitlement_id, id, length) == 0)
			return &entitlements->list[i];
	return NULL;
}

/* The entitlement that a row names ends when the row's begins; of several that replace it, when the first does. */
static void replace(
	struct csv_table *table, const struct entitlements *entitlements, const struct entitlement *row, const char *id, size_t length)
{
	struct entitlement *old = find(entitlements, id, length);
	char day[DAY_LENGTH + 1] = "";
	if (!old)
		csv_table_complain(table, "replaces", "no row has the entitlement_id '%.*s'", (int)length, id);
	else if (old->start_day >= row->start_day) {
		day_format(old->start_day, day);
		csv_table_complain(
			table, "replaces", "'%s' of line %zu begins on %s, not before this row does", old->entitlement_id, old->row, day);
	} else if (!row->is_retired && row->start_day < old->end_day) {
		old->end_day = row->start_day;
		old->replaced_by = row->entitlement_id;
	}
}

static int check_lineage(struct csv_table *table, void *context, struct error *error)
{
	const struct entitlements *entitlements = ((struct loading *)context)->entitlements;
	(void)error;
	for (size_t i = 0; i < entitlements->count; i++) {
		const struct entitlement *row = &entitlements->list[i];
		table->line = row->row;
		for (const char *at = row->replaces, *end; at && *at && row->start_day != DAY_FIRST; at = *end ? end + 1 : end) {
			const char *id = at;
			end = at + strcspn(at, "|");
			size_t length = (size_t)(end - at);
			utf8_trim(&id, &length);
			replace(table, entitlements, row, id, length);
		}
		if (row->supplements && *row->supplements && !find(entitlements, row->supplements, strlen(row->supplements)))
			csv_table_complain(table, "supplements", "no row has the entitlement_id '%s'", row->supplements);
	}
	return 0;
}

const char *entitlement_lineage(const struct entitlement *entitlement)
{
	return entitlement->replaced_by ? "replaced" : *entitlement->supplements ? "supplemental" : "initial";
}

int entitlements_load(const char *path, struct entitlements *entitlements, csv_complain *complain, struct error *error)
{
	static const struct licence_file file = {entitlement_columns, sizeof(struct entitlement), .check = check_row, .end = check_lineage};
	*entitlements = (struct entitlements){.count = 0};
	struct loading loading = {.entitlements = entitlements};
	int result = licence_read(
		&file, path, (void **)&entitlements->list, &entitlements->count, &entitlements->arena, &loading, complain, error);
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

bool entitlement_is_of(const struct entitlement *entitlement, const char *software_model, const char *license_metric)
{
	return !entitlement->is_retired && strcmp(entitlement->software_model, software_model) == 0 &&
		strcmp(entitlement->license_metric, license_metric) == 0;
}
