/*
 * daily_partials.h: the daily partials of the ledger as daily_consumption records, counted from sent_weeks.h: envelopes of the statuses and
 * sending methods that the ledger's policy counts, each under its own plan item or under the pool that the policy has for its method.
 */
#ifndef ENVTALLY_DAILY_PARTIALS_H
#define ENVTALLY_DAILY_PARTIALS_H

#include "base/name_table.h"
#include "export/record_rows.h"

#include <stdint.h>

struct daily_count {
	int64_t units, first_sent_at, last_sent_at;
};

struct daily_partials {
	struct ledger *ledger;
	struct name_table statuses; /* of the ledger that count, sorted by name; each once for all methods */
	struct daily_place *places; /* by the ledger's key of a status: where it counts */
	struct name_table pools; /* of the policy, in which some status of the ledger counts: pool 1 is the first */
	struct buffer pool_names; /* the same as a JSON array */
	struct daily_count days[7]; /* of the week under way; rows of the ledger for the same plan item are added up */
	int64_t *status_units; /* of each day, as many as there are statuses */
	int64_t week;
	struct buffer plan_item;
	bool open, has_plan_item;
	struct buffer record; /* the one under way; it begins with account and plan item */
	size_t head_length, room; /* of these; for what follows them */
	record_sink *sink;
	void *context;
};

struct daily_account {
	int64_t account; /* key in the ledger */
	const char *account_id;
	const char *default_plan_item; /* of envelopes without one; NULL: none */
	int32_t since; /* from this day on */
	/* Also a partial of 0 units for each of its periods last reported, so that one that lost its last envelope is not overlooked. */
	bool reported_zeros;
};

int daily_partials_open(struct daily_partials *partials, struct ledger *ledger, record_sink *sink, void *context, struct error *error);
void daily_partials_release(struct daily_partials *partials);

/* The account of a row of list_accounts, valid as long as the row. */
int daily_account_read(struct ledger *ledger, sqlite3_stmt *row, struct daily_account *account, struct error *error);

/* Gives the partials of one account, by plan item and day. Returns 0; what the sink returned, when that is not 0; -1 with an error. */
int daily_partials_walk(struct daily_partials *partials, const struct daily_account *account, struct error *error);

/* Gives those of every account, or of the touched ones, by account; `since` and `reported_zeros` are for each. */
int daily_partials_walk_all(struct daily_partials *partials, bool touched_only, int32_t since, bool reported_zeros, struct error *error);

/* Does a status, by its key in the ledger, count? */
bool daily_partials_counts(const struct daily_partials *partials, uint32_t status);

/* Does an entry of sent_week count? 1, 0, or -1 for one that no ledger has. */
int daily_partials_entry(const struct daily_partials *partials, const uint8_t *entry);

/* The plan item under which the policy counts a status; NULL for the envelope's own. */
const char *daily_partials_pool(const struct daily_partials *partials, uint32_t status);

#endif
