/*
 * daily_use.h: what was used on each day, of each license metric, and the positions of open periods, collected from a pipe: the
 * daily_consumption of a profile, its subscriptions, watermarks and metric_results, in any order.
 *
 * Units are summed by plan item and day; accounts are kept apart only where an exclusion rule names them. So memory grows with
 * plan items times days, not with accounts. Daily partials do not name their profile: a pipe is one profile's.
 */
#ifndef ENVTALLY_DAILY_USE_H
#define ENVTALLY_DAILY_USE_H

#include "licence/licence.h"
#include "reconcile/reconcile_input.h"
#include "stream/message.h"

/* A metric_result of a period that holds the clock, whose use is known. */
struct open_position {
	const char *profile; /* NULL for none */
	const char *software_model, *license_metric, *unit;
	uint32_t metric; /* of the models */
	struct period period;
	bool is_unlimited;
	int64_t owned, used;
};

struct daily_use {
	const struct licence *licence; /* models, exclusions, and for burn_down.h entitlements */
	int64_t now;
	struct reconcile_input usage; /* of it only the plan items */
	struct name_table exclusion_suspects; /* account ids, value 1 where some rule names the account */
	struct sum_table sums; /* plan item, day (as uint32_t), account or INPUT_NONE */
	struct open_position *positions;
	size_t position_count;
	const char *profile; /* of the metric_results; NULL for none */
	bool has_profile;
	int32_t known_until; /* the last day that every feed has passed which is not stale; at most the day before the clock's */
	uint32_t *metric_of_item; /* once settled */
};

void daily_use_open(struct daily_use *use, const struct licence *licence, int64_t now);
void daily_use_release(struct daily_use *use);

/* Opens a reader for the fields that daily_use_add() looks at. */
int daily_use_reader_open(struct message_reader *reader, int descriptor, const char *name, struct error *error);

/* Takes what it needs from a message of that reader. */
int daily_use_add(struct daily_use *use, const struct message_reader *reader, const struct message *message, struct error *error);

/* Takes away the daily_consumption of excluded users, as `exclude` and `merge` give it. */
int daily_use_subtract(struct daily_use *use, const struct message_reader *reader, const struct message *message, struct error *error);

/* Once all is read: maps plan items to metrics and puts positions in order. EX_DATAERR where that cannot be done. */
int daily_use_finish(struct daily_use *use, struct error *error);

/* The first day with units of a metric, `otherwise` where there is none before it. */
int32_t daily_use_first(const struct daily_use *use, uint32_t metric, int32_t otherwise);

/* Adds the units of a metric on days from `first` on to `units`, of `count` days; what excluded rules leave out is left out. */
int daily_use_units(const struct daily_use *use, uint32_t metric, int32_t first, int64_t units[], size_t count, struct error *error);

#endif
