#include "reconcile/ineffective_rows.h"

#include "base/format_arguments.h"
#include "base/glob.h"
#include "base/instant.h"
#include "licence/licence_cells.h"
#include "reconcile/position_declared.h"
#include "reconcile/position_owner.h"
#include "reconcile/position_print.h"
#include "json/json_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where rows are reported. */
struct reporting {
	struct position *position;
	csv_complain *warn;
	bool has_subscriptions; /* the input has such records */
};

__attribute__((format(printf, 6, 7))) static void report_row(
	const struct reporting *reporting, const char *file, size_t line, const char *column, const char *value, const char *format, ...)
{
	char reason[600], message[700];
	FORMAT_ARGUMENTS(reason, format);
	snprintf(message, sizeof message, "%s line %zu has no effect: %s", file, line, reason);
	reporting->warn(message, false);
	struct buffer *record = position_begin_record(reporting->position, &stream_ineffective_row);
	json_member_text(record, "file", file);
	json_member_integer(record, "line", (int64_t)line);
	json_member_text(record, "column", column);
	json_member_text(record, "value", value);
	json_member_text(record, "reason", reason);
	position_end_record(reporting->position);
}

/* ---- entitlements and prices ---- */

static void check_metric(
	const struct reporting *reporting, const char *file, size_t line, const char *software_model, const char *license_metric)
{
	if (models_find_metric(&reporting->position->licence->models, software_model, license_metric) < 0)
		report_row(reporting, file, line, "software_model", software_model,
			"no row of the models has software model '%s' with license metric '%s'", software_model, license_metric);
}

/* Does anybody have the group? Cost centers and the like are those of groups.csv; others are held against the account records. */
static bool has_members(const struct reporting *reporting, enum group_type type, const char *value)
{
	const struct position *position = reporting->position;
	const struct account_groups *groups = &position->licence->groups;
	bool is_of_file = type >= GROUP_FIRST_OF_FILE && type != GROUP_ORGANIZATION;
	for (size_t i = 0; is_of_file && i < groups->count; i++)
		if (strcmp(groups->list[i].values[type - GROUP_FIRST_OF_FILE], value) == 0)
			return true;
	for (uint32_t rank = 0; !is_of_file && rank < position->input->account_count; rank++) {
		const char *site = membership_account(&position->membership, rank)->site_name;
		if ((type == GROUP_SITE && site && strcmp(site, value) == 0) ||
			membership_is_member(&position->membership, type, rank, value))
			return true;
	}
	/* A site that all its accounts have left, by its name. */
	for (size_t i = 0; type == GROUP_SITE && i < position->input->site_count; i++)
		if (position->input->sites[i].name && strcmp(position->input->sites[i].name, value) == 0)
			return true;
	return !is_of_file && !position->input->has_accounts;
}

/* Has the profile consumption, and in the group if the row names one? An account without consumption may be of any profile. */
static bool has_use(const struct position *position, const struct entitlement *entitlement, bool *in_group)
{
	uint32_t profile = input_profile_of_name(position->input, entitlement->profile);
	enum group_type type = entitlement->allocation_type;
	bool is_used = false;
	*in_group = type == GROUP_POOL;
	for (uint32_t rank = 0; rank < position->input->account_count; rank++) {
		uint32_t own = membership_account(&position->membership, rank)->profile;
		is_used |= own == profile;
		*in_group |= (own == profile || own == INPUT_NONE) && type != GROUP_POOL &&
			membership_is_member(&position->membership, type, rank, entitlement->allocation_value);
	}
	return is_used;
}

static void check_profile(const struct reporting *reporting, const struct entitlement *entitlement)
{
	bool in_group;
	if (!has_use(reporting->position, entitlement, &in_group))
		report_row(reporting, "entitlements", entitlement->row, "profile", entitlement->profile,
			"there is no consumption of profile '%s'", entitlement->profile);
	else if (!in_group)
		report_row(reporting, "entitlements", entitlement->row, "allocation_value", entitlement->allocation_value,
			"no account of profile '%s' is of %s '%s'", entitlement->profile, group_type_names[entitlement->allocation_type],
			entitlement->allocation_value);
}

static void check_true_up(const struct reporting *reporting, const struct entitlement *entitlement)
{
	if (entitlement->true_up_for == DAY_FIRST || entitlement->true_up_for * DAY_MS > reporting->position->now ||
		position_true_up_period(reporting->position, entitlement))
		return;
	struct day_text day = day_text(entitlement->true_up_for);
	report_row(reporting, "entitlements", entitlement->row, "true_up_for", day.text,
		"%s is in no consumption period since the contract start", day.text);
}

static void check_entitlements(const struct reporting *reporting)
{
	const struct position *position = reporting->position;
	bool is_used = false;
	for (size_t i = 0; i < position->input->account_count; i++)
		is_used |= position->input->accounts[i].profile != INPUT_NONE;
	for (size_t i = 0; i < position->licence->entitlements.count; i++) {
		const struct entitlement *entitlement = &position->licence->entitlements.list[i];
		check_metric(reporting, "entitlements", entitlement->row, entitlement->software_model, entitlement->license_metric);
		if (entitlement->is_retired)
			continue;
		if (is_used)
			check_true_up(reporting, entitlement);
		if (entitlement->allocation_type != GROUP_POOL &&
			!has_members(reporting, entitlement->allocation_type, entitlement->allocation_value))
			report_row(reporting, "entitlements", entitlement->row, "allocation_value", entitlement->allocation_value,
				"no account is of %s '%s'", group_type_names[entitlement->allocation_type], entitlement->allocation_value);
		else if (*entitlement->profile && is_used)
			check_profile(reporting, entitlement);
	}
}

