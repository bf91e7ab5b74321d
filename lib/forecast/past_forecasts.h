/*
 * past_forecasts.h: what the forecasts of earlier runs said, as it was made, and what has come since, by what is known now.
 *
 * The ledger keeps each run's forecasts among its results. merge --print-forecasts prints, of the first run of each month, what was foretold of
 * the day four weeks after it, and thirteen; a run freezes that among its inputs, so that a replay gives the same.
 *
 * A forecast is judged when the feeds of all accounts of the metric have passed its day, in the period that it was made for, also if that is
 * over. A feed that has stopped has no units of later days, which are unknown and not zero, so nothing is judged by them. Its error is
 * |came − expected| / (expected − units to date): of what it expected to be counted from its own clock on.
 */
#ifndef ENVTALLY_PAST_FORECASTS_H
#define ENVTALLY_PAST_FORECASTS_H

#include "forecast/expected_position.h"

struct past_forecast {
	const char *profile; /* NULL for none */
	uint32_t metric; /* of the models */
	int32_t first_day, made_on, day; /* the period's first; the clock's; that of which it speaks */
	int64_t units_to_date, expected, low, high; /* of the period: at its clock, and at the end of that day */
	int64_t units; /* what has come by then, once it is judged */
};

struct past_forecasts {
	struct past_forecast *list; /* by metric, clock and day */
	size_t count;
	struct arena arena;
};

/* Of a file of past_forecast records; those of metrics that no row of the models has are left out. Release it also after an error. */
int past_forecasts_read(struct past_forecasts *past, const char *path, const struct models *models, struct error *error);
void past_forecasts_release(struct past_forecasts *past);

/* Fills `judged` with those of a position's metric that can be judged. `series` is its units by day. EX_OSERR. */
int past_forecasts_judge(const struct past_forecasts *past, const struct open_position *position, const struct day_series *series,
	int32_t known_until, struct past_forecasts *judged, struct error *error);

/* Appends them as an array: "past_forecasts" of a forecast record. */
void past_forecasts_append(const struct past_forecasts *judged, struct buffer *line);

/* How those of four weeks, or of thirteen, did. */
struct past_record {
	size_t count, held; /* held: what came was within the range */
	double error; /* the mean */
};
struct past_record past_forecasts_record(const struct past_forecasts *judged, bool is_long);

#endif
