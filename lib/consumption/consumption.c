#include "consumption/consumption.h"

#include "base/instant.h"
#include "base/run_name.h"
#include "config/policy.h"
#include "stream/count_object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void consumption_open(struct consumption *consumption, int64_t now, const char *run_id)
{
	*consumption = (struct consumption){.now = now, .reported_at = INSTANT_NONE};
	if (run_id) {
		snprintf(consumption->run_id, sizeof consumption->run_id, "%s", run_id);
		return;
	}
	run_name(now, consumption->run_id);
}

void consumption_release(struct consumption *consumption)
{
	for (size_t i = 0; i < consumption->fact_count; i++) {
		free(consumption->facts[i].organization_id);
		free(consumption->facts[i].account_name);
	}
	free(consumption->facts);
	tally_release(&consumption->tally);
}

int consumption_reader_open(
	struct consumption *consumption, struct message_reader *reader, int descriptor, const char *name, struct error *error)
{
	const struct stream *const list[] = {&stream_daily_consumption, &stream_envelope, &stream_consumption, &stream_account,
		&stream_watermark, &stream_job_result, &stream_contract, NULL};
	if (record_fields_build(&consumption->fields, list, error) < 0)
		return -1;
	return message_reader_open(reader, descriptor, name, consumption->fields.pointers, consumption->fields.count, false, error);
}

static const struct json_slice *field(const struct consumption *consumption, const struct message *message, const char *name)
{
	return &message->fields[record_fields_slot(&consumption->fields, name)];
}

/* The facts of an account by its number; NULL with an error. */
static struct account_facts *facts_of(struct consumption *consumption, uint32_t account, struct error *error)
{
	if (account >= consumption->fact_count) {
		size_t count = account < 32 ? 64 : (size_t)account * 2;
		struct account_facts *facts = realloc(consumption->facts, count * sizeof *facts);
		if (!facts) {
			error_set(error, EX_OSERR, "out of memory");
			return NULL;
		}
		for (size_t i = consumption->fact_count; i < count; i++)
			facts[i] = (struct account_facts){.watermark = INSTANT_NONE};
		consumption->facts = facts;
		consumption->fact_count = count;
	}
	return &consumption->facts[account];
}

int consumption_apply_contracts(struct consumption *consumption, struct error *error)
{
	if (!consumption->contracts_applied &&
		contracts_apply(
			&consumption->contracts, consumption->contract_start, consumption->renewal_months, consumption->now, error) < 0)
		return -1;
	consumption->contracts_applied = true;
	return 0;
}

static int period_of(struct consumption *consumption, int32_t day, struct period *period, struct error *error)
{
	struct known_period *known = &consumption->known[(uint32_t)day % KNOWN_PERIODS];
	if (!consumption->by_calendar && consumption_apply_contracts(consumption, error) < 0)
		return -1;
	if (known->day != day || known->period.end == known->period.start)
		*known = (struct known_period){day,
			consumption->by_calendar ? period_of_day(&consumption->calendar, day)
						 : contracts_period_of_day(&consumption->contracts, day)};
	*period = known->period;
	return 0;
}

struct period_rule consumption_rule(const struct consumption *consumption, int64_t period_start)
{
	return consumption->by_calendar ? consumption->calendar : contracts_rule_of_day(&consumption->contracts, instant_day(period_start));
}

static int keep_text(char **text, const struct json_slice *slice, struct error *error)
{
	if (slice->kind != JSON_STRING)
		return 0;
	char *copy = strndup(slice->text, slice->length);
	if (!copy)
		return error_set(error, EX_OSERR, "out of memory");
	free(*text);
	*text = copy;
	return 0;
}

/* C strings end at NUL: two names that differ only after one would compare equal. */
static int check_has_no_nul(const struct json_slice *slice, const struct message_reader *reader, const struct message *message,
	const char *name, struct error *error)
{
	if (slice->kind != JSON_STRING || !memchr(slice->text, 0, slice->length))
		return 0;
	return message_error(reader, message, error, "%.*s \"%s\" must be a string without \\u0000", (int)message->stream.length,
		message->stream.text, name);
}

/* The number of a name that may be null. */
static int read_name(struct consumption *consumption, const struct message_reader *reader, const struct message *message,
	struct name_table *table, const char *name, uint32_t *number, struct error *error)
{
	const struct json_slice *slice = field(consumption, message, name);
	if (slice->kind != JSON_STRING && slice->kind != JSON_NULL && slice->kind != JSON_ABSENT)
		return message_error(reader, message, error, "%.*s \"%s\" must be a string, this is %s", (int)message->stream.length,
			message->stream.text, name, json_kind_name(slice->kind));
	if (check_has_no_nul(slice, reader, message, name, error) < 0)
		return -1;
	return tally_name(table, slice, number, error);
}

