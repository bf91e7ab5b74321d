#include "licence.h"

#include "csv_table.h"
#include "instant.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int out_of_memory(struct error *error)
{
	return error_set(error, EX_OSERR, "out of memory");
}

/* Copies cells into the strings of an element; 0 or -1. */
static int copy_cells(char *const cells[], const int columns[], char **const strings[], size_t count, struct error *error)
{
	for (size_t i = 0; i < count; i++)
		if (!(*strings[i] = strdup(cells[columns[i]])))
			return out_of_memory(error);
	return 0;
}

static void require(struct csv_table *table, char *const cells[], int column)
{
	if (!*cells[column])
		csv_table_complain(table, table->columns[column].name, "it must not be empty");
}

/* The place of a word among those accepted, -1 with a complaint. */
static int choose(struct csv_table *table, char *const cells[], int column, const char *const words[])
{
	char accepted[300] = "";
	for (int i = 0; words[i]; i++) {
		if (strcasecmp(words[i], cells[column]) == 0)
			return i;
		strncat(accepted, i ? ", " : "", sizeof accepted - strlen(accepted) - 1);
		strncat(accepted, words[i], sizeof accepted - strlen(accepted) - 1);
	}
	csv_table_complain(table, table->columns[column].name, "'%s' is not one of %s", cells[column], accepted);
	return -1;
}

/* Software models */

enum { PUBLISHER, PRODUCT, VERSION, EDITION, MODEL, METRIC, UNIT, IDENTIFIER_TYPE, IDENTIFIER };

static const struct csv_column model_columns[] = {{"publisher", true}, {"product", true}, {"version", false}, {"edition", false},
	{"software_model", true}, {"license_metric", true}, {"unit", false}, {"identifier_type", true}, {"identifier", true}, {NULL, false}};

static int model_row(struct csv_table *table, char *const cells[], struct error *error)
{
	static const char *const types[] = {"plan_item_id", "plan_item_name", "subscription_name", NULL};
	struct models *models = table->context;
	struct model_identifier *grown = realloc(models->identifiers, (models->count + 1) * sizeof *grown);
	if (!grown)
		return out_of_memory(error);
	models->identifiers = grown;
	struct model_identifier *identifier = &grown[models->count++];
	*identifier = (struct model_identifier){.row = table->line};
	require(table, cells, PUBLISHER);
	require(table, cells, PRODUCT);
	require(table, cells, MODEL);
	require(table, cells, METRIC);
	require(table, cells, IDENTIFIER);
	int type = choose(table, cells, IDENTIFIER_TYPE, types);
	identifier->type = type < 0 ? IDENTIFIER_PLAN_ITEM_ID : (enum identifier_type)type;
	const int columns[] = {PUBLISHER, PRODUCT, VERSION, EDITION, MODEL, METRIC, UNIT, IDENTIFIER};
	char **const strings[] = {&identifier->publisher, &identifier->product, &identifier->version, &identifier->edition,
		&identifier->software_model, &identifier->license_metric, &identifier->unit, &identifier->identifier};
	return copy_cells(cells, columns, strings, sizeof columns / sizeof *columns, error);
}

int models_load(const char *path, struct models *models, licence_complain *complain, struct error *error)
{
	*models = (struct models){.count = 0};
	struct csv_table table = {.path = path, .columns = model_columns, .complain = complain, .row = model_row, .context = models};
	int result = csv_table_read(&table, error);
	if (result < 0)
		models_release(models);
	return result;
}

void models_release(struct models *models)
{
	for (size_t i = 0; i < models->count; i++) {
		struct model_identifier *identifier = &models->identifiers[i];
		char *strings[] = {identifier->publisher, identifier->product, identifier->version, identifier->edition,
			identifier->software_model, identifier->license_metric, identifier->unit, identifier->identifier};
		for (size_t j = 0; j < sizeof strings / sizeof *strings; j++)
			free(strings[j]);
	}
	free(models->identifiers);
	*models = (struct models){.count = 0};
}

bool identifier_matches(const struct model_identifier *identifier, const char *text)
{
	return text && fnmatch(identifier->identifier, text, FNM_CASEFOLD | FNM_NOESCAPE) == 0;
}

/* Entitlements */

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
	STATUS
};

static const struct csv_column entitlement_columns[] = {{"entitlement_id", true}, {"software_model", true}, {"agreement_type", false},
	{"license_type", false}, {"metric_group", false}, {"license_metric", true}, {"subscription_period", false}, {"start_date", true},
	{"end_date", false}, {"purchased_rights", true}, {"unit_cost", false}, {"total_cost", false}, {"currency", false},
	{"status", false}, {NULL, false}};

