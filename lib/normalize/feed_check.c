#include "normalize/feed_check.h"

#include "base/format_arguments.h"
#include "base/instant.h"
#include "fetch/feed_page.h"
#include "fetch/feed_request.h"
#include "fetch/look_back.h"
#include "io/display.h"
#include "normalize/feed_files.h"
#include "normalize/feed_map.h"
#include "json/jq_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REJECTS_SHOWN 10 /* of a sample; the rest is counted */
#define STATUSES_SHOWN 12
#define MADE_UP_ACCOUNT "00000000-0000-0000-0000-000000000000"
#define MADE_UP_ORGANIZATION "11111111-1111-1111-1111-111111111111"

enum { FIELD_ACCOUNT, FIELD_ENVELOPE, FIELD_STATUS, FIELD_CREATED, FIELD_SENT };

struct check {
	const struct feed_check_options *options;
	struct feed_map map;
	struct feed_page_reader pages[2]; /* a page, a download */
	struct json_scanner *raw, *canonical;
	struct output *output;
	struct buffer wrapped, line, first, position;
	struct bookmark bookmark;
	const char *path; /* of the sample */
	size_t samples, records, rejected, record, shown; /* the last two: of the sample */
	size_t found[RAW_MAP_FIELDS]; /* how many envelopes have the field */
	int64_t sent_from, sent_until;
	int64_t undated;
	struct {
		char word[ID_LIMIT + 1];
		size_t count;
	} statuses[STATUSES_SHOWN];
	bool has_clock; /* some record has a time where the descriptor's clock points */
	bool failed; /* a sample does not fit */
	struct error *error;
};

