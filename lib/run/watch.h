/*
 * watch.h: what there is to know of a profile's runs: read once, then shown as lines for people (run_status.h) or as JSON for monitors
 * (watch_print.h).
 */
#ifndef ENVTALLY_WATCH_H
#define ENVTALLY_WATCH_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/name_table.h"
#include "ledger/promotions.h"
#include "run/run_folder.h"
#include "run/run_night.h"

#include <stdbool.h>
#include <stdint.h>

struct watch_options {
	const char *name; /* of the profile */
	const char *runs; /* folder of its runs */
	const char *ledger; /* path; it may be missing */
	const char *lock; /* path; NULL: whether a run is under way is not asked */
	const char *results; /* instead of runs and ledger: results, of which the positions and what runs out are read */
	const char *verdict; /* by the present clock; NULL: the last run's own */
	int64_t now; /* instant */
	int64_t warn_days; /* warn of rights that run out in fewer days; -1: what the last run warned of */
	bool check; /* also count the ledger's envelopes and read the evidence */
};

struct watch_account {
	const char *name; /* NULL for none */
	int64_t watermark; /* INSTANT_NONE for none */
	bool has_watermark, has_consumption;
	const char *outcome; /* of the last run's account_night; NULL: it has none, and the next two say nothing */
	int64_t read_at; /* INSTANT_NONE: never */
	int32_t due_on; /* a day */
};

struct watch_forecast {
	const char *model, *metric;
	int64_t period_start, days_left; /* until the rights run out, not below 0 */
	int32_t exhausted_on; /* a day, if they do */
	bool runs_out, has_run_out, warns, is_covered;
};

struct watch_position { /* the latest one of a license metric */
	const char *model, *metric, *owned, *used, *declared, *missing, *usage_state, *status, *period_state; /* NULL for null */
	int64_t start, end;
	bool is_shared;
};

/* What a line of `status` stands for, in the order in which it matters; a set of bits. */
enum watch_problem {
	WATCH_NOTHING_RUN = 1,
	WATCH_PARTIAL = 2,
	WATCH_INTERRUPTED = 4,
	WATCH_LOST = 8,
	WATCH_DAMAGED = 16,
	WATCH_UNBALANCED = 32,
	WATCH_STALE = 64,
	WATCH_RUN_OUT = 128,
};

struct watch {
	const struct watch_options *options;
	struct arena arena;
	struct promotions promotions;
	const struct promotion *last; /* NULL: nothing was run yet */
	bool *lost; /* by place in promotions */
	bool last_is_kept, is_under_way;
	struct run_list interrupted, discarded, strange; /* the last: folders that are no runs */
	struct name_table account_ids;
	struct watch_account *accounts; /* by number of account_ids */
	size_t account_count, fed_count; /* all; those of accounts.ndjson, which come first */
	size_t stale, never_read, week_behind; /* feeds; the last: not advanced for 7 days, or never read */
	struct run_night night;
	int64_t oldest_watermark, newest_watermark; /* INSTANT_NONE for none */
	struct name_table position_keys;
	struct watch_position *positions;
	size_t position_count;
	struct watch_forecast *forecasts;
	size_t forecast_count;
	struct buffer unbalanced, damage; /* texts, "" for none; damage a line each */
	int64_t units_in_positions, units_without_position; /* of the last run's results; -1: not known */
	int64_t undated, requests; /* of the last run; -1: not known */
	int64_t run_bytes, ledger_bytes;
	unsigned problems;
};

/* Release what it has read, also after an error. */
int watch_read(struct watch *watch, const struct watch_options *options, struct error *error);
void watch_release(struct watch *watch);

/* Is this account's feed stale, or was it never read? */
bool watch_account_is_stale(const struct watch *watch, const struct watch_account *account);

#endif
