/*
 * explanation.h: the sources of a licence position's figures, level by level:
 *
 *   position ← segments (rights and use between days on which rights begin or end)
 *            ← entitlements (lines of entitlements.csv)
 *            ← declared use (lines of consumption.csv)
 *            ← consumption (an account, plan item and period; a line of models.csv) ← days ← envelopes ← recorded exchanges
 *   with it: Docusign's own count of these accounts, if it was requested
 *
 * It is read from the top down: positions from reconcile --trace (explanation_read.c), days and envelopes from the ledger
 * (explanation_ledger.c), exchanges from the runs' recordings (explanation_recordings.c). explanation_print.c prints it and checks each
 * sum. Memory grows with the selection, not with the ledger or the recordings.
 *
 * Texts are interned in `texts` or numbered by `accounts`, `plan_items` and `senders`, and last as long as the explanation.
 */
#ifndef ENVTALLY_EXPLANATION_H
#define ENVTALLY_EXPLANATION_H

#include "base/name_table.h"
#include "base/period.h"
#include "export/daily_partials.h"
#include "io/output.h"
#include "merge/envelope_row.h"
#include "stream/message.h"
#include "stream/rights_change.h"

enum explanation_level {
	EXPLAIN_POSITION,
	EXPLAIN_CONSUMPTION, /* and entitlements */
	EXPLAIN_DAY,
	EXPLAIN_ENVELOPE,
	EXPLAIN_EXCHANGE,
};
extern const char *const explanation_level_names[]; /* NULL-terminated */

struct explanation_question {
	enum { PERIOD_ANY, PERIOD_INDEX, PERIOD_DAY } period;
	int index; /* periods with this index */
	int32_t day; /* the period that contains this day */
	bool only_day; /* of its days only this one, with its senders */
	const char *account, *model; /* NULL: any; the model may be a glob */
	enum explanation_level level;
	bool lacks_recordings; /* of earlier runs: an envelope without one is no difference */
};

/* A position; without a software model, the consumption that is in no position. */
struct explained_position {
	const char *profile, *software_model, *license_metric; /* NULL for none */
	struct period period;
	const char *state, *status, *first_breach; /* from the record; NULL without one */
	bool is_unlimited, is_consumption_known, is_unlicensed_known, is_available_known, is_available_unlimited;
	int64_t owned, used, unlicensed, available;
	int64_t entitled, consumed, excluded, declared; /* sums over all accounts */
	int64_t billing_periods, billed, billed_counted; /* from the record */
	bool is_shared; /* of its metric_result */
	int64_t segments_used, segments_drawn, segments_unlicensed, segments_others; /* sums over its segments */
	size_t first_entitlement, entitlement_count, first_segment, segment_count, first_declared, declared_count, first_consumption,
		consumption_count;
};

/* Rights and use of a position on some days of its period: segment_use in doc/streams.md. Texts are NULL for null. */
struct explained_segment {
	uint32_t position;
	const char *first_day, *last_day, *drawn_by, *reason, *first_breach, *currency, *price, *price_basis, *cost;
	bool is_unlimited, is_known;
	int64_t left, used, drawn, others, covered, unlicensed;
};

struct explained_entitlement {
	uint32_t position;
	const char *entitlement_id, *start_day, *end_day, *group_type, *group_value, *true_up_for, *only_profile; /* NULL for none */
	const char *lineage, *replaces, *supplements, *replaced_by;
	bool is_unlimited;
	int64_t line, granted, drawn_before, owned, drawn;
};

/* What a line of consumption.csv declares in a period. */
struct explained_declared {
	uint32_t position;
	const char *account, *first_day, *last_day, *source;
	int64_t line, units;
};

/* What a row of entitlements.csv has changed of a position that had been reported as over. */
struct explained_change {
	uint32_t position;
	const char *texts[RIGHTS_CHANGE_FIELDS];
};

/* Consumption of an account and plan item in a period. */
struct explained_consumption {
	uint32_t position, account, plan_item; /* account and plan item: numbers of the explanation */
	int64_t line; /* in models.csv; 0 for none */
	struct period period;
	int64_t units, excluded;
	int64_t counted; /* sum of its days */
	size_t first_day, day_count, first_envelope, envelope_count;
};

