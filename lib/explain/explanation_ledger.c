#include "explain/explanation_billing.h"

#include "base/array.h"

#include "base/instant.h"
#include "ledger/ledger_row.h"
#include "merge/envelope_block.h"

#include <stdlib.h>
#include <string.h>

#define EDGE_MS (EXPLAIN_EDGE_HOURS * INT64_C(3600000))
#define MINUTE_MS INT64_C(60000)

#define NONE UINT32_MAX

/* The numbers of an account of the ledger; NONE: not selected. */
struct account_of_ledger {
	uint32_t account, default_plan_item; /* the plan item of envelopes without one; 0: none */
};

struct ledger_reading {
	struct explanation *explanation;
	struct ledger *ledger;
	struct daily_partials partials;
	struct json_scanner *scanner; /* of partials */
	struct account_of_ledger *accounts; /* by the ledger's key, as are plan items */
	uint32_t *plan_items;
	size_t account_count, plan_item_count;
	uint32_t *order; /* consumptions by account, plan item and period */
	uint32_t account; /* whose partials are being read */
	struct buffer text;
};

static int compare_order(const void *left, const void *right, void *context)
{
	const struct explained_consumption *consumptions = context, *a = &consumptions[*(const uint32_t *)left],
					   *b = &consumptions[*(const uint32_t *)right];
	if (a->account != b->account)
		return a->account < b->account ? -1 : 1;
	if (a->plan_item != b->plan_item)
		return a->plan_item < b->plan_item ? -1 : 1;
	return (a->period.start > b->period.start) - (a->period.start < b->period.start);
}