static int read_account(struct consumption *consumption, const struct message_reader *reader, const struct message *message,
	uint32_t *account, struct error *error)
{
	const struct json_slice *slice = field(consumption, message, "account_id");
	if (slice->kind != JSON_STRING)
		return message_error(reader, message, error, "%.*s \"account_id\" must be a string, this is %s",
			(int)message->stream.length, message->stream.text, json_kind_name(slice->kind));
	if (check_has_no_nul(slice, reader, message, "account_id", error) < 0)
		return -1;
	return tally_name(&consumption->tally.accounts, slice, account, error);
}

static int read_time(struct consumption *consumption, const struct message_reader *reader, const struct message *message, const char *name,
	bool required, int64_t *instant, struct error *error)
{
	const struct json_slice *slice = field(consumption, message, name);
	*instant = INSTANT_NONE;
	if (!required && (slice->kind == JSON_NULL || slice->kind == JSON_ABSENT))
		return 0;
	if (slice->kind == JSON_STRING && instant_parse(slice->text, slice->length, instant) == 0)
		return 0;
	return message_error(reader, message, error, "%.*s \"%s\" must be a time such as 2025-01-31T00:00:00.000Z, this is %s",
		(int)message->stream.length, message->stream.text, name, json_kind_name(slice->kind));
}

static int read_units(struct consumption *consumption, const struct message_reader *reader, const struct message *message, int64_t *units,
	struct error *error)
{
	const struct json_slice *slice = field(consumption, message, "units_consumed");
	const char *end;
	*units = slice->kind == JSON_NUMBER ? count_parse(slice->text, &end) : -1;
	if (*units >= 0 && end == slice->text + slice->length)
		return 0;
	return message_error(reader, message, error, "%.*s \"units_consumed\" must be a whole number, this is %s",
		(int)message->stream.length, message->stream.text, json_kind_name(slice->kind));
}

/* Adds the members of by_status, {"sent":3,"completed":4}. */
static int add_statuses(struct consumption *consumption, struct tally_sum *sum, const struct message_reader *reader,
	const struct message *message, struct error *error)
{
	const struct json_slice *slice = field(consumption, message, "by_status");
	const char *at = NULL;
	struct count_member member;
	int got;
	if (slice->kind == JSON_ABSENT || slice->kind == JSON_NULL)
		return 0;
	while ((got = count_object_next(slice, &at, &member)) > 0)
		if (tally_add_status(&consumption->tally, sum, member.name, member.length, member.count, error) < 0)
			return -1;
	return got == 0 ? 0
			: message_error(reader, message, error, "%.*s \"by_status\" must be an object of counts",
				  (int)message->stream.length, message->stream.text);
}

/* Adds the members of by_day, {"2025-01-31":3}. */
static int add_days(struct consumption *consumption, struct tally_sum *sum, const struct message_reader *reader,
	const struct message *message, struct error *error)
{
	const struct json_slice *slice = field(consumption, message, "by_day");
	const char *at = NULL;
	struct count_member member;
	int32_t day;
	int got;
	if (slice->kind == JSON_ABSENT || slice->kind == JSON_NULL)
		return 0;
	while ((got = count_object_next(slice, &at, &member)) > 0 && day_parse(member.name, member.length, &day) == 0)
		if (tally_add_day(sum, day, member.count, error) < 0)
			return -1;
	return got == 0 ? 0 : message_error(reader, message, error, "consumption \"by_day\" must be an object of counts by day");
}

static uint32_t own_profile(struct consumption *consumption, struct error *error)
{
	struct json_slice slice = {consumption->profile ? JSON_STRING : JSON_NULL, consumption->profile,
		consumption->profile ? strlen(consumption->profile) : 0};
	uint32_t number = TALLY_NO_NAME;
	tally_name(&consumption->tally.profiles, &slice, &number, error);
	return number;
}

