#include "export/daily_partials.h"

#include "base/instant.h"
#include "config/policy.h"
#include "ledger/ledger_row.h"
#include "merge/sent_weeks.h"
#include "json/json_write.h"

#include <stdlib.h>
#include <string.h>

#define STATUS_KEYS 65536 /* a status is two bytes in an entry */

struct daily_place {
	int32_t status; /* among the statuses; -1: not counted; -2: the ledger has no such status */
	uint32_t pool; /* 0: under its own plan item */
};

static int add_status(struct daily_partials *partials, sqlite3_stmt *row, struct error *error)
{
	struct ledger *ledger = partials->ledger;
	const char *status = ledger_text(ledger, row, 1, "status", error), *pool = NULL;
	const char *method = status ? ledger_text(ledger, row, 3, "status", error) : NULL;
	int64_t key;
	if (!method || ledger_integer(ledger, row, 0, "status", 1, STATUS_KEYS - 1, &key, error) < 0)
		return -1;
	partials->places[key].status = -1;
	if (!policy_counts(ledger->policy, status, method, &pool))
		return 0;
	ptrdiff_t number = name_table_number(&partials->statuses, status, strlen(status), error);
	ptrdiff_t pool_number = pool ? name_table_number(&partials->pools, pool, strlen(pool), error) : 0;
	if (number < 0 || pool_number < 0)
		return -1;
	partials->places[key] = (struct daily_place){(int32_t)number, pool ? (uint32_t)pool_number + 1 : 0};
	return 0;
}

static int load_statuses(struct daily_partials *partials, struct error *error)
{
	sqlite3_stmt *row = ledger_statement(partials->ledger, "list_statuses", error);
	int got = -1;
	if (!(partials->places = malloc(STATUS_KEYS * sizeof *partials->places)))
		return error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < STATUS_KEYS; i++)
		partials->places[i] = (struct daily_place){.status = -2};
	while (row && (got = ledger_step(partials->ledger, row, error)) > 0)
		if (add_status(partials, row, error) < 0)
			return -1;
	if (got < 0)
		return -1;
	if (!(partials->status_units = calloc(7 * partials->statuses.count + 1, sizeof *partials->status_units)))
		return error_set(error, EX_OSERR, "out of memory");
	partials->room = 256;
	for (size_t i = 0; i < partials->statuses.count; i++)
		partials->room += JSON_STRING_ROOM(partials->statuses.names[i].length) + JSON_INTEGER_ROOM + 2;
	json_begin(&partials->pool_names, '[');
	for (size_t i = 0; i < partials->pools.count; i++)
		json_c_string(&partials->pool_names, partials->pools.names[i].text);
	json_end(&partials->pool_names, ']');
	json_finish(&partials->pool_names);
	return buffer_check(&partials->pool_names, error);
}

int daily_partials_open(struct daily_partials *partials, struct ledger *ledger, record_sink *sink, void *context, struct error *error)
{
	*partials = (struct daily_partials){.ledger = ledger,
		.plan_item = BUFFER_INIT,
		.record = BUFFER_INIT,
		.pool_names = BUFFER_INIT,
		.sink = sink,
		.context = context};
	if (load_statuses(partials, error) == 0)
		return 0;
	daily_partials_release(partials);
	return -1;
}

void daily_partials_release(struct daily_partials *partials)
{
	name_table_release(&partials->statuses);
	name_table_release(&partials->pools);
	free(partials->places);
	buffer_release(&partials->pool_names);
	free(partials->status_units);
	buffer_release(&partials->plan_item);
	buffer_release(&partials->record);
}

static char *put_instant(char *at, int64_t instant)
{
	if (instant == INSTANT_NONE)
		return mempcpy(at, "null", 4);
	*at = at[INSTANT_LENGTH + 1] = '"';
	instant_format(instant, at + 1);
	return at + INSTANT_LENGTH + 2;
}

static char *put_statuses(char *at, const struct daily_partials *partials, const int64_t *units)
{
	const struct name *name = partials->statuses.names, *end = name + partials->statuses.count;
	char *start = at;
	for (; name < end; name++, units++) {
		if (!*units)
			continue;
		if (at > start)
			*at++ = ',';
		at = json_write_string(at, name->text, name->length);
		*at++ = ':';
		at = json_write_integer(at, *units);
	}
	return at;
}