static int32_t read_date(struct csv_table *table, char *const cells[], int column, int32_t fallback)
{
	int32_t day = fallback;
	if (*cells[column] && day_parse(cells[column], strlen(cells[column]), &day) < 0)
		csv_table_complain(table, table->columns[column].name, "'%s' is not a date such as 2025-01-31", cells[column]);
	return day;
}

static void read_rights(struct csv_table *table, char *const cells[], struct entitlement *entitlement)
{
	const char *text = cells[PURCHASED_RIGHTS];
	entitlement->unlimited = strcasecmp(text, "unlimited") == 0;
	size_t digits = strspn(text, "0123456789");
	if (entitlement->unlimited)
		return;
	if (digits == 0 || text[digits] || digits > 12)
		csv_table_complain(table, "purchased_rights", "'%s' is neither a whole number nor 'unlimited'", text);
	else
		entitlement->purchased_rights = strtoll(text, NULL, 10);
}

static int entitlement_row(struct csv_table *table, char *const cells[], struct error *error)
{
	static const char *const periods[] = {"Monthly", "Quarterly", "Annually", "Entire", "", NULL};
	static const char *const statuses[] = {"active", "retired", "", NULL};
	struct entitlements *entitlements = table->context;
	struct entitlement *grown = realloc(entitlements->entitlements, (entitlements->count + 1) * sizeof *grown);
	if (!grown)
		return out_of_memory(error);
	entitlements->entitlements = grown;
	struct entitlement *entitlement = &grown[entitlements->count++];
	*entitlement = (struct entitlement){.row = table->line};
	require(table, cells, ENTITLEMENT_ID);
	require(table, cells, SOFTWARE_MODEL);
	require(table, cells, LICENSE_METRIC);
	require(table, cells, START_DATE);
	choose(table, cells, SUBSCRIPTION_PERIOD, periods);
	entitlement->retired = choose(table, cells, STATUS, statuses) == 1;
	entitlement->start_day = read_date(table, cells, START_DATE, 0);
	entitlement->end_day = read_date(table, cells, END_DATE, INT32_MAX - 1) + 1;
	if (entitlement->end_day <= entitlement->start_day)
		csv_table_complain(table, "end_date", "'%s' lies before the start date %s", cells[END_DATE], cells[START_DATE]);
	read_rights(table, cells, entitlement);
	for (size_t i = 0; i + 1 < entitlements->count; i++)
		if (strcmp(entitlements->entitlements[i].entitlement_id, cells[ENTITLEMENT_ID]) == 0)
			csv_table_complain(table, "entitlement_id", "'%s' stands in line %zu already", cells[ENTITLEMENT_ID],
				entitlements->entitlements[i].row);
	const int columns[] = {ENTITLEMENT_ID, SOFTWARE_MODEL, AGREEMENT_TYPE, LICENSE_METRIC};
	char **const strings[] = {&entitlement->entitlement_id, &entitlement->software_model, &entitlement->agreement_type,
		&entitlement->license_metric};
	return copy_cells(cells, columns, strings, sizeof columns / sizeof *columns, error);
}

int entitlements_load(const char *path, struct entitlements *entitlements, licence_complain *complain, struct error *error)
{
	*entitlements = (struct entitlements){.count = 0};
	struct csv_table table = {.path = path,
		.columns = entitlement_columns,
		.complain = complain,
		.row = entitlement_row,
		.context = entitlements};
	int result = csv_table_read(&table, error);
	if (result < 0)
		entitlements_release(entitlements);
	return result;
}

void entitlements_release(struct entitlements *entitlements)
{
	for (size_t i = 0; i < entitlements->count; i++) {
		struct entitlement *entitlement = &entitlements->entitlements[i];
		free(entitlement->entitlement_id);
		free(entitlement->software_model);
		free(entitlement->agreement_type);
		free(entitlement->license_metric);
	}
	free(entitlements->entitlements);
	*entitlements = (struct entitlements){.count = 0};
}

bool agreement_is_enterprise(const char *agreement_type)
{
	static const char *const types[] = {"ELA", "ULA", "PULA", "Enterprise", "Enterprise License Agreement", "Unlimited License Agreement"};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strcasecmp(types[i], agreement_type) == 0)
			return true;
	return false;
}
