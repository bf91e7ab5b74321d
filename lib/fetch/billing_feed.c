#include "fetch/billing_feed.h"

#include "base/array.h"
#include "base/instant.h"
#include "base/percent_encode.h"
#include "fetch/raw_record.h"
#include "io/diag.h"
#include "json/json_slice.h"

#include <stdlib.h>
#include <string.h>

#define SITE_NAME_LIMIT 63 /* of a label of a host's name: RFC 1035, section 2.3.4 */
#define SITE_NAME "{site_name}"
#define FIRST_FEW 8 /* accounts: if all of these are refused, the others would be too */

struct billing_walk {
	const char *account_id;
	struct bookmark *bookmark;
	char site_name[SITE_NAME_LIMIT + 1]; /* "" if unknown, or not a label of a host name */
	struct buffer responses; /* {"responses":[<the account's response>, once received */
	int64_t observed_at; /* when it was received */
};

/* The name becomes part of a host name: only a valid label is kept. */
static void keep_site_name(struct billing_walk *walk, const char *name, size_t length)
{
	if (!name || length > SITE_NAME_LIMIT)
		return;
	for (size_t i = 0; i < length; i++) {
		char letter = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + 32) : name[i];
		bool fits = (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || (letter == '-' && i > 0);
		walk->site_name[i] = fits ? letter : 0;
		if (!fits) {
			walk->site_name[0] = 0;
			return;
		}
	}
}

int billing_feed_add(struct billing_feed *feed, const struct connection *connection, const char *account_id, const char *site_name,
	size_t site_length, struct error *error)
{
	if (!connection_wants(connection, account_id))
		return 0;
	struct billing_walk *walk = array_grow((void **)&feed->walks, &feed->count, sizeof *walk, error);
	if (!walk)
		return -1;
	*walk = (struct billing_walk){
		.account_id = account_id, .bookmark = bookmarks_get(&feed->bookmarks, account_id, error), .responses = BUFFER_INIT};
	keep_site_name(walk, site_name, site_length);
	return walk->bookmark ? fetch_turns_add(&feed->turns, account_id, walk->bookmark, error) : -1;
}

/* NULL with the reason if the account's host is unknown. May contain {site_name}. */
static const char *base_of(
	const struct billing_feed *feed, const struct connection *connection, const struct billing_walk *walk, struct error *why)
{
	const char *base = connection->esign_base ? connection->esign_base
		: feed->sites.known               ? esign_sites_base(&feed->sites, walk->account_id)
						  : connection->api_base;
	if (!base)
		error_set(why, EX_NOPERM, "the user is no member of it");
	else if (!*walk->site_name && strstr(base, SITE_NAME))
		error_set(why, EX_CONFIG, "its site has no name, and esign_base is '%s'", base);
	else
		return base;
	return NULL;
}

/* The token goes where the API base is, which http.h has checked, or over TLS. */
static int check_base(const struct connection *connection, struct error *error)
{
	const char *base = connection->esign_base;
	if (!base || strcmp(base, connection->api_base) == 0 || strncmp(base, "https://", 8) == 0)
		return 0;
	return error_set(error, EX_CONFIG, "cannot use esign_base '%s': it must be https, or the api_base", base);
}

static void append_url(struct buffer *url, const char *base, const struct billing_walk *walk, const char *rest)
{
	const char *place;
	while ((place = strstr(base, SITE_NAME))) {
		buffer_append(url, base, (size_t)(place - base));
		buffer_append_string(url, walk->site_name);
		base = place + strlen(SITE_NAME);
	}
	buffer_append_string(url, base);
	buffer_append_string(url, "/restapi/v2.1/accounts/");
	percent_encode(url, walk->account_id, strlen(walk->account_id));
	buffer_append_string(url, rest);
}

static int send_request(struct fetch_source *source, const char *base, struct billing_walk *walk, const char *rest, struct error *error)
{
	struct buffer url = BUFFER_INIT;
	append_url(&url, base, walk, rest);
	int result = buffer_check(&url, error);
	if (result == 0)
		result = fetch_source_get(source, url.data, walk->account_id, NULL, walk, error);
	buffer_release(&url);
	return result;
}