static void print(struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What is in it may be anybody's. */
static void print(struct check *check, const char *format, ...)
{
	char text[2000];
	FORMAT_ARGUMENTS(text, format);
	display_append(&check->output->pending, text, strlen(text), 0);
	buffer_append_byte(&check->output->pending, '\n');
	output_line_end(check->output);
}

/* What a JSON text has, by a jq program that gives {"text": …}. */
static void hint(struct check *check, const char *lead, const char *program, const char *json, size_t length)
{
	struct buffer input = BUFFER_INIT, text = BUFFER_INIT;
	struct error none = ERROR_INIT;
	buffer_append(&input, json, length);
	if (jq_program_append_member("feed check", program, strlen(program), &input, "/text", &text, &none) == 0 && text.length)
		print(check, "%s%s", lead, text.data);
	buffer_release(&input);
	buffer_release(&text);
}

#define WHERE "map(select(all(.[]; type == \"string\")) | \"/\" + (map(gsub(\"~\"; \"~0\") | gsub(\"/\"; \"~1\")) | join(\"/\")))"

static void hint_at_arrays(struct check *check, const struct buffer *wrapped)
{
	hint(check, "  the response has arrays at: ",
		"{text: ([.body | if type == \"array\" then [] else empty end, paths(arrays)] | " WHERE
		" | map(if . == \"/\" then \"\\\"\\\"\" else . end) | .[:12] | join(\", \"))}",
		wrapped->data, wrapped->length);
	hint(check, "  beside them it has: ",
		"{text: ([.body | objects | paths(type != \"object\" and type != \"array\")] | " WHERE " | .[:12] | join(\", \"))}",
		wrapped->data, wrapped->length);
	hint(check, "  it begins: ", "{text: (.body | tojson | .[:160])}", wrapped->data, wrapped->length);
}

static void hint_at_members(struct check *check, const char *text, size_t length)
{
	hint(check,
		"    the record has: ", "{text: ([paths(type != \"object\" and type != \"array\")] | " WHERE " | .[:40] | join(\", \"))}",
		text, length);
}

/* ---- records ---- */

static void count_status(struct check *check, const struct json_slice *status)
{
	for (size_t i = 0; i < STATUSES_SHOWN && status->length <= ID_LIMIT; i++) {
		if (!check->statuses[i].count)
			memcpy(check->statuses[i].word, status->text, status->length);
		if (json_slice_equals(status, check->statuses[i].word)) {
			check->statuses[i].count++;
			return;
		}
	}
}

static void count_fields(struct check *check, const struct json_slice fields[])
{
	int64_t sent;
	for (int i = 0; check->map.target->fields[i].name; i++)
		check->found[i] += fields[i].kind != JSON_NULL;
	count_status(check, &fields[FIELD_STATUS]);
	if (!json_slice_instant(&fields[FIELD_SENT], &sent)) {
		check->undated++;
		return;
	}
	check->sent_from = check->sent_from == INSTANT_NONE || sent < check->sent_from ? sent : check->sent_from;
	check->sent_until = sent > check->sent_until ? sent : check->sent_until;
}

static void reject(struct check *check, const char *text, size_t length, const char *pointer, const char *reason)
{
	check->rejected++;
	if (check->shown++ >= REJECTS_SHOWN)
		return;
	print(check, "  record %zu rejected: %s%s%s", check->record, pointer, *pointer ? ": " : "", reason);
	if (check->shown == 1)
		hint_at_members(check, text, length);
}

static int map_record(void *context, const char *text, size_t length, const struct json_slice found[])
{
	struct check *check = context;
	struct json_slice fields[RAW_MAP_FIELDS], canonical[RAW_MAP_FIELDS];
	struct feed_map_fault fault;
	int64_t instant;
	const char *account = check->options->account_id ? check->options->account_id : MADE_UP_ACCOUNT;
	struct message message = {.type = MESSAGE_RECORD,
		.fields = fields,
		.context_account_id = {JSON_STRING, account, strlen(account)},
		.context_organization_id = {JSON_STRING, MADE_UP_ORGANIZATION, strlen(MADE_UP_ORGANIZATION)}};
	check->records++;
	check->record++;
	if (json_scan(check->raw, text, length, fields, check->error) < 0)
		return -1;
	buffer_reset(&check->line);
	int fits = feed_map_append(&check->map, check->map.target, &message, &check->line, &fault, check->error);
	if (fits > 0)
		reject(check, text, length, fault.pointer, fault.reason);
	if (fits)
		return fits < 0 ? -1 : 0;
	if (json_scan(check->canonical, check->line.data, check->line.length - 1, canonical, check->error) < 0)
		return -1;
	count_fields(check, canonical);
	if (!check->first.length)
		buffer_append(&check->first, check->line.data, check->line.length - 1);
	if (!json_slice_instant(&found[FEED_RECORD_CLOCK], &instant))
		return 0;
	check->has_clock = true;
	if (instant > check->bookmark.newest)
		check->bookmark.newest = instant;
	return 0;
}

/* ---- a sample ---- */

static int print_item(void *context, const char *text, size_t length, const struct json_slice fields[])
{
	struct check *check = context;
	const struct json_slice *id = &fields[FEED_RECORD_ITEM], *link = &fields[FEED_RECORD_LINK];
	check->records++;
	check->record++;
	bool has_id = (id->kind == JSON_STRING || id->kind == JSON_NUMBER) && id->length > 0;
	if (!has_id)
		reject(check, text, length, check->map.feed.item, "is no id of an item to download");
	else if (check->map.feed.item_link && (link->kind != JSON_STRING || !link->length))
		reject(check, text, length, check->map.feed.item_link, "is no link to an item");
	else if (check->shown++ < 3)
		print(check, "  item %.*s is downloaded", (int)(id->length < 80 ? id->length : 80), id->text);
	return 0;
}

static void print_next(struct check *check, struct feed_page_reader *reader)
{
	struct error problem = ERROR_INIT;
	char index[24];
	/* A page of a list by offsets may be any: it is taken for the one that its own figures say. */
	if (reader->feed->paging == FEED_PAGING_OFFSET && !reader->is_download) {
		snprintf(index, sizeof index, "%lld", strtoll(reader->next.data, NULL, 10) - (long long)check->record);
		buffer_reset(&check->position);
		buffer_append_string(&check->position, index);
	}
	int more = feed_page_next(reader, check->position.data, check->record, &problem);
	if (more > 0)
		print(check, "  next page: %s", reader->next.data);
	else if (more == 0)
		print(check, "  the account is caught up after it");
	else
		print(check, "  %s", problem.text);
	check->failed |= more < 0;
	buffer_reset(&check->position);
	buffer_append(&check->position, reader->next.data, reader->next.length);
}

/* Is the sample a list of items, of a feed that downloads them? Then `wrapped` is the list. */
static bool holds_list(struct check *check, const struct buffer *bytes)
{
	struct error problem = ERROR_INIT;
	struct http_response response = {.url = check->path};
	if (!check->map.feed.item || feed_files_wrap(check->path, bytes, DOCUMENT_JSON, &check->wrapped, &problem) < 0)
		return false;
	response.wrapped = check->wrapped.data;
	response.wrapped_length = check->wrapped.length;
	return feed_page_read(&check->pages[0], &response, &problem) == 0 && check->pages[0].records.kind == JSON_ARRAY;
}

/* Returns 1 if the sample does not fit, -1 if memory is short, or if it cannot be read. */
static int read_sample(
	struct check *check, const struct buffer *bytes, struct feed_page_reader *reader, bool is_list, struct error *problem)
{
	if (!is_list &&
		feed_files_wrap(check->path, bytes, feed_format(&check->map.feed, reader->is_download), &check->wrapped, problem) < 0)
		return -1;
	const struct http_response response = {.wrapped = check->wrapped.data, .wrapped_length = check->wrapped.length};
	if (feed_page_read(reader, &response, problem) == 0 &&
		feed_page_records(reader, is_list ? print_item : map_record, check, problem) == 0)
		return 0;
	if (problem->status == EX_OSERR)
		return -1;
	print(check, "  %s", problem->text);
	hint_at_arrays(check, &check->wrapped);
	return 1;
}

static int check_sample(void *context, const char *path, const struct buffer *bytes, const struct error *unreadable, struct error *error)
{
	struct check *check = context;
	struct error problem = *unreadable;
	size_t rejected = check->rejected;
	if (unreadable->status == EX_NOINPUT) {
		*error = *unreadable;
		return -1;
	}
	check->path = path;
	check->samples++;
	check->record = check->shown = 0;
	bool is_list = !problem.status && holds_list(check, bytes), is_download = check->map.feed.item && !is_list;
	struct feed_page_reader *reader = &check->pages[is_download];
	print(check, "%s: %s", path,
		is_list                        ? "a list of items"
			: is_download          ? "a download"
			: check->map.feed.path ? "a page"
					       : "a file of records");
	int result = problem.status ? -1 : read_sample(check, bytes, reader, is_list, &problem);
	check->failed |= result != 0;
	if (result < 0 && problem.status == EX_OSERR) {
		*error = problem;
		return -1;
	}
	if (result < 0)
		print(check, "  %s", problem.text);
	if (result != 0)
		return 0;
	if (check->shown > REJECTS_SHOWN && check->rejected > rejected)
		print(check, "  … and %zu more", check->shown - REJECTS_SHOWN);
	print(check, "  %zu %s, %zu rejected", check->record, is_list ? "items" : "records", check->rejected - rejected);
	if (check->map.feed.path && !is_download)
		print_next(check, reader);
	return 0;
}

/* ---- all ---- */

static void print_request(struct check *check)
{
	const struct feed *feed = &check->map.feed;
	static const char *const bases[] = {[FEED_BASE_API] = "API-BASE", [FEED_BASE_ESIGN] = "ESIGN-SITE", [FEED_BASE_OWN] = NULL};
	struct buffer url = BUFFER_INIT;
	const struct feed_place place = {.api_base = feed->base == FEED_BASE_OWN ? feed->own_base : bases[feed->base],
		.organization_id = MADE_UP_ORGANIZATION,
		.account_id = feed->per_organization ? NULL
			: check->options->account_id ? check->options->account_id
						     : MADE_UP_ACCOUNT,
		.since = check->options->now - 8 * DAY_MS,
		.until = check->options->now};
	feed_append_url(feed, &place, &url);
	if (!url.failed)
		print(check, "first request: GET %s", url.data);
	buffer_release(&url);
}

static void print_fields(struct check *check)
{
	struct buffer without = BUFFER_INIT;
	for (int i = 0; check->map.target->fields[i].name; i++)
		if (!check->found[i])
			buffer_append_format(&without, "%s%s", without.length ? ", " : "", check->map.target->fields[i].name);
	if (without.length && !without.failed)
		print(check, "no envelope has: %s", without.data);
	buffer_release(&without);
}

/* A status that is none of Docusign's shows that the pointer is wrong: any word is accepted. */
static void print_statuses(struct check *check)
{
	struct buffer text = BUFFER_INIT;
	for (size_t i = 0; i < STATUSES_SHOWN && check->statuses[i].count; i++)
		buffer_append_format(&text, "%s%s %zu", i ? ", " : "", check->statuses[i].word, check->statuses[i].count);
	if (text.length && !text.failed)
		print(check, "statuses: %s", text.data);
	buffer_release(&text);
}

static void print_summary(struct check *check)
{
	char from[INSTANT_LENGTH + 1] = "", until[INSTANT_LENGTH + 1] = "";
	const struct feed *feed = &check->map.feed;
	if (check->first.length) {
		print(check, "first envelope:");
		buffer_append(&check->output->pending, check->first.data, check->first.length);
		buffer_append_byte(&check->output->pending, '\n');
		print_fields(check);
		print_statuses(check);
	}
	if (check->sent_from != INSTANT_NONE) {
		instant_format(check->sent_from, from);
		instant_format(check->sent_until, until);
		print(check, "sent from %s to %s; %lld without a time of sending are drafts, or in no period", from, until,
			(long long)check->undated);
	} else if (check->first.length) {
		print(check, "no envelope has a time of sending: none of them counts");
	}
	if (feed->path && check->first.length) {
		instant_format(look_back_watermark(&check->bookmark, feed, check->options->now), from);
		print(check, "watermark of a run at that clock: %s", from);
		if (feed->clock_pointer && !check->has_clock)
			print(check, "no record has a time at %s, where the clock points: only settled_days count", feed->clock_pointer);
	}
	if (feed->path)
		print_request(check);
	print(check, "%zu samples, %zu records, %zu rejected", check->samples, check->records, check->rejected);
}

static int open_all(struct check *check, struct error *error)
{
	static const char *const canonical[] = {"/record/account_id", "/record/envelope_id", "/record/status", "/record/created_at",
		"/record/sent_at", "/record/completed_at", "/record/modified_at", "/record/plan_item_id", "/record/sender_id",
		"/record/sending_method"};
	if (feed_map_open(&check->map, check->options->descriptor, NULL, NULL, error) < 0)
		return -1;
	const struct feed *feed = &check->map.feed;
	for (int i = 0, last = feed->item ? 1 : 0; i <= last; i++) {
		if (feed_page_reader_open(&check->pages[i], feed, i, error) < 0)
			return -1;
		check->pages[i].base = feed->base == FEED_BASE_OWN ? feed->own_base : "https://";
	}
	return (check->raw = json_scanner_new(check->map.pointers, check->map.pointer_count, error)) &&
			(check->canonical = json_scanner_new(canonical, sizeof canonical / sizeof *canonical, error))
		? 0
		: -1;
}

int feed_check(const struct feed_check_options *options, struct output *output, struct error *error)
{
	struct check check = {.options = options,
		.output = output,
		.wrapped = BUFFER_INIT,
		.line = BUFFER_INIT,
		.first = BUFFER_INIT,
		.position = BUFFER_INIT,
		.bookmark = {.newest = INSTANT_NONE, .until = INSTANT_NONE, .since = INSTANT_NONE},
		.sent_from = INSTANT_NONE,
		.sent_until = INSTANT_NONE,
		.error = error};
	int result = open_all(&check, error);
	for (const char *const *sample = options->samples; result == 0 && *sample; sample++)
		result = feed_files_read(*sample, check_sample, &check, error);
	if (result == 0)
		print_summary(&check);
	if (result == 0 && (check.failed || check.rejected || !check.first.length))
		result = error_set(error, EX_DATAERR, "the samples do not fit feed '%s': %s", check.map.feed.name,
			check.failed || check.rejected ? "see above" : "no envelope came out");
	for (int i = 0; i < 2; i++)
		feed_page_reader_release(&check.pages[i]);
	json_scanner_free(check.raw);
	json_scanner_free(check.canonical);
	feed_map_release(&check.map);
	buffer_release(&check.wrapped);
	buffer_release(&check.line);
	buffer_release(&check.first);
	buffer_release(&check.position);
	return result;
}