/* The record's account and plan item are there already. In place: there is one for nearly every five envelopes. */
static int give_partial(
	struct daily_partials *partials, int32_t day, const struct daily_count *count, const int64_t *status_units, struct error *error)
{
#define PUT(text) (at = mempcpy(at, text, sizeof text - 1))
	struct buffer *record = &partials->record;
	record->length = partials->head_length;
	char *at = buffer_reserve(record, partials->room);
	if (at) {
		PUT("\"day\":\"");
		day_format(day, at);
		at += DAY_LENGTH;
		PUT("\",\"units_consumed\":");
		at = json_write_integer(at, count->units);
		PUT(",\"by_status\":{");
		at = put_statuses(at, partials, status_units);
		PUT("},\"first_sent_at\":");
		at = put_instant(at, count->first_sent_at);
		PUT(",\"last_sent_at\":");
		at = put_instant(at, count->last_sent_at);
		PUT("}");
		*at = 0;
		record->length = (size_t)(at - record->data);
	}
#undef PUT
	if (buffer_check(&partials->plan_item, error) < 0 || buffer_check(record, error) < 0)
		return -1;
	return partials->sink(partials->context, &stream_daily_consumption, record, error);
}

static void begin(struct daily_partials *partials, const struct daily_account *account, const char *plan_item, int64_t week)
{
	buffer_reset(&partials->plan_item);
	partials->has_plan_item = plan_item != NULL;
	if (plan_item)
		buffer_append_string(&partials->plan_item, plan_item);
	buffer_reset(&partials->record);
	json_begin(&partials->record, '{');
	json_member_text(&partials->record, "account_id", account->account_id);
	json_member_text(&partials->record, "plan_item_id", plan_item);
	partials->head_length = partials->record.length;
	partials->open = true;
	partials->week = week;
	for (int i = 0; i < 7; i++)
		partials->days[i] = (struct daily_count){0, INSTANT_NONE, INSTANT_NONE};
	memset(partials->status_units, 0, 7 * partials->statuses.count * sizeof *partials->status_units);
}

static int give_week(struct daily_partials *partials, const struct daily_account *account, struct error *error)
{
	int result = 0;
	for (int i = 0; i < 7 && result == 0 && partials->open; i++) {
		int32_t day = (int32_t)(partials->week * 7 + i);
		if (partials->days[i].units > 0 && day >= account->since)
			result = give_partial(
				partials, day, &partials->days[i], partials->status_units + (size_t)i * partials->statuses.count, error);
	}
	partials->open = false;
	return result;
}

static bool is_same(const struct daily_partials *partials, const char *plan_item, int64_t week)
{
	return partials->open && partials->week == week && partials->has_plan_item == (plan_item != NULL) &&
		(!plan_item || strcmp(plan_item, partials->plan_item.data) == 0);
}

/* Is it an entry that no ledger has: of a status that is none, or of no day of a week? */
static bool is_damaged(struct daily_place place, uint32_t millisecond)
{
	return place.status < -1 || millisecond >= WEEK_MS;
}

/* The entries of a row that count in a pool, or under the row's own plan item, which is pool 0. Returns -1 if there is one that cannot be. */
static int add_row(struct daily_partials *partials, uint32_t pool, const uint8_t *entries, size_t length)
{
	for (size_t at = 0; at < length; at += SENT_ENTRY_SIZE) {
		struct daily_place place = partials->places[sent_entry_status(entries + at)];
		uint32_t millisecond = sent_entry_millisecond(entries + at), day = millisecond / (uint32_t)DAY_MS;
		int64_t sent_at = partials->week * WEEK_MS + millisecond;
		if (place.status < 0 || place.pool != pool || day > 6) {
			if (is_damaged(place, millisecond))
				return -1;
			continue;
		}
		struct daily_count *count = &partials->days[day];
		partials->status_units[day * partials->statuses.count + (size_t)place.status]++;
		count->units++;
		if (count->first_sent_at == INSTANT_NONE || sent_at < count->first_sent_at)
			count->first_sent_at = sent_at;
		if (sent_at > count->last_sent_at)
			count->last_sent_at = sent_at;
	}
	return 0;
}