static void leave_unknown(struct billing_feed *feed, const struct billing_walk *walk, const struct error *why)
{
	if (!feed->unknown++)
		feed->first_failure = *why;
	diag_info("Docusign's own count of account %s stays unknown: %s", walk->account_id, why->text);
}

/*
 * In the order of their turns, as many accounts at once as the source has room for; the first few before all others, so that the set of requests does not depend on that
 * room, which is unlimited in a replay.
 */
static int start_walks(struct billing_feed *feed, struct fetch_source *source, const struct connection *connection, struct error *error)
{
	if (feed->answered >= FIRST_FEW && feed->refused == feed->answered)
		return 0;
	while (feed->started < feed->turns.asked && (feed->requested < FIRST_FEW || feed->answered >= FIRST_FEW) &&
		fetch_source_room(source) > 0) {
		struct billing_walk *walk = &feed->walks[feed->turns.list[feed->started++].number];
		struct error unknown;
		const char *base = base_of(feed, connection, walk, &unknown);
		if (!base) {
			leave_unknown(feed, walk, &unknown);
		} else {
			feed->requested++;
			if (send_request(source, base, walk, "", error) < 0)
				return -1;
		}
	}
	return 0;
}

/* The record in the making; json_scan_elements() has put its parts on one line. */
struct parts {
	struct buffer *record;
	int count;
};

static int append_part(void *context, const char *text, size_t length)
{
	static const char *const names[] = {"{\"account\":", ",\"charges\":"};
	struct parts *parts = context;
	if (parts->count == 2)
		return 1;
	buffer_append_string(parts->record, names[parts->count++]);
	buffer_append(parts->record, text, length);
	return 0;
}

/* The record of an account's two responses. Returns 1 unless these are two JSON texts. */
static int print_record(
	const struct billing_walk *walk, const struct connection *connection, int64_t now, struct output *output, struct error *error)
{
	static const char *const pointer = "/responses";
	struct buffer record = BUFFER_INIT;
	struct parts parts = {.record = &record};
	struct json_slice responses;
	struct json_scanner *scanner = json_scanner_new(&pointer, 1, error);
	int result = scanner && json_scan(scanner, walk->responses.data, walk->responses.length, &responses, error) == 0
		? json_scan_elements(scanner, &responses, append_part, &parts, error)
		: -1;
	json_scanner_free(scanner);
	if (result < 0 && error->status == EX_DATAERR)
		result = 1;
	else if (result == 0 && parts.count != 2)
		result = 1;
	buffer_append_byte(&record, '}');
	if (result == 0 && (result = buffer_check(&record, error)) == 0) {
		const struct raw_context context = {.stream = BILLING_STREAM,
			.organization_id = connection->organization_id,
			.account_id = walk->account_id,
			.time_extracted = now};
		raw_record_append(&output->pending, &context, record.data, record.length);
		output_line_end(output);
	}
	buffer_release(&record);
	return result;
}

/* It has been answered, or refused, and is asked again on its day. Where nobody answered it is asked the next night. */
static void keep_bookmark(struct billing_walk *walk, const struct fetch_source *source, const struct http_response *response)
{
	static const char *const pointer = "/billingPeriodEndDate";
	struct json_scanner *scanner = json_scanner_new(&pointer, 1, NULL);
	struct json_slice end;
	walk->bookmark->until = fetch_source_now(source);
	walk->bookmark->ends_at = INSTANT_NONE;
	if (scanner && !response->error.status && json_scan(scanner, response->body, response->length, &end, NULL) == 0)
		json_slice_instant(&end, &walk->bookmark->ends_at);
	json_scanner_free(scanner);
}