static int add_daily(
	struct consumption *consumption, const struct message_reader *reader, const struct message *message, struct error *error)
{
	uint32_t account, plan_item;
	int64_t units, first, last;
	int32_t day;
	const struct json_slice *slice = field(consumption, message, "day");
	if (slice->kind != JSON_STRING || day_parse(slice->text, slice->length, &day) < 0)
		return message_error(reader, message, error, "daily_consumption \"day\" must be a date such as 2025-01-31, this is %s",
			json_kind_name(slice->kind));
	if (read_account(consumption, reader, message, &account, error) < 0 ||
		read_name(consumption, reader, message, &consumption->tally.plan_items, "plan_item_id", &plan_item, error) < 0 ||
		read_units(consumption, reader, message, &units, error) < 0 ||
		read_time(consumption, reader, message, "first_sent_at", false, &first, error) < 0 ||
		read_time(consumption, reader, message, "last_sent_at", false, &last, error) < 0)
		return -1;
	struct period period;
	struct account_facts *facts = facts_of(consumption, account, error);
	struct tally_row *row = NULL;
	if (facts && period_of(consumption, day, &period, error) == 0)
		row = tally_row(&consumption->tally, own_profile(consumption, error), account, plan_item, period, error);
	if (!row)
		return -1;
	facts->touched = true;
	tally_add(&row->now, units, first, last);
	if (tally_add_day(&row->now, day, units, error) < 0)
		return -1;
	return add_statuses(consumption, &row->now, reader, message, error) < 0 ? -1 : 1;
}

/* Every record counts once: the caller has removed duplicates, as merge does. */
static int add_envelope(
	struct consumption *consumption, const struct message_reader *reader, const struct message *message, struct error *error)
{
	uint32_t account, plan_item;
	int64_t sent_at;
	const struct json_slice *status = field(consumption, message, "status");
	if (status->kind != JSON_STRING)
		return message_error(
			reader, message, error, "envelope \"status\" must be a string, this is %s", json_kind_name(status->kind));
	if (read_time(consumption, reader, message, "sent_at", false, &sent_at, error) < 0)
		return -1;
	if (sent_at == INSTANT_NONE || !policy_counts_status(&policy_default, status->text, status->length))
		return 1;
	if (read_account(consumption, reader, message, &account, error) < 0 ||
		read_name(consumption, reader, message, &consumption->tally.plan_items, "plan_item_id", &plan_item, error) < 0)
		return -1;
	struct period period;
	struct account_facts *facts = facts_of(consumption, account, error);
	struct tally_row *row = NULL;
	if (facts && period_of(consumption, instant_day(sent_at), &period, error) == 0)
		row = tally_row(&consumption->tally, own_profile(consumption, error), account, plan_item, period, error);
	if (!row)
		return -1;
	facts->touched = true;
	tally_add(&row->now, 1, sent_at, sent_at);
	if (tally_add_day(&row->now, instant_day(sent_at), 1, error) < 0)
		return -1;
	return tally_add_status(&consumption->tally, &row->now, status->text, status->length, 1, error) < 0 ? -1 : 1;
}

static int keep_facts(
	struct consumption *consumption, const struct message_reader *reader, const struct message *message, struct error *error)
{
	uint32_t account;
	int64_t watermark;
	if (read_account(consumption, reader, message, &account, error) < 0 ||
		read_time(consumption, reader, message, "watermark", false, &watermark, error) < 0)
		return -1;
	struct account_facts *facts = facts_of(consumption, account, error);
	if (!facts || keep_text(&facts->organization_id, field(consumption, message, "organization_id"), error) < 0 ||
		keep_text(&facts->account_name, field(consumption, message, "account_name"), error) < 0)
		return -1;
	if (watermark > facts->watermark)
		facts->watermark = watermark;
	return 0;
}

/* The row of a consumption record: of our period that holds its period. What was reported under another contract may end later. */
static struct tally_row *row_of_consumption(struct consumption *consumption, const struct message_reader *reader,
	const struct message *message, bool reported, uint32_t *account, struct error *error)
{
	uint32_t profile, plan_item;
	int64_t start, end;
	if (keep_facts(consumption, reader, message, error) < 0 || read_account(consumption, reader, message, account, error) < 0 ||
		read_name(consumption, reader, message, &consumption->tally.profiles, "profile", &profile, error) < 0 ||
		read_name(consumption, reader, message, &consumption->tally.plan_items, "plan_item_id", &plan_item, error) < 0 ||
		read_time(consumption, reader, message, "period_start", true, &start, error) < 0 ||
		read_time(consumption, reader, message, "period_end", true, &end, error) < 0)
		return NULL;
	struct period period;
	if (period_of(consumption, instant_day(start), &period, error) < 0)
		return NULL;
	if ((end > period.end && !reported) || end <= start) {
		message_error(reader, message, error, "the consumption's period reaches over the end of one of these: it cannot be split");
		return NULL;
	}
	if (profile == TALLY_NO_NAME)
		profile = own_profile(consumption, error);
	return tally_row(&consumption->tally, profile, *account, plan_item, period, error);
}

