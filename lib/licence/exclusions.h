/*
 * exclusions.h: exclusions.csv: what is left out of the reconciliation. doc/licence.md is the manual of the file.
 *
 * Rules hold for days: also several that follow each other. Where only a period is known of consumption, not its days, rules must cover the
 * period or leave it alone; and consumption names no users. What cannot be applied is an error with its remedy, never silence.
 */
#ifndef ENVTALLY_EXCLUSIONS_H
#define ENVTALLY_EXCLUSIONS_H

#include "base/arena.h"
#include "base/period.h"
#include "io/csv_table.h"

enum exclusion_type { EXCLUDE_IDENTIFIER, EXCLUDE_USER, EXCLUDE_ACCOUNT };

struct exclusion {
	size_t row;
	enum exclusion_type type;
	const char *identifier; /* exact, or a glob */
	const char *profile; /* "": all */
	int32_t start_day, end_day; /* end exclusive */
};

struct exclusions {
	struct exclusion *list;
	size_t count;
	const char *path;
	struct arena arena;
};

/* All mistakes go to `complain`, a line each; then EX_DATAERR, and nothing of the file is kept. `path` must last. */
int exclusions_load(const char *path, struct exclusions *exclusions, csv_complain *complain, struct error *error);
void exclusions_release(struct exclusions *exclusions);

/* Does a rule leave out what this user of the profile sent on that day? */
bool exclusions_exclude_user(const struct exclusions *exclusions, const char *user, const char *profile, int32_t day);

/* The first rule about users; NULL when there is none. */
const struct exclusion *exclusions_user_rule(const struct exclusions *exclusions);

/* Is some text of `texts` (NULL-terminated; NULL entries are given as "") one that a rule of this type names, for any profile and time? */
bool exclusions_name(const struct exclusions *exclusions, enum exclusion_type type, const char *const texts[], size_t count);

/* Do the rules, together, leave it out in this period? 1 or 0; -1 with EX_DATAERR where they cover only a part of it: never of a day. */
int exclusions_apply(const struct exclusions *exclusions, enum exclusion_type type, const char *const texts[], size_t count,
	const char *profile, const struct period *period, struct error *error);

#endif