/* An account's first response leads to its second request, the second to its record. */
static int read_response(struct billing_feed *feed, struct fetch_source *source, const struct connection *connection,
	const struct http_response *response, struct output *output, unsigned long long *records, struct error *error)
{
	struct billing_walk *walk = response->context;
	bool is_first = !walk->responses.length;
	if (is_first && (!response->error.status || fetch_source_refused(response)))
		keep_bookmark(walk, source, response);
	if (is_first && response->error.status) {
		leave_unknown(feed, walk, &response->error);
		feed->answered++;
		feed->refused += !response->limited; /* other accounts have limits of their own */
		return 0;
	}
	if (is_first) {
		walk->observed_at = fetch_source_time(source, response);
		buffer_append_string(&walk->responses, "{\"responses\":[");
		buffer_append(&walk->responses, response->body, response->length);
		buffer_append_byte(&walk->responses, ',');
		const char *base = base_of(feed, connection, walk, error);
		return !base || buffer_check(&walk->responses, error) < 0 ? -1
									  : send_request(source, base, walk, "/billing_charges", error);
	}
	if (response->error.status) {
		diag_info("the charges of account %s stay unknown: %s", walk->account_id, response->error.text);
		buffer_append_string(&walk->responses, "null");
	} else {
		buffer_append(&walk->responses, response->body, response->length);
	}
	buffer_append_string(&walk->responses, "]}");
	struct error unusable = ERROR_INIT;
	int result = buffer_check(&walk->responses, error) < 0 ? -1 : print_record(walk, connection, walk->observed_at, output, &unusable);
	if (result < 0) {
		if (!error->status)
			*error = unusable;
		return -1;
	}
	if (result > 0) {
		error_set(&unusable, EX_DATAERR, "the responses of '%s' are not valid JSON", response->url);
		leave_unknown(feed, walk, &unusable);
		feed->refused++;
	} else {
		++*records;
	}
	feed->answered++;
	buffer_release(&walk->responses);
	return 0;
}

/* Returns 1 if it is told nowhere: then all stay unknown. */
static int find_sites(struct billing_feed *feed, struct fetch_source *source, const struct connection *connection, struct error *error)
{
	struct error refused = ERROR_INIT;
	if (connection->esign_base || !connection->audience || !feed->turns.asked)
		return 0;
	int result = esign_sites_fetch(&feed->sites, source, connection, &refused);
	if (result > 0)
		feed->first_failure = refused;
	else if (result < 0)
		*error = refused;
	return result;
}

int billing_feed_run(struct billing_feed *feed, struct fetch_source *source, const struct connection *connection, struct output *output,
	unsigned long long *records, struct error *error)
{
	static const struct feed counts = {
		.paging = FEED_PAGING_CURSOR, .clock = FEED_CLOCK_BILLING}; /* two requests an account, as fetch_turns has it */
	struct http_response response;
	fetch_turns_decide(&feed->turns, &feed->rule, &counts, instant_day(fetch_source_now(source)));
	int got = check_base(connection, error) < 0 ? -1 : find_sites(feed, source, connection, error);
	if (got < 0)
		return -1;
	bool is_told = got == 0;
	static const char *const members[] = {"account", "charges"};
	raw_schema_append(&output->pending, BILLING_STREAM, members, 2);
	output_line_end(output);
	diag_progress_lead();
	while (is_told && (got = start_walks(feed, source, connection, error)) == 0 &&
		(got = fetch_source_next(source, &response, error)) > 0 && !output_failed(output)) {
		if (got == FETCH_SOURCE_ROOM)
			continue;
		if (read_response(feed, source, connection, &response, output, records, error) < 0)
			return -1;
		diag_progress("billing of %zu of %zu accounts", feed->answered, feed->turns.asked);
	}
	feed->unknown += feed->turns.asked - feed->started; /* not asked, after the first few */
	const struct fetch_night night = fetch_turns_night(&feed->turns);
	if (night.put_off)
		diag_note("Docusign's own count of %zu of %zu accounts that are due is put off: the budget has no more requests for it",
			night.put_off, night.due);
	if (got >= 0 && feed->unknown)
		diag_warn("Docusign's own count of %zu of %zu accounts stays unknown: %s%s", feed->unknown, feed->turns.asked,
			feed->first_failure.text,
			feed->first_failure.status == EX_NOPERM
				? " (it wants the token of a user, \"user_id\" in the profile, who administers the account and has consented to scope signature)"
				: "");
	return got < 0 ? -1 : 0;
}

void billing_feed_release(struct billing_feed *feed)
{
	for (size_t i = 0; i < feed->count; i++)
		buffer_release(&feed->walks[i].responses);
	free(feed->walks);
	esign_sites_release(&feed->sites);
	fetch_turns_release(&feed->turns);
	bookmarks_release(&feed->bookmarks);
	*feed = (struct billing_feed){.count = 0};
}
