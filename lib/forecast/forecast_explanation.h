/*
 * forecast_explanation.h: what a forecast goes by, in sentences that a manager reads: level, trend, season, what was left out, and how well it did.
 */
#ifndef ENVTALLY_FORECAST_EXPLANATION_H
#define ENVTALLY_FORECAST_EXPLANATION_H

#include "base/buffer.h"
#include "forecast/expected_use.h"
#include "forecast/past_forecasts.h"

void forecast_explanation_append(struct buffer *text, const struct expected_use *use, const struct past_forecasts *judged);

#endif
