/*
 * reconcile_input.h: what reconcile reads: consumption, its accounts and plan items, and billing periods.
 *
 * Names are numbered in name_tables; INPUT_NONE stands for null. Units are summed by period, plan item and account, so memory
 * grows with distinct keys, not with records, and pieces of a consumption add up.
 */
#ifndef ENVTALLY_RECONCILE_INPUT_H
#define ENVTALLY_RECONCILE_INPUT_H

#include "base/arena.h"
#include "base/name_table.h"
#include "base/period.h"
#include "base/period_state.h"
#include "reconcile/input_days.h"
#include "reconcile/plan_item_map.h"
#include "stream/record.h"

#define INPUT_NONE RECORD_NO_NAME

struct input_account {
	const char *name; /* NULL for none */
	const char *site_name;
	uint32_t site, organization, asset_group;
	bool is_known; /* there is an account record */
	bool is_fed; /* there is a watermark */
	bool has_units; /* in some period */
	uint32_t profile; /* of its consumption … */
	bool is_shared; /* … but there is some of another profile too: */
	uint32_t other_profile;
};

/* A site that an account had from a day on: of accounts that have changed it. */
struct input_site {
	uint32_t account, site;
	const char *name; /* NULL for none */
	int32_t from_day;
};

/* A consumption period of a profile. */
struct input_period {
	uint32_t profile;
	struct period period;
	enum period_state state; /* of the least final of its records */
};

/* By which rule the periods of a profile follow each other, from the rule's origin to the next rule's. */
struct input_rule {
	uint32_t profile;
	struct period_rule rule;
};

/* The asset group whose accounts a plan item is for. */
struct input_eligibility {
	uint32_t plan_item, asset_group;
};

/* Docusign's own count of an account in one of its billing periods, and ours of the same stretch: ledger_billing.h. */
struct input_billing {
	uint32_t account;
	int64_t start, end, observed_at, counted_until; /* the last two INSTANT_NONE when unknown */
	int64_t allowed, billed, counted, bulk, powerforms; /* INPUT_UNKNOWN for null; allowed INPUT_UNLIMITED too */
	bool is_behind; /* the account's feed has not been read up to counted_until */
};
#define INPUT_UNKNOWN (-1)
#define INPUT_UNLIMITED (-2)

/* Of a row of consumption.csv. */
struct input_declared {
	uint32_t account, profile; /* profile: INPUT_NONE or INPUT_NOBODY where none is known */
};

struct reconcile_input {
	struct name_table profiles, account_ids, site_ids, organization_ids, asset_group_ids, period_keys;
	struct input_account *accounts; /* by number of account_ids */
	struct plan_items plan_items;
	struct input_site *sites; /* by account and day, once all is read */
	size_t site_count;
	struct input_period *periods; /* by number of period_keys */
	size_t account_count, period_count;
	struct input_eligibility *eligibilities;
	size_t eligibility_count;
	struct input_billing *billings;
	size_t billing_count;
	struct sum_table sums; /* period, plan item, account */
	struct sum_table excluded; /* likewise: units of these that reconcile_input_add_excluded() has seen */
	struct input_declared *declared; /* by row of the licence's declared use: position_declared_read() */
	struct input_days days, excluded_days; /* of these sums */
	struct input_daily *dailies;
	size_t daily_count;
	struct input_rule *rules;
	size_t rule_count;
	uint32_t
		workspace; /* the number of the workspace as if it were a profile, where there are several: INPUT_NONE else; once all is read */
	uint32_t last_item; /* the plan item of the subscription that was read last; INPUT_NONE if it has none */
	bool is_other; /* what is read now is of another profile */
	bool has_accounts; /* there are account records */
	bool has_watermarks; /* some account has one: then one without was not fed yet */
	int64_t least_watermark; /* of the accounts that have one */
	struct arena arena;
};

void reconcile_input_release(struct reconcile_input *input);

/* Opens a reader for the fields that reconcile_input_add() looks at. */
int reconcile_input_reader_open(struct message_reader *reader, int descriptor, const char *name, struct error *error);

/* Could the account be of the profile, by the consumption that it has? */
bool input_account_is_of(const struct input_account *account, uint32_t profile);

/* Adds a message of that reader, when it is of a stream that reconcile reads. */
int reconcile_input_add(
	struct reconcile_input *input, const struct message_reader *reader, const struct message *message, struct error *error);

/* The same for the workspace's other profiles, which draw on the same rights but have no results here. */
int reconcile_input_add_other(
	struct reconcile_input *input, const struct message_reader *reader, const struct message *message, struct error *error);

/* The number of the profile that rights are restricted to: INPUT_NONE for "", INPUT_NOBODY where nothing is known of it. */
#define INPUT_NOBODY (INPUT_NONE - 1)
uint32_t input_profile_of_name(const struct reconcile_input *input, const char *name);

/* Has the profile results here? */
bool input_profile_is_shown(const struct reconcile_input *input, uint32_t profile);

/*
 * Call it once all is read: adds the periods without consumption, up to the one that holds `now`, and sorts the days. EX_OSERR;
 * EX_DATAERR for an account that two profiles feed.
 * A period is made by rule only: from the origin of the first rule of its profile, at most INPUT_PERIODS_MADE of them.
 */
int reconcile_input_finish(struct reconcile_input *input, int64_t now, struct error *error);
#define INPUT_PERIODS_MADE 1200

/* Adds a consumption record of units that are left out: of excluded users, as `exclude` selects them. */
int reconcile_input_add_excluded(
	struct reconcile_input *input, const struct message_reader *reader, const struct message *message, struct error *error);

#endif
