#include "forecast/past_forecasts.h"

#include "base/array.h"
#include "base/instant.h"
#include "stream/record.h"
#include "json/json_write.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LONG_DAYS 91

#define FIELDS(X) \
	X(profile) \
	X(software_model) X(license_metric) X(period_start) X(as_of) X(units_to_date) X(day) X(expected_units) X(low_units) X(high_units)
enum { FIELDS(RECORD_SLOT) SLOTS };
static const char *const pointers[] = {FIELDS(RECORD_POINTER)};

struct reading {
	struct past_forecasts *past;
	const struct models *models;
};

static void read_forecast(void *context, struct record *record)
{
	struct reading *reading = context;
	struct past_forecasts *past = reading->past;
	if (!message_is_record(record->message, stream_past_forecast.name))
		return;
	const char *model = record_text(record, SLOT_software_model, &past->arena),
		   *license_metric = record_text(record, SLOT_license_metric, &past->arena);
	struct past_forecast made = {.profile = record_text(record, SLOT_profile, &past->arena),
		.first_day = instant_day(record_instant(record, SLOT_period_start)),
		.made_on = instant_day(record_instant(record, SLOT_as_of)),
		.day = record_day(record, SLOT_day),
		.units_to_date = record_count(record, SLOT_units_to_date),
		.expected = record_count(record, SLOT_expected_units),
		.low = record_count(record, SLOT_low_units),
		.high = record_count(record, SLOT_high_units)};
	if (!record->failed && !model)
		record_wrong(record, SLOT_software_model, "a string");
	if (!record->failed && !license_metric)
		record_wrong(record, SLOT_license_metric, "a string");
	ptrdiff_t metric = record->failed ? -1 : models_find_metric(reading->models, model, license_metric);
	struct past_forecast *new = metric < 0 ? NULL : array_grow((void **)&past->list, &past->count, sizeof *new, record->error);
	record->failed |= metric >= 0 && !new;
	if (new) {
		*new = made;
		new->metric = (uint32_t)metric;
	}
}

static int compare(const void *left, const void *right)
{
	const struct past_forecast *a = left, *b = right;
	if (a->metric != b->metric)
		return a->metric < b->metric ? -1 : 1;
	if (a->made_on != b->made_on)
		return a->made_on < b->made_on ? -1 : 1;
	return (a->day > b->day) - (a->day < b->day);
}

int past_forecasts_read(struct past_forecasts *past, const char *path, const struct models *models, struct error *error)
{
	struct reading reading = {past, models};
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0)
		return error_set_errno(error, EX_NOINPUT, "cannot open '%s'", path);
	int result = records_read(descriptor, path, pointers, SLOTS, read_forecast, &reading, error);
	close(descriptor);
	if (past->count)
		qsort(past->list, past->count, sizeof *past->list, compare);
	return result < 0 ? -1 : 0;
}

void past_forecasts_release(struct past_forecasts *past)
{
	free(past->list);
	arena_release(&past->arena);
	*past = (struct past_forecasts){.count = 0};
}

/* The first of a metric; their number where there is none from it on. */
static size_t first_of(const struct past_forecasts *past, uint32_t metric)
{
	size_t from = 0, end = past->count;
	while (from < end) {
		size_t middle = from + (end - from) / 2;
		if (past->list[middle].metric < metric)
			from = middle + 1;
		else
			end = middle;
	}
	return from;
}

static bool is_of(const struct past_forecast *made, const struct open_position *position)
{
	return made->profile && position->profile ? strcmp(made->profile, position->profile) == 0 : made->profile == position->profile;
}

int past_forecasts_judge(const struct past_forecasts *past, const struct open_position *position, const struct day_series *series,
	int32_t known_until, struct past_forecasts *judged, struct error *error)
{
	for (size_t i = first_of(past, position->metric); i < past->count && past->list[i].metric == position->metric; i++) {
		const struct past_forecast *made = &past->list[i];
		if (!is_of(made, position) || made->day > known_until || made->day >= series->end)
			continue;
		struct past_forecast *new = array_grow((void **)&judged->list, &judged->count, sizeof *new, error);
		if (!new)
			return -1;
		*new = *made;
		for (int32_t day = made->first_day > series->first ? made->first_day : series->first; day <= made->day; day++)
			new->units += series->units[day - series->first];
	}
	return 0;
}

void past_forecasts_append(const struct past_forecasts *judged, struct buffer *line)
{
	json_begin(line, '[');
	for (size_t i = 0; i < judged->count; i++) {
		const struct past_forecast *made = &judged->list[i];
		json_begin(line, '{');
		json_member_day(line, "made_on", made->made_on);
		json_member_day(line, "day", made->day);
		json_member_integer(line, "units_to_date", made->units_to_date);
		json_member_integer(line, "expected_units", made->expected);
		json_member_integer(line, "low_units", made->low);
		json_member_integer(line, "high_units", made->high);
		json_member_integer(line, "units", made->units);
		json_end(line, '}');
	}
	json_end(line, ']');
}

struct past_record past_forecasts_record(const struct past_forecasts *judged, bool is_long)
{
	struct past_record record = {.count = 0};
	for (size_t i = 0; i < judged->count; i++) {
		const struct past_forecast *made = &judged->list[i];
		if ((made->day - made->made_on >= LONG_DAYS) != is_long)
			continue;
		double ahead = (double)made->expected - (double)made->units_to_date;
		record.error += fabs((double)made->units - (double)made->expected) / (ahead > 1 ? ahead : 1);
		record.held += made->low <= made->units && made->units <= made->high;
		record.count++;
	}
	record.error = record.count ? record.error / (double)record.count : 0;
	return record;
}
