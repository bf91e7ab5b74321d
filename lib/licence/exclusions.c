#include "licence/exclusions.h"

#include "base/glob.h"

#include "base/array.h"

#include "base/instant.h"
#include "licence/licence_cells.h"

#include <stdlib.h>
#include <string.h>

enum { RULE_TYPE, IDENTIFIER, PROFILE, REASON, START_DATE, END_DATE };

static const struct csv_column exclusion_columns[] = {{"rule_type", true}, {"identifier", true}, {"profile", false}, {"reason", true},
	{"start_date", false}, {"end_date", false}, {NULL, false}};

static int exclusion_row(struct csv_table *table, char *const cells[], struct error *error)
{
	static const char *const types[] = {"identifier", "user", "account", NULL};
	struct exclusions *exclusions = table->context;
	struct exclusion *rule = array_grow((void **)&exclusions->list, &exclusions->count, sizeof *rule, error);
	if (!rule)
		return -1;
	rule->row = table->line;
	licence_require(table, cells, IDENTIFIER);
	licence_require(table, cells, REASON);
	int type = licence_choose(table, cells, RULE_TYPE, types);
	rule->type = type < 0 ? EXCLUDE_IDENTIFIER : (enum exclusion_type)type;
	licence_days(table, cells, START_DATE, END_DATE, &rule->start_day, &rule->end_day);
	rule->identifier = licence_text(&exclusions->arena, cells[IDENTIFIER], error);
	rule->profile = licence_text(&exclusions->arena, cells[PROFILE], error);
	return rule->identifier && rule->profile ? 0 : -1;
}

int exclusions_load(const char *path, struct exclusions *exclusions, csv_complain *complain, struct error *error)
{
	*exclusions = (struct exclusions){.path = path};
	struct csv_table table = {
		.path = path, .columns = exclusion_columns, .complain = complain, .row = exclusion_row, .context = exclusions};
	int result = csv_table_read(&table, error);
	if (result < 0)
		exclusions_release(exclusions);
	return result;
}

void exclusions_release(struct exclusions *exclusions)
{
	free(exclusions->list);
	arena_release(&exclusions->arena);
	*exclusions = (struct exclusions){.count = 0};
}

static bool names(const struct exclusion *rule, enum exclusion_type type, const char *const texts[], size_t count)
{
	for (size_t i = 0; i < count && rule->type == type; i++)
		if (texts[i] && *texts[i] && glob_matches(rule->identifier, texts[i]))
			return true;
	return false;
}

bool exclusions_exclude_user(const struct exclusions *exclusions, const char *user, const char *profile, int32_t day)
{
	for (size_t i = 0; i < exclusions->count; i++) {
		const struct exclusion *rule = &exclusions->list[i];
		if (names(rule, EXCLUDE_USER, &user, 1) && (!*rule->profile || strcmp(rule->profile, profile) == 0) &&
			rule->start_day <= day && day < rule->end_day)
			return true;
	}
	return false;
}

const struct exclusion *exclusions_user_rule(const struct exclusions *exclusions)
{
	for (size_t i = 0; i < exclusions->count; i++)
		if (exclusions->list[i].type == EXCLUDE_USER)
			return &exclusions->list[i];
	return NULL;
}

bool exclusions_name(const struct exclusions *exclusions, enum exclusion_type type, const char *const texts[], size_t count)
{
	for (size_t i = 0; i < exclusions->count; i++)
		if (names(&exclusions->list[i], type, texts, count))
			return true;
	return false;
}

int exclusions_apply(const struct exclusions *exclusions, enum exclusion_type type, const char *const texts[], size_t count,
	const char *profile, const struct period *period, struct error *error)
{
	const struct exclusion *part = NULL;
	int32_t first = instant_day(period->start), end = instant_day(period->end - 1) + 1;
	for (size_t i = 0; i < exclusions->count; i++) {
		const struct exclusion *rule = &exclusions->list[i];
		if (!names(rule, type, texts, count) || (*rule->profile && strcmp(rule->profile, profile) != 0) || rule->start_day >= end ||
			rule->end_day <= first)
			continue;
		if (rule->start_day <= first && rule->end_day >= end)
			return 1;
		part = rule;
	}
	if (!part)
		return 0;
	char days[2][DAY_LENGTH + 1] = {"", ""};
	day_format(first, days[0]);
	day_format(end - 1, days[1]);
	return error_set(error, EX_DATAERR,
		"cannot apply '%s' line %zu to the period %s to %s: it covers only a part of it, and consumption is known by period; let it "
		"begin and end with periods",
		exclusions->path, part->row, days[0], days[1]);
}
