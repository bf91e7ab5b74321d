#include "report/report_reading.h"

#include "base/array.h"
#include "base/instant.h"
#include "base/period_state.h"
#include "stream/count_object.h"

#include <string.h>

static enum period_state state_of(const struct report_period *period)
{
	return period_state_of_name(period->state, strlen(period->state));
}

/* The number of the record's period. Its state is the least final of its records'. */
static uint32_t read_period(struct reading *reading)
{
	struct report *report = reading->report;
	const struct report_period period = {.profile = reading_text(reading, "profile"),
		.unit = reading_text(reading, "unit"),
		.state = reading_text(reading, "state"),
		.index = reading_integer(reading, "period_index"),
		.start = reading_instant(reading, "period_start"),
		.end = reading_instant(reading, "period_end")};
	const int64_t key[] = {(intptr_t)period.profile, (intptr_t)period.unit, period.start, period.end};
	ptrdiff_t number =
		reading->record.failed ? -1 : name_table_number(&report->period_keys, (const char *)key, sizeof key, reading->record.error);
	size_t known = report->period_count;
	struct report_period *kept = number < 0
		? NULL
		: array_at((void **)&report->periods, &report->period_count, sizeof period, (size_t)number, reading->record.error);
	reading->record.failed |= !kept;
	if (kept && (size_t)number == known)
		*kept = period;
	else if (kept && state_of(&period) < state_of(kept))
		kept->state = period.state;
	return (uint32_t)number;
}

/* The day that the account's feed has not passed: its envelopes may be missing. */
static int32_t unknown_from(struct reading *reading)
{
	int64_t now = reading->report->now,
		watermark = reading_slice(reading, "watermark")->kind == JSON_STRING ? reading_instant(reading, "watermark") : now;
	return instant_day(watermark < now ? watermark : now);
}

static uint32_t month_of(int32_t day)
{
	int year, month, month_day;
	day_to_civil(day, &year, &month, &month_day);
	return (uint32_t)(year * 12 + month - 1);
}

static int add_month(struct reading *reading, struct sum *month)
{
	return month->units ? sum_table_add(&reading->report->by_month, month->key, month->units, reading->record.error) : 0;
}

/* A day of an account: to what it has used in its last weeks, and to what the period had up to the same day as the next one. */
static int add_day(
	struct reading *reading, struct report_account *account, struct report_period *period, int32_t same_day, int32_t day, int64_t units)
{
	struct report *report = reading->report;
	int32_t back = account->unknown_from - 1 - day;
	report->first_day = day < report->first_day ? day : report->first_day;
	if (back >= 0 && back < REPORT_BLOCKS * REPORT_BLOCK_DAYS &&
		sum_add(&account->blocks[back / REPORT_BLOCK_DAYS], units, reading->record.error) < 0)
		return -1;
	return day < same_day && period->same_day != INT64_MAX ? sum_add(&period->same_day, units, reading->record.error) : 0;
}

/* The days of by_day, which are in order. */
static void add_days(struct reading *reading, uint32_t number, struct report_period *period)
{
	struct report_account *account = &reading->report->accounts[number];
	const struct json_slice *days = reading_slice(reading, "by_day");
	const char *at = NULL;
	struct count_member member;
	struct sum month = {.key = {0, number}};
	account->unknown_from = unknown_from(reading);
	int32_t day,
		same_day = period->end > reading->report->now
		? INT32_MIN
		: instant_day(period->start) + account->unknown_from - instant_day(period->end);
	int result = 0;
	if (days->kind != JSON_OBJECT) {
		reading->report->lacks_days = true;
		period->same_day = INT64_MAX;
		return;
	}
	while (result == 0 && count_object_next(days, &at, &member) > 0) {
		if (day_parse(member.name, member.length, &day) < 0)
			continue;
		if (month_of(day) != month.key[0]) {
			result = add_month(reading, &month);
			month.key[0] = month_of(day);
			month.units = 0;
		}
		month.units += member.count;
		result = result < 0 ? result : add_day(reading, account, period, same_day, day, member.count);
	}
	if (result < 0 || add_month(reading, &month) < 0)
		reading->record.failed = true;
}

void report_add_consumption(struct reading *reading)
{
	struct report *report = reading->report;
	struct error *error = reading->record.error;
	const int64_t units = reading_integer(reading, "units_consumed");
	report->has_use |= units > 0;
	const uint32_t period = read_period(reading), account = reading_account(reading), plan_item = reading_plan_item(reading);
	const uint32_t by_account[SUM_PARTS] = {period, account},
		       by_plan_item[SUM_PARTS] = {period, plan_item, reading_names_model(reading)};
	report->names_models |= reading_names_model(reading);
	if (reading->record.failed || sum_add(&report->periods[period].consumed, units, error) < 0 ||
		sum_table_add(&report->by_account, by_account, units, error) < 0 ||
		sum_table_add(&report->by_plan_item, by_plan_item, units, error) < 0)
		reading->record.failed = true;
	else
		add_days(reading, account, &report->periods[period]);
}
