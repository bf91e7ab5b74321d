/*
 * daily_consumption.h: the units of each day, by license metric, and the positions of open periods, collected from a pipe: the
 * daily_consumption of a profile, its accounts, subscriptions, watermarks and metric_results, in any order. Where no record is of daily_consumption,
 * the days of consumption records (by_day) serve.
 *
 * Units are summed by plan item, day, and how far the account's feed is read; accounts are kept apart only where an exclusion rule names them,
 * units name no plan item, or the account's watermark has not been read before its units. So memory grows with plan items times days, not with
 * accounts. What consumption.csv declares is used, but says nothing about the days to come: it is kept apart (declared_consumption). Daily partials do not name their profile: a pipe has the metric_results of one profile, or the
 * workspace's, whose profile is null.
 */
#ifndef ENVTALLY_DAILY_USE_H
#define ENVTALLY_DAILY_USE_H

#include "base/sum_table.h"
#include "forecast/most_sent.h"
#include "licence/licence.h"
#include "reconcile/plan_item_map.h"

/* A metric_result of a period that holds the clock, whose consumption is known. */
struct open_position {
	const char *profile; /* NULL for none */
	bool is_whole; /* the workspace's, of several profiles: all rights are in it, also those of one alone */
	const char *software_model, *license_metric, *unit;
	uint32_t metric; /* of the models */
	struct period period;
	bool is_shared; /* of its metric_result */
	bool is_unlimited, is_drawn; /* is_drawn: unlicensed and covered are known */
	int64_t owned, used, declared, unlicensed, covered, allocated_in_use;
	const char *currency; /* of true_up_cost; NULL for none */
	money true_up_cost;
	bool has_cost; /* true_up_cost is known, and not too large for a sum */
	int32_t first_unlicensed; /* NO_BREACH (figures.h) when it is not known */
};

/* A plan item of an asset group. */
struct plan_item_group {
	uint32_t plan_item, asset_group;
};

struct account_facts {
	uint32_t asset_group; /* RECORD_NO_NAME for none */
	int32_t fed_until; /* the last day that its feed has passed; INT32_MAX for no watermark */
	uint32_t feed; /* of `feeds`, if it has a watermark */
};

#define FEED_KEY UINT32_C(0x80000000) /* of a sum's key: accounts of a feed, by its number, not one account */

/* Plan item, day (as uint32_t), account or FEED_KEY + feed; and of each sum that has had units the account with the most of them. */
struct day_sums {
	struct sum_table table;
	struct most_sent *most; /* by the sum's place */
	size_t most_count;
};

struct daily_consumption {
	const struct licence *licence; /* models, exclusions, and for burn_down.h entitlements */
	const struct past_forecasts *past; /* what earlier runs foretold (past_forecasts.h); NULL for none */
	int64_t now;
	bool settles_by_period; /* each period draws as a whole */
	struct plan_items plan_items;
	struct arena arena;
	struct name_table accounts; /* value 1 where some exclusion rule names the account, -1 where none does */
	struct account_facts *account_facts; /* of the first accounts */
	size_t account_fact_count;
	int32_t *feeds; /* days up to which feeds are read, each once */
	size_t feed_count;
	struct name_table asset_group_ids;
	struct plan_item_group *plan_item_groups; /* of subscriptions */
	size_t plan_item_group_count;
	struct day_sums sums;
	struct day_sums by_day; /* the same, by consumption records */
	struct sum_table declared; /* of declared_consumption: metric, day */
	bool has_partials; /* some daily_consumption was read */
	struct open_position *positions;
	size_t position_count;
	struct period *periods; /* of all metric_results since the contract start, each once */
	size_t period_count;
	const char *profile; /* of the metric_results; NULL for none */
	bool has_profile;
	bool has_names; /* some consumption names its profile */
	int32_t known_until; /* the last day that every feed has passed which is not stale; at most the day before the clock's */
	uint32_t *metric_of_item, *metric_of_group; /* after daily_consumption_finish(), as those that follow */
	uint32_t *by_metric; /* sums, metric by metric */
	size_t *metric_ends; /* of each metric in by_metric; before it the end of the one before */
};

void daily_consumption_open(struct daily_consumption *daily, const struct licence *licence, int64_t now);
void daily_consumption_release(struct daily_consumption *daily);

/* Opens a reader for the fields that daily_consumption_add() looks at. */
int daily_consumption_reader_open(struct message_reader *reader, int descriptor, const char *name, struct error *error);

/* Adds a message of that reader, when it is of a stream that forecast reads. */
int daily_consumption_add(
	struct daily_consumption *daily, const struct message_reader *reader, const struct message *message, struct error *error);

/* Subtracts the daily_consumption of excluded users, as `exclude` and `merge` print it. */
int daily_consumption_subtract(
	struct daily_consumption *daily, const struct message_reader *reader, const struct message *message, struct error *error);

/* Call it when all is read: maps plan items to metrics and sorts the positions. EX_DATAERR for a plan item of two metrics. */
int daily_consumption_finish(struct daily_consumption *daily, struct error *error);

#endif