/* The number of elements of `order` up to an instant: those of lower accounts and plan items, and those that have started by then. */
static size_t rank_of(const struct ledger_reading *reading, uint32_t account, uint32_t plan_item, int64_t instant)
{
	size_t low = 0, high = reading->explanation->consumption_count;
	const struct explained_consumption wanted = {.account = account, .plan_item = plan_item, .period.start = instant};
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct explained_consumption *consumption = &reading->explanation->consumptions[reading->order[middle]];
		const struct explained_consumption pair[] = {*consumption, wanted};
		const uint32_t first = 0, second = 1;
		if (compare_order(&first, &second, (void *)(uintptr_t)pair) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The consumption at a place of `order`, if it is of this account and plan item, else NULL. */
static struct explained_consumption *consumption_at(
	const struct ledger_reading *reading, size_t place, uint32_t account, uint32_t plan_item)
{
	if (place >= reading->explanation->consumption_count)
		return NULL;
	struct explained_consumption *consumption = &reading->explanation->consumptions[reading->order[place]];
	return consumption->account == account && consumption->plan_item == plan_item ? consumption : NULL;
}

static int add_day(void *context, const struct stream *stream, const struct buffer *record, struct error *error)
{
	(void)stream;
	struct ledger_reading *reading = context;
	struct explanation *explanation = reading->explanation;
	struct json_slice slices[3];
	int32_t day;
	if (json_scan(reading->scanner, record->data, record->length, slices, error) < 0 ||
		day_parse(slices[1].text, slices[1].length, &day) < 0)
		return error_set(error, EX_SOFTWARE, "cannot read a daily partial");
	const struct name *item = slices[0].kind == JSON_STRING
		? name_table_find(&explanation->plan_items, slices[0].text, slices[0].length)
		: &explanation->plan_items.names[0];
	if (!item)
		return 0;
	uint32_t plan_item = (uint32_t)(item - explanation->plan_items.names);
	struct explained_consumption *consumption =
		consumption_at(reading, rank_of(reading, reading->account, plan_item, day * DAY_MS) - 1, reading->account, plan_item);
	if (!consumption || day * DAY_MS >= consumption->period.end)
		return 0;
	struct explained_day *new = array_grow((void **)&explanation->days, &explanation->day_count, sizeof *new, error);
	if (!new)
		return -1;
	*new = (struct explained_day){
		.consumption = (uint32_t)(consumption - explanation->consumptions), .day = day, .units = strtoll(slices[2].text, NULL, 10)};
	consumption->counted += new->units;
	return 0;
}

static int32_t first_day(const struct explanation *explanation)
{
	int32_t first = INT32_MAX;
	for (size_t i = 0; i < explanation->consumption_count; i++)
		if (instant_day(explanation->consumptions[i].period.start) < first)
			first = instant_day(explanation->consumptions[i].period.start);
	return first;
}

static int read_account(struct ledger_reading *reading, sqlite3_stmt *statement, int32_t since, struct error *error)
{
	struct explanation *explanation = reading->explanation;
	struct daily_account daily;
	if (daily_account_read(reading->ledger, statement, &daily, error) < 0)
		return -1;
	daily.since = since;
	const struct name *name = name_table_find(&explanation->accounts, daily.account_id, strlen(daily.account_id));
	if (!name)
		return 0;
	while (reading->account_count <= (size_t)daily.account) {
		struct account_of_ledger *new = array_grow((void **)&reading->accounts, &reading->account_count, sizeof *new, error);
		if (!new)
			return -1;
		new->account = NONE;
	}
	reading->account = (uint32_t)(name - explanation->accounts.names);
	ptrdiff_t item = daily.default_plan_item
		? name_table_number(&explanation->plan_items, daily.default_plan_item, strlen(daily.default_plan_item), error)
		: 0;
	if (item < 0)
		return -1;
	reading->accounts[daily.account] = (struct account_of_ledger){reading->account, (uint32_t)item};
	return explanation->question.level >= EXPLAIN_DAY ? daily_partials_walk(&reading->partials, &daily, error) : 0;
}

static int read_accounts(struct ledger_reading *reading, struct error *error)
{
	static const char *const pointers[] = {"/plan_item_id", "/day", "/units_consumed"};
	int32_t since = first_day(reading->explanation);
	sqlite3_stmt *statement = ledger_statement(reading->ledger, "list_accounts", error);
	int got = -1, result = 0;
	if (!(reading->scanner = json_scanner_new(pointers, 3, error)))
		return -1;
	if (statement)
		sqlite3_bind_int(statement, 1, true);
	while (result == 0 && statement && (got = ledger_step(reading->ledger, statement, error)) > 0)
		result = read_account(reading, statement, since, error);
	if (statement)
		sqlite3_reset(statement);
	return result ? result : got;
}

static int load_plan_items(struct ledger_reading *reading, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(reading->ledger, "export_plan_item_names", error);
	int got = -1;
	while (statement && (got = ledger_step(reading->ledger, statement, error)) > 0) {
		const char *text = ledger_text(reading->ledger, statement, 1, "plan_item", error);
		int64_t key;
		if (!text || ledger_integer(reading->ledger, statement, 0, "plan_item", 1, LEDGER_NAME_MOST, &key, error) < 0)
			return -1;
		ptrdiff_t number = name_table_number(&reading->explanation->plan_items, text, strlen(text), error);
		while (number >= 0 && reading->plan_item_count <= (size_t)key)
			if (!array_grow((void **)&reading->plan_items, &reading->plan_item_count, sizeof *reading->plan_items, error))
				number = -1;
		if (number < 0)
			return -1;
		reading->plan_items[key] = (uint32_t)number;
	}
	return got;
}

static int load_statuses(struct ledger_reading *reading, struct error *error)
{
	struct explanation *explanation = reading->explanation;
	sqlite3_stmt *statement = ledger_statement(reading->ledger, "list_statuses", error);
	int got = -1;
	while (statement && (got = ledger_step(reading->ledger, statement, error)) > 0) {
		int64_t key;
		const char *name = ledger_text(reading->ledger, statement, 1, "status", error);
		const char *method = name ? ledger_text(reading->ledger, statement, 3, "status", error) : NULL;
		if (!method || ledger_integer(reading->ledger, statement, 0, "status", 1, LEDGER_NAME_MOST, &key, error) < 0)
			return -1;
		while (explanation->status_count <= (size_t)key)
			if (!array_grow((void **)&explanation->statuses, &explanation->status_count, sizeof *explanation->statuses, error))
				return -1;
		struct explained_status *status = &explanation->statuses[key];
		if (!(status->name = explanation_keep(explanation, name, strlen(name), error)) ||
			(*method && !(status->sending_method = explanation_keep(explanation, method, strlen(method), error))))
			return -1;
	}
	return got;
}

/* Interns an id that is not a UUID: its text is in a block of the ledger. */
static int keep_id(struct explanation *explanation, struct envelope_id *id, struct error *error)
{
	if (!id->is_uuid && id->length && !(id->text = explanation_keep(explanation, id->text, id->length, error)))
		return -1;
	return 0;
}

static ptrdiff_t sender_of(struct ledger_reading *reading, const struct envelope_id *id, struct error *error)
{
	if (!id->length)
		return 0;
	buffer_reset(&reading->text);
	envelope_id_append(id, &reading->text);
	if (buffer_check(&reading->text, error) < 0)
		return -1;
	return name_table_number(&reading->explanation->senders, reading->text.data, reading->text.length, error);
}

static int add_envelope(struct ledger_reading *reading, const struct envelope *envelope, const struct explained_consumption *consumption,
	uint32_t named, bool is_pooled, struct error *error)
{
	struct explanation *explanation = reading->explanation;
	ptrdiff_t sender = sender_of(reading, &envelope->sender_id, error);
	struct explained_envelope *new =
		sender < 0 ? NULL : array_grow((void **)&explanation->envelopes, &explanation->envelope_count, sizeof *new, error);
	if (!new)
		return -1;
	*new = (struct explained_envelope){.id = envelope->envelope_id,
		.consumption = (uint32_t)(consumption - explanation->consumptions),
		.status = envelope->status,
		.account = consumption->account,
		.plan_item = named,
		.sender = (uint32_t)sender,
		.is_pooled = is_pooled,
		.created_at = envelope->created_at,
		.sent_at = envelope->sent_at,
		.completed_at = envelope->completed_at,
		.modified_at = envelope->modified_at};
	return keep_id(explanation, &new->id, error);
}

/* Adds an envelope in a selected period, and counts one near the edge of a period. */
static int read_envelope(void *context, const struct envelope *envelope, struct error *error)
{
	struct ledger_reading *reading = context;
	struct explanation *explanation = reading->explanation;
	if (envelope->sent_at == INSTANT_NONE || envelope->account >= reading->account_count ||
		reading->accounts[envelope->account].account == NONE || !daily_partials_counts(&reading->partials, envelope->status))
		return 0;
	const struct account_of_ledger *account = &reading->accounts[envelope->account];
	uint32_t named =
		envelope->plan_item && envelope->plan_item < reading->plan_item_count ? reading->plan_items[envelope->plan_item] : 0;
	uint32_t plan_item = named ? named : account->default_plan_item;
	const char *pool = daily_partials_pool(&reading->partials, envelope->status);
	ptrdiff_t pooled = pool ? name_table_number(&explanation->plan_items, pool, strlen(pool), error) : 0;
	if (pooled < 0)
		return -1;
	if (pool)
		plan_item = (uint32_t)pooled;
	size_t place = rank_of(reading, account->account, plan_item, envelope->sent_at);
	struct explained_consumption *consumption = place ? consumption_at(reading, place - 1, account->account, plan_item) : NULL;
	struct explained_consumption *next = consumption_at(reading, place, account->account, plan_item);
	if (next && envelope->sent_at >= next->period.start - EDGE_MS)
		explanation->differences[next->position].beyond_edges++;
	if (consumption && envelope->sent_at < consumption->period.end)
		return add_envelope(reading, envelope, consumption, named, pool != NULL, error);
	if (consumption && envelope->sent_at < consumption->period.end + EDGE_MS)
		explanation->differences[consumption->position].beyond_edges++;
	return 0;
}

static int compare_days(const void *left, const void *right)
{
	const struct explained_day *a = left, *b = right;
	if (a->consumption != b->consumption)
		return a->consumption < b->consumption ? -1 : 1;
	return (a->day > b->day) - (a->day < b->day);
}

static int compare_senders(const void *left, const void *right)
{
	const struct explained_envelope *a = left, *b = right;
	if (a->consumption != b->consumption)
		return a->consumption < b->consumption ? -1 : 1;
	if (a->sender != b->sender)
		return a->sender < b->sender ? -1 : 1;
	return (a->sent_at > b->sent_at) - (a->sent_at < b->sent_at);
}

static int compare_envelopes(const void *left, const void *right)
{
	const struct explained_envelope *a = left, *b = right;
	if (a->consumption != b->consumption)
		return a->consumption < b->consumption ? -1 : 1;
	if (a->sent_at != b->sent_at)
		return a->sent_at < b->sent_at ? -1 : 1;
	return envelope_id_compare(&a->id, &b->id);
}

/* Counts envelopes that one sender sent within a minute, as in a bulk send. Envelopes are sorted by compare_senders(). */
static void count_alike(struct explanation *explanation)
{
	size_t counted = 0; /* envelopes before this place are done */
	for (size_t i = 0, last = 0; i < explanation->envelope_count; i++) {
		const struct explained_envelope *first = &explanation->envelopes[i];
		last = last < i ? i : last;
		while (last + 1 < explanation->envelope_count && first->sender && first[last + 1 - i].consumption == first->consumption &&
			first[last + 1 - i].sender == first->sender && first[last + 1 - i].sent_at < first->sent_at + MINUTE_MS)
			last++;
		if (last + 1 - i < EXPLAIN_ALIKE)
			continue;
		size_t from = i > counted ? i : counted;
		explanation->differences[explanation->consumptions[first->consumption].position].alike += (int64_t)(last + 1 - from);
		counted = last + 1;
	}
}

static bool is_not_completed(const char *status)
{
	static const char *const names[] = {"voided", "declined", "deleted", "timedout"};
	for (size_t i = 0; status && i < sizeof names / sizeof *names; i++)
		if (strcmp(status, names[i]) == 0)
			return true;
	return false;
}

static int is_late(struct ledger_reading *reading, const struct explained_envelope *envelope, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(reading->ledger, "is_late", error);
	buffer_reset(&reading->text);
	envelope_id_append(&envelope->id, &reading->text);
	if (!statement || buffer_check(&reading->text, error) < 0)
		return -1;
	sqlite3_bind_text(statement, 1, reading->text.data, (int)reading->text.length, SQLITE_STATIC);
	int got = ledger_step(reading->ledger, statement, error);
	sqlite3_reset(statement);
	return got;
}

static int count_differences(struct ledger_reading *reading, struct error *error)
{
	struct explanation *explanation = reading->explanation;
	for (size_t i = 0; i < explanation->envelope_count; i++) {
		const struct explained_envelope *envelope = &explanation->envelopes[i];
		const struct explained_consumption *consumption = &explanation->consumptions[envelope->consumption];
		struct explained_differences *differences = &explanation->differences[consumption->position];
		int late = is_late(reading, envelope, error);
		if (late < 0)
			return -1;
		differences->late += late;
		explanation_count_near_edges(explanation, consumption, envelope->sent_at);
		differences->near_edges +=
			envelope->sent_at < consumption->period.start + EDGE_MS || envelope->sent_at >= consumption->period.end - EDGE_MS;
		differences->given_plan_item += !envelope->plan_item && consumption->plan_item && !envelope->is_pooled;
		differences->not_completed += is_not_completed(
			envelope->status < explanation->status_count ? explanation->statuses[envelope->status].name : NULL);
	}
	return 0;
}

/* Sorts days and envelopes by consumption and time, and indexes envelopes by id. */
static int arrange(struct ledger_reading *reading, struct error *error)
{
	struct explanation *explanation = reading->explanation;
	if (explanation->day_count)
		qsort(explanation->days, explanation->day_count, sizeof *explanation->days, compare_days);
	for (size_t i = explanation->day_count; i-- > 0;) {
		struct explained_consumption *consumption = &explanation->consumptions[explanation->days[i].consumption];
		consumption->first_day = i;
		consumption->day_count++;
	}
	if (!explanation->envelope_count)
		return 0;
	qsort(explanation->envelopes, explanation->envelope_count, sizeof *explanation->envelopes, compare_senders);
	count_alike(explanation);
	qsort(explanation->envelopes, explanation->envelope_count, sizeof *explanation->envelopes, compare_envelopes);
	for (size_t i = explanation->envelope_count; i-- > 0;) {
		struct explained_consumption *consumption = &explanation->consumptions[explanation->envelopes[i].consumption];
		consumption->first_envelope = i;
		consumption->envelope_count++;
		if (hash_index_add(&explanation->by_id, envelope_id_key(&explanation->envelopes[i].id), i) < 0)
			return error_set(error, EX_OSERR, "out of memory");
	}
	return count_differences(reading, error);
}

static int read_all(struct ledger_reading *reading, struct error *error)
{
	struct explanation *explanation = reading->explanation;
	reading->order = calloc(explanation->consumption_count + 1, sizeof *reading->order);
	if (ledger_snapshot(reading->ledger, error) < 0)
		return -1;
	if (!reading->order)
		return error_set(error, EX_OSERR, "out of memory");
	for (size_t i = 0; i < explanation->consumption_count; i++)
		reading->order[i] = (uint32_t)i;
	qsort_r(reading->order, explanation->consumption_count, sizeof *reading->order, compare_order, explanation->consumptions);
	if (load_statuses(reading, error) < 0 || load_plan_items(reading, error) < 0 || read_accounts(reading, error) < 0 ||
		(explanation->question.level >= EXPLAIN_ENVELOPE && block_walk(reading->ledger, read_envelope, reading, error) < 0) ||
		arrange(reading, error) < 0)
		return -1;
	return 0;
}

int explanation_read_ledger(struct explanation *explanation, const char *path, const struct policy *policy, struct error *error)
{
	struct ledger ledger;
	struct ledger_reading reading = {.explanation = explanation, .ledger = &ledger, .text = BUFFER_INIT};
	int result = -1;
	if (explanation->question.level < EXPLAIN_DAY)
		return 0;
	/* Even if nothing is selected: a missing ledger is an error. */
	if (ledger_open(&ledger, path, LEDGER_READ, error) < 0)
		return -1;
	ledger.policy = policy;
	if (!explanation->consumption_count)
		result = 0;
	else if (daily_partials_open(&reading.partials, &ledger, add_day, &reading, error) == 0) {
		result = read_all(&reading, error);
		daily_partials_release(&reading.partials);
	}
	json_scanner_free(reading.scanner);
	free(reading.accounts);
	free(reading.plan_items);
	free(reading.order);
	buffer_release(&reading.text);
	ledger_close(&ledger);
	return result;
}
