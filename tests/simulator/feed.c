#include "feed.h"

#include "base/instant.h"
#include "clock.h"
#include "fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_LIMIT 1000
#define LARGEST_LIMIT 2000 /* of the data sets, as documented for Monitor */

static struct feed_settings settings = {.page_size = 100, .seed = 1};

void feed_set(const struct feed_settings *given)
{
	settings = *given;
}

/* The entries of one account, or all of them; both in arrival order. */
struct view {
	const struct world *world;
	const struct world_account *account;
	uint32_t scope; /* of its cursors: 0 for the organisation, else the account's number + 1 */
	uint32_t count;
};

static const struct world_entry *view_entry(const struct view *view, uint32_t position)
{
	return &view->world->entries[view->account ? view->account->entries[position] : position];
}

/* The first position whose entry arrived at or after `instant`. */
static uint32_t view_search(const struct view *view, int64_t instant)
{
	uint32_t low = 0, high = view->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (view_entry(view, middle)->arrived_at < instant)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void write_cursor(const struct view *view, uint32_t position, char *cursor, size_t size)
{
	uint64_t place = ((uint64_t)view->scope << 32 | position) ^ fault_hash(settings.seed, 7);
	snprintf(cursor, size, "%016llx%016llx", (unsigned long long)place, (unsigned long long)fault_hash(place, settings.seed));
}

static int read_cursor(const struct view *view, const char *cursor, uint32_t *position)
{
	unsigned long long place, check;
	char again[40];
	if (strlen(cursor) != 32 || sscanf(cursor, "%16llx%16llx", &place, &check) != 2)
		return -1;
	place ^= fault_hash(settings.seed, 7);
	*position = (uint32_t)place;
	write_cursor(view, *position, again, sizeof again);
	return strcmp(again, cursor) == 0 && *position <= view->count ? 0 : -1;
}

static int read_count(const char *text, unsigned largest, unsigned *count)
{
	char *end;
	unsigned long value = text ? strtoul(text, &end, 10) : *count;
	if (text && (!*text || *end || *text == '-'))
		return -1;
	*count = value > largest ? largest : (unsigned)value;
	return 0;
}

/* A time with an offset arrives with its plus sign as a space when the client did not encode it. */
static int read_time(const char *text, int64_t *instant)
{
	int32_t day;
	size_t length = strlen(text);
	if (length == DAY_LENGTH && day_parse(text, length, &day) == 0) {
		*instant = day * DAY_MS;
		return 0;
	}
	return instant_parse(text, length, instant);
}

void feed_stream(const struct world *world, const struct world_account *account, const struct request *request, enum fault_kind fault,
	struct answer *answer)
{
	struct view view = {world, account, account ? (uint32_t)(account - world->accounts) + 1 : 0,
		account ? account->entry_count : world->entry_count};
	const char *cursor = request_parameter(request, "cursor");
	unsigned limit = DEFAULT_LIMIT;
	uint32_t start;
	int64_t instant;
	char end_cursor[64];
	if (read_count(request_parameter(request, "limit"), LARGEST_LIMIT, &limit) < 0 || !limit) {
		answer_error(answer, 400, "INVALID_REQUEST_PARAMETER", "The limit is not a positive number.");
		return;
	}
	if (fault == FAULT_EMPTY_PAGES) {
		static unsigned pages;
		buffer_append_format(&answer->body, "{\"endCursor\":\"empty-%u\",\"data\":[]}", ++pages);
		return;
	}
	if (!cursor || !*cursor) {
		start = view_search(&view, clock_now() - 7 * DAY_MS);
	} else if (read_time(cursor, &instant) == 0) {
		start = view_search(&view, instant);
	} else if (read_cursor(&view, cursor, &start) < 0) {
		answer_error(answer, 400, "INVALID_CURSOR", "The cursor is not known.");
		return;
	}
	uint32_t end = view_search(&view, clock_now() + 1), page = limit < settings.page_size ? limit : settings.page_size;
	end = end < start ? start : end - start > page ? start + page : end;
	write_cursor(&view, fault == FAULT_CURSOR_LOOP ? start : end, end_cursor, sizeof end_cursor);
	buffer_append_format(&answer->body, "{\"endCursor\":\"%s\",\"data\":[", end == start && cursor && *cursor ? cursor : end_cursor);
	for (uint32_t position = start; position < end; position++) {
		const struct world_entry *entry = view_entry(&view, position);
		if (position > start)
			buffer_append_byte(&answer->body, ',');
		buffer_append(&answer->body, entry->text, entry->text_length);
	}
	buffer_append_string(&answer->body, "]}");
}

/* The latest version of each envelope as of `now`, by its own time of change: this list is live, whatever the feed has. */
static uint32_t latest_versions(const struct world *world, const struct world_account *account, int64_t now, uint32_t *latest)
{
	uint32_t count = 0;
	const char *envelope_id = "";
	for (uint32_t i = 0; i < account->entry_count; i++) {
		const struct world_entry *entry = &world->entries[account->versions[i]];
		if (entry->modified_at == INSTANT_NONE || entry->modified_at > now)
			continue;
		if (count && strcasecmp(envelope_id, entry->envelope_id) == 0)
			count--;
		envelope_id = entry->envelope_id;
		latest[count++] = account->versions[i];
	}
	return count;
}

static int by_modification(const void *left, const void *right, void *context)
{
	uint32_t i = *(const uint32_t *)left, j = *(const uint32_t *)right;
	const struct world_entry *a = (const struct world_entry *)context + i, *b = (const struct world_entry *)context + j;
	if (a->modified_at != b->modified_at)
		return a->modified_at < b->modified_at ? -1 : 1;
	return strcasecmp(a->envelope_id, b->envelope_id);
}

/* The list gives no account and no plan item. Consumes `record`. */
static jv as_listed(jv record)
{
	record = jv_object_delete(jv_object_delete(record, jv_string("accountId")), jv_string("planItemId"));
	jv sender = jv_object_get(jv_copy(record), jv_string("sender"));
	if (jv_get_kind(sender) == JV_KIND_OBJECT)
		return jv_object_set(record, jv_string("sender"), jv_object_delete(sender, jv_string("accountId")));
	jv_free(sender);
	return record;
}

static jv number_string(unsigned long number)
{
	return jv_string_fmt("%lu", number);
}

static jv next_uri(const struct request *request, unsigned start, unsigned count)
{
	const char *to = request_parameter(request, "to_date");
	return jv_string_fmt("/envelopes?start_position=%u&count=%u&from_date=%s%s%s", start, count,
		request_parameter(request, "from_date"), to ? "&to_date=" : "", to ? to : "");
}

void feed_envelopes(
	const struct world *world, const struct world_account *account, const struct request *request, uint32_t gone, struct answer *answer)
{
	const char *from_text = request_parameter(request, "from_date"), *to_text = request_parameter(request, "to_date");
	unsigned count = DEFAULT_LIMIT, start = 0;
	int64_t from, to = clock_now() + 1;
	if (!from_text || read_time(from_text, &from) < 0 || (to_text && read_time(to_text, &to) < 0) ||
		read_count(request_parameter(request, "count"), DEFAULT_LIMIT, &count) < 0 || !count ||
		read_count(request_parameter(request, "start_position"), UINT32_MAX, &start) < 0) {
		answer_error(answer, 400, "INVALID_REQUEST_PARAMETER",
			"The request contained at least one invalid parameter. Query parameter 'from_date' must be set to a "
			"valid "
			"DateTime, or 'envelope_ids' or 'transaction_ids' must be specified.");
		return;
	}
	uint32_t *found = calloc(account->entry_count + 1, sizeof *found);
	if (!found) {
		answer_error(answer, 500, "UNSPECIFIED_ERROR", "out of memory");
		return;
	}
	uint32_t versions = latest_versions(world, account, clock_now(), found), total = 0;
	for (uint32_t i = 0; i < versions; i++)
		if (world->entries[found[i]].modified_at >= from && world->entries[found[i]].modified_at < to)
			found[total++] = found[i];
	if (total)
		qsort_r(found, total, sizeof *found, by_modification, world->entries);
	unsigned page = count < settings.page_size ? count : settings.page_size;
	uint32_t left = gone * (start / page);
	left = left < total ? left : total;
	total -= left;
	memmove(found, found + left, total * sizeof *found);
	start = start > total ? total : start;
	unsigned end = total - start > page ? start + page : total;
	jv envelopes = jv_array();
	for (unsigned i = start; i < end; i++) {
		const struct world_entry *entry = &world->entries[found[i]];
		envelopes = jv_array_append(envelopes, as_listed(jv_parse_sized(entry->text, (int)entry->text_length)));
	}
	free(found);
	answer_json(answer, 200,
		JV_OBJECT(jv_string("resultSetSize"), number_string(end - start), jv_string("totalSetSize"), number_string(total),
			jv_string("startPosition"), number_string(start), jv_string("endPosition"),
			number_string(end > start ? end - 1 : start), jv_string("nextUri"),
			end < total ? next_uri(request, end, page) : jv_string(""), jv_string("envelopes"), envelopes));
}

/* The period that the clock is in: whole renewal periods from the contract's start, clamped at the ends of months. */
static void billing_period(const struct world *world, int64_t *start, int64_t *end)
{
	int32_t origin;
	int year, month, month_day;
	int64_t now = clock_now();
	if (day_parse(world->contract_start, strlen(world->contract_start), &origin) < 0)
		origin = 0;
	day_to_civil(origin, &year, &month, &month_day);
	*start = *end = origin * DAY_MS;
	for (int k = 1; *end <= now; k++) {
		int months = month - 1 + k * (world->renewal_months > 0 ? world->renewal_months : 12);
		int length = month_length(year + months / 12, months % 12 + 1);
		*start = *end;
		*end = day_from_civil(year + months / 12, months % 12 + 1, month_day < length ? month_day : length) * DAY_MS;
	}
}

static unsigned sent_between(const struct world *world, const struct world_account *account, int64_t start, int64_t end)
{
	uint32_t *latest = calloc(account->entry_count + 1, sizeof *latest);
	uint32_t count = latest ? latest_versions(world, account, clock_now(), latest) : 0;
	unsigned sent = 0;
	for (uint32_t i = 0; i < count; i++)
		sent += world->entries[latest[i]].sent_at >= start && world->entries[latest[i]].sent_at < end;
	free(latest);
	return sent;
}

/* Seven fraction digits, as Docusign writes times. */
static jv time_string(int64_t instant)
{
	char text[INSTANT_LENGTH + 1] = "";
	instant_format(instant, text);
	return jv_string_fmt("%.*s0000Z", INSTANT_LENGTH - 1, text);
}

void feed_account(const struct world *world, const struct world_account *account, struct answer *answer)
{
	int64_t start, end;
	billing_period(world, &start, &end);
	answer_json(answer, 200,
		JV_OBJECT(jv_string("accountIdGuid"), jv_string(account->id), jv_string("accountName"), jv_string(account->name),
			jv_string("billingPeriodStartDate"), time_string(start), jv_string("billingPeriodEndDate"), time_string(end),
			jv_string("billingPeriodEnvelopesAllowed"), jv_string("unlimited"), jv_string("billingPeriodEnvelopesSent"),
			number_string(sent_between(world, account, start, end))));
}

void feed_billing_charges(const struct world *world, const struct world_account *account, struct answer *answer)
{
	int64_t start, end;
	billing_period(world, &start, &end);
	jv charge = JV_OBJECT(jv_string("chargeName"), jv_string("envelopes"), jv_string("includedQuantity"), jv_string("unlimited"),
		jv_string("incrementalQuantity"), jv_string("0"), jv_string("allowedQuantity"), jv_string("unlimited"),
		jv_string("usedQuantity"), number_string(sent_between(world, account, start, end)), jv_string("unitPrice"),
		jv_string("0.00"), jv_string("prices"), jv_array());
	answer_json(answer, 200, JV_OBJECT(jv_string("billingChargeItems"), JV_ARRAY(charge)));
}
