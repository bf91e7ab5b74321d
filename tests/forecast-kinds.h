/*
 * forecast-kinds.h: daily series for forecast-bench: generated ones of seven kinds, each hard for forecasts in its own way, and counts of
 * public activity.
 */
#ifndef ENVTALLY_TESTS_FORECAST_KINDS_H
#define ENVTALLY_TESTS_FORECAST_KINDS_H

#include <stddef.h>
#include <stdint.h>

#define SERIES_DAYS 1733

enum kind {
	KIND_PLAIN,
	KIND_BULK,
	KIND_STEP,
	KIND_HOLIDAYS,
	KIND_FEW,
	KIND_STOPS,
	KIND_LATE_FEED,
	KIND_ACTIVITY_A,
	KIND_ACTIVITY_B,
	KINDS
};
extern const char *const kind_names[KINDS];

struct daily_series {
	int origin; /* the first day that is held out */
	int64_t units[SERIES_DAYS];
	int64_t late[SERIES_DAYS]; /* of these, the units of an account whose feed is KIND_LATE_DAYS behind */
};

#define KIND_LATE_DAYS 7

/* Draws the next series of a generated kind. The same seed gives the same series. */
void kind_seed(enum kind kind, uint64_t seed);
void kind_draw(enum kind kind, struct daily_series *series);

#endif