static int walk_weeks(struct daily_partials *partials, const struct daily_account *account, struct error *error)
{
	bool has_pools = partials->pools.count > 0;
	sqlite3_stmt *statement = ledger_statement(partials->ledger, has_pools ? "list_pooled_weeks" : "list_sent_weeks", error);
	if (!statement)
		return -1;
	sqlite3_bind_int64(statement, 1, account->account);
	sqlite3_bind_text(statement, 2, account->default_plan_item, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(statement, 3, account->since);
	if (has_pools)
		sqlite3_bind_text(statement, 4, partials->pool_names.data, (int)partials->pool_names.length, SQLITE_STATIC);
	int got = 0, result = 0;
	while (result == 0 && (got = ledger_step(partials->ledger, statement, error)) > 0) {
		const char *plan_item;
		int64_t week = 0;
		if (ledger_text_or_null(partials->ledger, statement, 0, "plan_item", &plan_item, error) < 0 ||
			ledger_integer(partials->ledger, statement, 1, "sent_week", INSTANT_FIRST / WEEK_MS - 1, INSTANT_END / WEEK_MS,
				&week, error) < 0) {
			result = -1;
			break;
		}
		/* An earlier version stored them. */
		if (week * WEEK_MS < INSTANT_DATED_FROM - WEEK_MS || week * WEEK_MS >= INSTANT_DATED_UNTIL)
			continue;
		if (!is_same(partials, plan_item, week)) {
			result = give_week(partials, account, error);
			begin(partials, account, plan_item, week);
		}
		uint32_t pool = has_pools ? (uint32_t)sqlite3_column_int64(statement, 3) : 0;
		size_t length = (size_t)sqlite3_column_bytes(statement, 2);
		if (result == 0 && (length % SENT_ENTRY_SIZE || add_row(partials, pool, sqlite3_column_blob(statement, 2), length) < 0))
			result = ledger_damaged(partials->ledger, error,
				"table sent_week, row account %lld ('%.100s'), plan item '%.100s', week %lld: it holds what is no entry",
				(long long)account->account, account->account_id, plan_item ? plan_item : "", (long long)week);
	}
	sqlite3_reset(statement);
	if (result || got < 0)
		return result ? result : -1;
	return give_week(partials, account, error);
}

static int walk_reported(struct daily_partials *partials, const struct daily_account *account, struct error *error)
{
	static const struct daily_count none = {0, INSTANT_NONE, INSTANT_NONE};
	sqlite3_stmt *statement = ledger_statement(partials->ledger, "list_reported_periods", error);
	if (!statement)
		return -1;
	sqlite3_bind_text(statement, 1, account->account_id, -1, SQLITE_TRANSIENT);
	int got = 0, result = 0;
	while (result == 0 && (got = ledger_step(partials->ledger, statement, error)) > 0) {
		const char *plan_item;
		int64_t start;
		if (ledger_text_or_null(partials->ledger, statement, 0, "reported", &plan_item, error) < 0 ||
			ledger_integer(partials->ledger, statement, 1, "reported", INSTANT_FIRST, INSTANT_END - 1, &start, error) < 0) {
			result = -1;
			break;
		}
		begin(partials, account, plan_item, 0);
		result = give_partial(partials, instant_day(start), &none, partials->status_units, error);
	}
	sqlite3_reset(statement);
	partials->open = false;
	return result ? result : got;
}

bool daily_partials_counts(const struct daily_partials *partials, uint32_t status)
{
	return status < STATUS_KEYS && partials->places[status].status >= 0;
}

int daily_partials_entry(const struct daily_partials *partials, const uint8_t *entry)
{
	struct daily_place place = partials->places[sent_entry_status(entry)];
	return is_damaged(place, sent_entry_millisecond(entry)) ? -1 : place.status >= 0;
}

const char *daily_partials_pool(const struct daily_partials *partials, uint32_t status)
{
	uint32_t pool = daily_partials_counts(partials, status) ? partials->places[status].pool : 0;
	return pool ? partials->pools.names[pool - 1].text : NULL;
}

int daily_partials_walk(struct daily_partials *partials, const struct daily_account *account, struct error *error)
{
	int result = walk_weeks(partials, account, error);
	return result == 0 && account->reported_zeros ? walk_reported(partials, account, error) : result;
}

int daily_account_read(struct ledger *ledger, sqlite3_stmt *row, struct daily_account *account, struct error *error)
{
	*account = (struct daily_account){.since = INT32_MIN};
	if (ledger_integer(ledger, row, 0, "account", 1, LEDGER_ACCOUNT_MOST, &account->account, error) < 0 ||
		!(account->account_id = ledger_text(ledger, row, 1, "account", error)))
		return -1;
	return ledger_text_or_null(ledger, row, 2, "subscription", &account->default_plan_item, error);
}

int daily_partials_walk_all(struct daily_partials *partials, bool touched_only, int32_t since, bool reported_zeros, struct error *error)
{
	sqlite3_stmt *row = ledger_statement(partials->ledger, "list_accounts", error);
	int got = -1, result = 0;
	if (row)
		sqlite3_bind_int(row, 1, !touched_only);
	while (result == 0 && row && (got = ledger_step(partials->ledger, row, error)) > 0) {
		struct daily_account account;
		if (daily_account_read(partials->ledger, row, &account, error) < 0) {
			result = -1;
			break;
		}
		account.since = since;
		account.reported_zeros = reported_zeros;
		result = daily_partials_walk(partials, &account, error);
	}
	sqlite3_reset(row);
	return result ? result : got;
}