static void check_prices(const struct reporting *reporting)
{
	const struct price_list *prices = &reporting->position->licence->prices;
	for (size_t i = 0; i < prices->count; i++)
		check_metric(reporting, "prices", prices->list[i].row, prices->list[i].software_model, prices->list[i].license_metric);
}

/* ---- what names accounts and plan items ---- */

static bool is_plan_item(const struct reconcile_input *input, const char *identifier, int type)
{
	for (size_t item = 0; item < input->plan_items.count; item++) {
		const char *texts[PLAN_ITEM_TEXTS];
		plan_items_texts(&input->plan_items, item, texts);
		for (int i = 0; i < PLAN_ITEM_TEXTS; i++)
			if ((type < 0 || i == type) && texts[i] && *texts[i] && glob_matches(identifier, texts[i]))
				return true;
	}
	return false;
}

static bool is_account(const struct reconcile_input *input, const char *identifier)
{
	for (size_t i = 0; i < input->account_count; i++)
		if (glob_matches(identifier, input->account_ids.names[i].text))
			return true;
	return false;
}

static void check_models(const struct reporting *reporting)
{
	const struct reconcile_input *input = reporting->position->input;
	const struct models *models = &reporting->position->licence->models;
	for (size_t i = 0; i < models->count && reporting->has_subscriptions; i++)
		if (!is_plan_item(input, models->identifiers[i].identifier, (int)models->identifiers[i].type))
			report_row(reporting, "models", models->identifiers[i].row, "identifier", models->identifiers[i].identifier,
				"no plan item or subscription matches '%s'", models->identifiers[i].identifier);
}

static void check_exclusions(const struct reporting *reporting)
{
	const struct reconcile_input *input = reporting->position->input;
	const struct exclusions *exclusions = &reporting->position->licence->exclusions;
	for (size_t i = 0; i < exclusions->count; i++) {
		const struct exclusion *rule = &exclusions->list[i];
		if (rule->end_day * DAY_MS <= reporting->position->now)
			continue; /* it is over, and what it named may be gone */
		if (rule->type == EXCLUDE_IDENTIFIER && reporting->has_subscriptions && !is_plan_item(input, rule->identifier, -1))
			report_row(reporting, "exclusions", rule->row, "identifier", rule->identifier,
				"no plan item or subscription matches '%s'", rule->identifier);
		else if (rule->type == EXCLUDE_ACCOUNT && input->has_accounts && !is_account(input, rule->identifier))
			report_row(reporting, "exclusions", rule->row, "identifier", rule->identifier, "no account matches '%s'",
				rule->identifier);
	}
}

static int compare_lines(const void *left, const void *right)
{
	const struct account_group *a = *(const struct account_group *const *)left, *b = *(const struct account_group *const *)right;
	return (a->row > b->row) - (a->row < b->row);
}

static int check_groups(const struct reporting *reporting, struct error *error)
{
	const struct reconcile_input *input = reporting->position->input;
	const struct account_groups *groups = &reporting->position->licence->groups;
	const struct account_group **rows = malloc((groups->count + 1) * sizeof *rows);
	if (!rows)
		return error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < groups->count; i++)
		rows[i] = &groups->list[i];
	qsort(rows, groups->count, sizeof *rows, compare_lines);
	for (size_t i = 0; i < groups->count && input->has_accounts; i++) {
		const char *id = rows[i]->account_id;
		if (!name_table_find(&input->account_ids, id, strlen(id)))
			report_row(reporting, "groups", rows[i]->row, "account_id", id, "there is no account '%s'", id);
	}
	free(rows);
	return 0;
}

static void check_declared(const struct reporting *reporting)
{
	const struct position *position = reporting->position;
	for (size_t i = 0; i < position->licence->declared.count; i++) {
		const struct declared_row *row = &position->licence->declared.list[i];
		const char *column, *fault = position_declared_fault(position, i, &column);
		char day[DAY_LENGTH + 1] = "";
		day_format(row->start_day, day);
		check_metric(reporting, "consumption", row->row, row->software_model, row->license_metric);
		if (fault)
			report_row(reporting, "consumption", row->row, column, *column == 'p' ? row->profile : day, "%s", fault);
	}
}

int position_print_ineffective(struct position *position, csv_complain *warn, struct error *error)
{
	const struct reconcile_input *input = position->input;
	struct reporting reporting = {.position = position, .warn = warn};
	for (size_t i = 0; i < input->plan_items.count; i++)
		reporting.has_subscriptions |= input->plan_items.list[i].subscriptions > 0;
	check_entitlements(&reporting);
	check_models(&reporting);
	check_exclusions(&reporting);
	check_prices(&reporting);
	check_declared(&reporting);
	return check_groups(&reporting, error);
}