/* Docusign's own count of an account in one of its billing periods. Texts are from the record; NULL for null. */
struct explained_check {
	const char *profile;
	uint32_t account;
	struct period period; /* the consumption period that it belongs to */
	const char *start, *end, *observed_at, *counted_until, *billed, *counted, *difference, *bulk, *powerforms, *check;
	int64_t start_at, end_at, until; /* start, end and counted_until as instants; INSTANT_NONE for null */
	int64_t near_edges; /* envelopes sent within EXPLAIN_EDGE_HOURS of one of them, at level envelope */
	bool is_printed; /* below a position of its account */
};

struct explained_day {
	uint32_t consumption; /* number of explanation->consumptions */
	int32_t day;
	int64_t units;
};

struct explained_status {
	const char *name, *sending_method; /* NULL: unknown */
};

struct explained_envelope {
	struct envelope_id id; /* its text is interned */
	uint32_t consumption, status, account, plan_item,
		sender; /* status: the ledger's key; the others: numbers of the explanation, as the feed reported them */
	int64_t created_at, sent_at, completed_at, modified_at;
	bool is_pooled; /* its sending method has a pool, which replaces its plan item */
	size_t first_version, version_count;
};

/* A version of an envelope in a recording. */
struct explained_version {
	uint32_t envelope, run; /* run: index of explanation->runs */
	uint64_t exchange, body_offset, body_length, record;
	int64_t sent_at, modified_at;
	const char *status;
	bool is_kept; /* the ledger holds this version */
};

/* Envelopes of a position that another count may treat differently. */
struct explained_differences {
	int64_t near_edges, beyond_edges; /* sent within EXPLAIN_EDGE_HOURS of the period's start or end: in it, and outside */
	int64_t resent, resent_across; /* with versions that have another sent time; in another period */
	int64_t alike; /* of one sender, EXPLAIN_ALIKE or more within a minute */
	int64_t given_plan_item; /* without a plan item, given their account's */
	int64_t late; /* arrived after their period had been reported as over */
	int64_t not_completed; /* voided, declined, deleted, timed out: counted, since sent */
};
#define EXPLAIN_EDGE_HOURS 14 /* the most by which a local time differs from UTC */
#define EXPLAIN_ALIKE 10

struct explanation {
	struct explanation_question question;
	struct explained_position *positions;
	struct explained_entitlement *entitlements;
	struct explained_change *changes; /* in the order of the input */
	struct explained_segment *segments;
	struct explained_declared *declared;
	struct explained_consumption *consumptions;
	struct explained_day *days;
	struct explained_envelope *envelopes;
	struct explained_version *versions;
	struct explained_check *checks; /* by profile, account and period */
	size_t position_count, entitlement_count, change_count, segment_count, declared_count, consumption_count, day_count, envelope_count,
		version_count, check_count;
	struct explained_differences *differences; /* by position */
	bool has_profiles; /* some position is a profile's: then one without is the workspace's, whose consumption is the profiles' */
	struct name_table texts, accounts, plan_items, senders, position_keys; /* plan item and sender 0: none */
	const char **account_names; /* by number of accounts; NULL for none */
	size_t account_name_count;
	struct explained_status *statuses; /* by the ledger's key */
	size_t status_count;
	struct hash_index by_id; /* envelopes */
	char **runs; /* names of the runs that were read, in order */
	size_t run_count;
};

int explanation_open(struct explanation *explanation, const struct explanation_question *question, struct error *error);
void explanation_release(struct explanation *explanation);

/* Interns a text; NULL with an error. */
const char *explanation_keep(struct explanation *explanation, const char *text, size_t length, struct error *error);

/* Its status in the ledger; without a name if that is unknown. */
const struct explained_status *explanation_status(const struct explanation *explanation, const struct explained_envelope *envelope);

/* Reads the output of reconcile --trace; rights_restatement records, of any run, after their positions. */
int explanation_read(struct explanation *explanation, int descriptor, const char *name, struct error *error);

/* Reads days and envelopes of the selected consumption from a snapshot of the ledger, by the policy. */
int explanation_read_ledger(struct explanation *explanation, const char *path, const struct policy *policy, struct error *error);

/* The exchanges that brought the envelopes: `directory` holds the runs, a folder each with raw/ and inputs/. Those that the ledger promoted
 * are read, in that order; all of them, by name, where it promoted none. */
int explanation_read_recordings(struct explanation *explanation, const char *directory, const char *ledger_path, struct error *error);

/* Prints text for people, or `explanation` records. Returns the number of sums that do not add up, -1 with an error. */
int explanation_print(struct explanation *explanation, const char *title, bool for_people, struct output *output, struct error *error);

#endif
