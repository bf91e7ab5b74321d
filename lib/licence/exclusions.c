#include "licence/exclusions.h"

#include "base/glob.h"
#include "base/instant.h"
#include "licence/licence_cells.h"

#include <stdlib.h>
#include <string.h>

#define AT(member) .offset = offsetof(struct exclusion, member)

static const char *const types[] = {"identifier", "user", "account", NULL};

static const struct licence_column exclusion_columns[] = {
	{"rule_type", true, CELL_WORD, AT(type), .words = types},
	{"identifier", true, CELL_TEXT, AT(identifier)},
	{"profile", false, CELL_TEXT, AT(profile)},
	{"reason", true, CELL_IGNORED, .offset = 0},
	{"start_date", false, CELL_FIRST_DAY, AT(start_day)},
	{"end_date", false, CELL_LAST_DAY, AT(end_day)},
	{.name = NULL},
};

int exclusions_load(const char *path, struct exclusions *exclusions, csv_complain *complain, struct error *error)
{
	static const struct licence_file file = {exclusion_columns, sizeof(struct exclusion), .check = NULL};
	*exclusions = (struct exclusions){.path = path};
	int result =
		licence_read(&file, path, (void **)&exclusions->list, &exclusions->count, &exclusions->arena, exclusions, complain, error);
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

/* The first day from `day` on that no rule leaves out; `day` itself where none does. *rule is one that leaves out some day before `end`, or after. */
static int32_t excluded_until(const struct exclusions *exclusions, enum exclusion_type type, const char *const texts[], size_t count,
	const char *profile, int32_t day, int32_t end, const struct exclusion **part)
{
	bool again = true;
	while (again && day < end) {
		again = false;
		for (size_t i = 0; i < exclusions->count; i++) {
			const struct exclusion *rule = &exclusions->list[i];
			if (rule->start_day >= end || rule->end_day <= day || (*rule->profile && strcmp(rule->profile, profile) != 0) ||
				!names(rule, type, texts, count))
				continue;
			*part = rule;
			if (rule->start_day > day)
				continue;
			day = rule->end_day;
			again = true;
		}
	}
	return day;
}

int exclusions_apply(const struct exclusions *exclusions, enum exclusion_type type, const char *const texts[], size_t count,
	const char *profile, const struct period *period, struct error *error)
{
	const struct exclusion *part = NULL;
	int32_t first = instant_day(period->start), end = period_end_day(period);
	if (excluded_until(exclusions, type, texts, count, profile, first, end, &part) >= end)
		return 1;
	if (!part)
		return 0;
	return error_set(error, EX_DATAERR,
		"cannot apply '%s' line %zu to the period %s to %s: it covers only a part of it, and consumption is known by period; let it "
		"begin and end with periods",
		exclusions->path, part->row, day_text(first).text, day_text(end - 1).text);
}