static int add_consumption(struct consumption *consumption, const struct message_reader *reader, const struct message *message,
	bool reported, struct error *error)
{
	uint32_t account;
	int64_t units, first, last;
	struct tally_row *row = row_of_consumption(consumption, reader, message, reported, &account, error);
	if (!row || read_units(consumption, reader, message, &units, error) < 0 ||
		read_time(consumption, reader, message, "first_sent_at", false, &first, error) < 0 ||
		read_time(consumption, reader, message, "last_sent_at", false, &last, error) < 0)
		return -1;
	struct tally_sum *sum = reported ? &row->reported : &row->now;
	int64_t end;
	if (reported && read_time(consumption, reader, message, "period_end", true, &end, error) == 0 && end > row->reported_end)
		row->reported_end = end;
	*(reported ? &consumption->facts[account].was_reported : &consumption->facts[account].touched) = true;
	consumption->has_reported |= reported;
	tally_add(sum, units, first, last);
	return add_statuses(consumption, sum, reader, message, error) < 0 || add_days(consumption, sum, reader, message, error) < 0 ? -1
																    : 1;
}

int consumption_add(
	struct consumption *consumption, const struct message_reader *reader, const struct message *message, struct error *error)
{
	const struct stream *stream = NULL;
	if (message->type == MESSAGE_RECORD || message->type == MESSAGE_SCHEMA)
		stream = stream_find(message->stream.text, message->stream.length);
	bool summand = stream == &stream_daily_consumption || stream == &stream_envelope || stream == &stream_consumption;
	if (message->type != MESSAGE_RECORD)
		return summand;
	if (stream == &stream_daily_consumption)
		return add_daily(consumption, reader, message, error);
	if (stream == &stream_envelope)
		return add_envelope(consumption, reader, message, error);
	if (stream == &stream_consumption)
		return add_consumption(consumption, reader, message, false, error);
	if (stream == &stream_account || stream == &stream_watermark)
		return keep_facts(consumption, reader, message, error);
	return 0;
}

static int add_reported_watermark(
	struct consumption *consumption, const struct message_reader *reader, const struct message *message, struct error *error)
{
	uint32_t account;
	if (read_account(consumption, reader, message, &account, error) < 0)
		return -1;
	struct account_facts *facts = facts_of(consumption, account, error);
	consumption->has_reported_watermarks = true;
	if (facts)
		facts->was_reported = true;
	return facts ? 0 : -1;
}

static int add_contract(
	struct consumption *consumption, const struct message_reader *reader, const struct message *message, struct error *error)
{
	const struct json_slice *start = field(consumption, message, "contract_start"),
				*months = field(consumption, message, "renewal_months"),
				*from = field(consumption, message, "effective_from");
	struct contract contract = {.renewal_months = months->kind == JSON_NUMBER ? atoi(months->text) : 0};
	if (start->kind != JSON_STRING || day_parse(start->text, start->length, &contract.contract_start) < 0 ||
		from->kind != JSON_STRING || day_parse(from->text, from->length, &contract.effective_from) < 0 ||
		contract.renewal_months < 1 || contract.renewal_months > 60)
		return message_error(reader, message, error,
			"contract needs the dates \"contract_start\" and \"effective_from\", and \"renewal_months\"");
	memset(consumption->known, 0, sizeof consumption->known);
	return contracts_add(&consumption->contracts, contract, error);
}

/* The latest clock of a report: a clock that went back since makes no period open again that was reported as over. */
static int read_report_time(
	struct consumption *consumption, const struct message_reader *reader, const struct message *message, struct error *error)
{
	int64_t clock;
	if (read_time(consumption, reader, message, "started_at", true, &clock, error) < 0)
		return -1;
	if (clock > consumption->reported_at)
		consumption->reported_at = clock;
	return 0;
}

int consumption_read_reported(struct consumption *consumption, int descriptor, const char *name, struct error *error)
{
	struct message_reader reader;
	struct message message;
	int got, result = 0;
	consumption->restates = true;
	if (consumption_reader_open(consumption, &reader, descriptor, name, error) < 0)
		return -1;
	while (result >= 0 && (got = message_next(&reader, &message, error)) != 0) {
		if (got < 0)
			result = -1;
		else if (message_is_record(&message, "consumption"))
			result = add_consumption(consumption, &reader, &message, true, error);
		else if (message_is_record(&message, "watermark"))
			result = add_reported_watermark(consumption, &reader, &message, error);
		else if (message_is_record(&message, "contract"))
			result = add_contract(consumption, &reader, &message, error);
		else if (message_is_record(&message, "job_result"))
			result = read_report_time(consumption, &reader, &message, error);
	}
	message_reader_release(&reader);
	return result < 0 ? -1 : 0;
}
