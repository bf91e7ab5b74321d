#include "forecast/forecast_explanation.h"

#include "base/instant.h"
#include "stream/phrases.h"

#include <inttypes.h>
#include <math.h>

#define LEAST_SHOWN 0.02 /* growth and seasons of less are none */

static int percent(double part)
{
	return (int)forecast_round(100 * fabs(part));
}

static void append_trend(struct buffer *text, const struct forecast_facts *facts)
{
	int64_t level = forecast_round(facts->level);
	buffer_append_format(text, "Level: about %" PRId64 " unit%s a week in the last weeks.", level, phrase_plural(level));
	if (fabs(facts->growth) < LEAST_SHOWN)
		buffer_append_format(text, " Trend: none.");
	else
		buffer_append_format(text, " Trend: %s by %d%% in the next three months, then less and less.",
			facts->growth > 0 ? "grows" : "falls", percent(facts->growth));
}

static void append_season(struct buffer *text, const struct expected_use *use)
{
	const struct forecast_facts *facts = &use->facts;
	if (facts->method != FORECAST_SEASONAL) {
		buffer_append_format(text, " Season: not known, which takes more than a year of use.");
		return;
	}
	if (facts->season_high.factor / facts->season_low.factor < 1 + LEAST_SHOWN) {
		buffer_append_format(text, " Season: none.");
		return;
	}
	int32_t high = use->season_from + 7 * (int32_t)facts->season_high.week,
		low = use->season_from + 7 * (int32_t)facts->season_low.week;
	buffer_append_format(text, " Season: of the days to come, the week from %s is the strongest, that from %s has %d%% less.",
		day_text(high).text, day_text(low).text, percent(1 - facts->season_low.factor / facts->season_high.factor));
}

static void append_one_offs(struct buffer *text, const struct expected_use *use)
{
	if (!use->one_off_count)
		return;
	const struct one_off_send *last = &use->one_offs[use->one_off_count - 1];
	buffer_append_format(text, " One-off sends: %zu, the last of %" PRId64 " units on %s", use->one_off_count, last->units,
		day_text(last->day).text);
	if (last->account)
		buffer_append_format(text, ", when account %s used the most, %" PRId64, last->account, last->account_units);
	buffer_append_format(text, "; they count as used, and are left out of level, trend and season.");
	int64_t year = forecast_round(365 * use->facts.one_off_rate);
	buffer_append_format(text, " As many as so far are expected: %" PRId64 " unit%s a year.", year, phrase_plural(year));
}

static void append_record(struct buffer *text, const struct past_record *record, const char *weeks)
{
	buffer_append_format(text, "%zu of about %s weeks missed what came by %d%% on average, and the range held %zu", record->count,
		weeks, percent(record->error), record->held);
}

/* As they were made, not made again as the back-tests are. */
static void append_past(struct buffer *text, const struct past_forecasts *judged)
{
	const struct past_record near = past_forecasts_record(judged, false), far = past_forecasts_record(judged, true);
	if (!near.count && !far.count)
		return;
	buffer_append_format(text, " Forecasts of earlier runs, as they were made: ");
	if (near.count)
		append_record(text, &near, "4");
	if (near.count && far.count)
		buffer_append_format(text, "; ");
	if (far.count)
		append_record(text, &far, "13");
	buffer_append_format(text, ".");
}

void forecast_explanation_append(struct buffer *text, const struct expected_use *use, const struct past_forecasts *judged)
{
	const struct forecast_facts *facts = &use->facts;
	if (facts->method == FORECAST_NONE) {
		buffer_append_format(text, "Nothing is known of the use yet, so none is expected.");
		return;
	}
	append_trend(text, facts);
	append_season(text, use);
	append_one_offs(text, use);
	if (facts->tests)
		buffer_append_format(text, " How well it did: %zu earlier forecast%s of %zu weeks missed what came by %d%% on average.",
			facts->tests, phrase_plural((int64_t)facts->tests), facts->test_weeks, percent(facts->error));
	else
		buffer_append_format(text, " How well it does is not known yet, which takes 30 weeks of use.");
	append_past(text, judged);
}
