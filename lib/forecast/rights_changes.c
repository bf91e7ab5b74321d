#include "forecast/rights_changes.h"

#include "base/array.h"
#include "base/instant.h"
#include "forecast/expected_position.h"
#include "licence/licence_cells.h"
#include "reconcile/grants.h"
#include "json/json_write.h"

#include <stdlib.h>

struct change {
	int32_t day;
	int64_t rights;
};

struct changes {
	struct change *list;
	size_t count;
};

static int compare_changes(const void *left, const void *right)
{
	const struct change *a = left, *b = right;
	return a->day != b->day ? (a->day > b->day ? 1 : -1) : (a->rights > b->rights) - (a->rights < b->rights);
}

static int add(struct changes *changes, int32_t day, int64_t rights, int32_t first, int32_t end, struct error *error)
{
	if (day <= first || day >= end || !rights)
		return 0;
	struct change *change = array_grow((void **)&changes->list, &changes->count, sizeof *change, error);
	if (change)
		*change = (struct change){day, rights};
	return change ? 0 : -1;
}

static int collect(struct changes *changes, const struct grants *grants, int32_t first, int32_t end, struct error *error)
{
	for (size_t i = 0; i < grants->count; i++) {
		const struct grant *grant = &grants->list[i];
		bool is_true_up = grant->true_up_start < end && grant->true_up_end > first;
		if (is_true_up)
			continue;
		if (add(changes, grant->start_day, grant->rights, first, end, error) < 0 ||
			add(changes, grant->end_day, -grant->rights, first, end, error) < 0)
			return -1;
	}
	return 0;
}

static void print(struct buffer *line, const struct changes *changes)
{
	json_begin(line, '[');
	for (size_t i = 0; i < changes->count;) {
		struct change sum = changes->list[i++];
		for (; i < changes->count && changes->list[i].day == sum.day && (changes->list[i].rights > 0) == (sum.rights > 0); i++)
			if (__builtin_add_overflow(sum.rights, changes->list[i].rights, &sum.rights))
				sum.rights = sum.rights > 0 ? INT64_MAX : INT64_MIN;
		json_begin(line, '[');
		json_day(line, sum.day);
		json_integer(line, sum.rights);
		json_end(line, ']');
	}
	json_end(line, ']');
}

int rights_changes_append(
	struct buffer *line, const struct daily_consumption *daily, const struct open_position *position, struct error *error)
{
	const struct entitlements *entitlements = &daily->licence->entitlements;
	int32_t first = instant_day(position->period.start), end = period_end_day(&position->period);
	struct grants grants = {.count = 0};
	struct changes changes = {.count = 0};
	int result = 0;
	for (size_t i = 0; i < entitlements->count && result == 0; i++) {
		const struct entitlement *entitlement = &entitlements->list[i];
		int64_t true_up_for = entitlement->true_up_for == DAY_FIRST ? 0 : entitlement->true_up_for * DAY_MS;
		bool settles = true_up_for >= position->period.start && true_up_for < position->period.end &&
			entitlement->true_up_for != DAY_FIRST;
		if (expected_position_has(position, entitlement))
			result = grants_add(&grants, entitlement, settles ? &position->period : NULL, first, end, error);
	}
	if (result == 0)
		result = collect(&changes, &grants, first, end, error);
	if (changes.count)
		qsort(changes.list, changes.count, sizeof *changes.list, compare_changes);
	if (result == 0)
		print(line, &changes);
	grants_release(&grants);
	free(changes.list);
	return result;
}
