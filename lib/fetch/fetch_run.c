#include "fetch/fetch_run.h"

#include "base/instant.h"
#include "fetch/fetch_print.h"
#include "fetch/fetch_walk.h"
#include "io/diag.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESTARTS_MOST 3 /* of a window whose list changes while it is read */
#define FAILURES_SHOWN 20 /* a line each; the rest is counted */
#define FAILURES_IN_A_ROW 16 /* of the service: it is down, and 10,000 more requests do not help */

/* ---- accounts ---- */

static void warn_of_unknown_accounts(const struct fetch_run *run)
{
	for (char **wanted = run->connection.accounts; wanted && *wanted; wanted++)
		if (!account_list_has(&run->accounts, *wanted) && shard_has(&run->shard, *wanted, strlen(*wanted), NULL))
			diag_warn("account '%s' of the profile is not among the organization's", *wanted);
}

/* ---- a walk ---- */

static void end(struct fetch_run *run, struct walk *walk, enum feed_outcome outcome)
{
	run->finished++;
	walk->finished = true;
	if (walk->turn)
		walk->turn->outcome = outcome;
	window_pages_release(&walk->pages);
}

/*
 * Of a page, or of the item whose turn it is. Where the budget has no further request the walk is put off: the next run continues there.
 */
static int send_request(struct fetch_run *run, struct walk *walk, struct error *error)
{
	if (walk->is_asked && run->further_most == 0) {
		end(run, walk, FEED_PUT_OFF);
		return 0;
	}
	run->further_most -= walk->is_asked;
	walk->is_asked = true;
	struct buffer url = BUFFER_INIT;
	const struct download *item = downloads_current(&walk->downloads);
	const struct feed_place place = fetch_walk_place(run, walk);
	if (item)
		buffer_append_string(&url, item->url);
	else
		feed_append_url(&run->feed, &place, &url);
	int result = buffer_check(&url, error);
	const struct fetch_manner *manner = &run->manners[item != NULL][feed_is_other_host(&run->feed, url.data)];
	if (result == 0)
		result = fetch_source_get(run->source, url.data, place.account_id, manner, walk, error);
	buffer_release(&url);
	return result;
}

static int begin_window(struct fetch_run *run, struct walk *walk, struct error *error)
{
	walk->window = look_back_window(walk->bookmark, &run->feed, &run->connection, run->now);
	walk->restarts = 0;
	walk->downloads.is_whole = !walk->window.resumed;
	if (walk->downloads.is_whole)
		bookmark_begin_items(walk->bookmark);
	window_pages_begin(&walk->pages, walk->window.resumed ? walk->bookmark->total : WINDOW_TOTAL_UNKNOWN);
	return send_request(run, walk, error);
}

static void restore_bookmark(struct walk *walk)
{
	struct bookmark *bookmark = walk->bookmark;
	bookmark->since = walk->before.since;
	bookmark->until = walk->before.until;
	bookmark->total = walk->before.total;
	bookmark->instead = NULL;
	free(bookmark->position);
	bookmark->position = walk->before.position;
	walk->before.position = NULL;
}

/* Reports what ended the walk; the others continue. */
static void fail(struct fetch_run *run, struct walk *walk, struct error *error)
{
	error_prefix(error, run->feed.per_organization ? "cannot fetch organization '%s'" : "cannot fetch account '%s'", walk->id);
	if (run->failed == 0)
		run->first_failure = *error;
	run->failed++;
	end(run, walk, FEED_UNREAD);
	if (run->failed <= FAILURES_SHOWN)
		diag_error(error);
	else
		diag_info("%s", error->text);
}

static int begin(struct fetch_run *run, struct walk *walk, struct error *error)
{
	walk->bookmark = bookmarks_get(&run->bookmarks, walk->id, error);
	if (!walk->bookmark)
		return -1;
	walk->downloads.next = (struct buffer)BUFFER_INIT;
	walk->base = fetch_walk_base(run, walk);
	if (!walk->base) {
		struct error problem;
		error_set(&problem, EX_NOPERM, "the user is no member of it, or its site has no URL (/oauth/userinfo)");
		fail(run, walk, &problem);
		return 0;
	}
	walk->before.since = walk->bookmark->since;
	walk->before.newest = walk->bookmark->newest;
	walk->was_under_way = walk->bookmark->position != NULL;
	walk->before.until = walk->bookmark->until;
	walk->before.total = walk->bookmark->total;
	if (walk->bookmark->position && !(walk->before.position = strdup(walk->bookmark->position)))
		return error_set(error, EX_OSERR, "out of memory");
	return begin_window(run, walk, error);
}

static int finish(struct fetch_run *run, struct walk *walk, struct error *error)
{
	bool was_read = walk->before.until != INSTANT_NONE && !walk->was_under_way;
	end(run, walk, walk->news.count ? FEED_NEWS : FEED_NOTHING_NEW);
	if (!run->feed.per_organization) {
		walk->news.before = walk->before.newest;
		feed_schedule_learn(walk->bookmark, was_read ? walk->before.until : INSTANT_NONE, run->now, &walk->news);
		fetch_print_watermark(run, walk->id, walk->bookmark, walk->window.until);
		return 0;
	}
	for (size_t i = 0; i < run->accounts.count; i++) {
		struct bookmark *bookmark = bookmarks_get(&run->bookmarks, run->accounts.ids[i], error);
		if (!bookmark)
			return -1;
		if (connection_wants(&run->connection, run->accounts.ids[i]))
			fetch_print_watermark(run, run->accounts.ids[i], bookmark, walk->window.until);
	}
	return 0;
}

static int finish_window(struct fetch_run *run, struct walk *walk, struct error *error)
{
	if (walk->downloads.failed) {
		struct error problem = walk->downloads.trouble;
		if (walk->downloads.failed > 1)
			error_prefix(&problem, "%zu items of the list, the first of them", walk->downloads.failed);
		restore_bookmark(walk);
		fail(run, walk, &problem);
		return 0;
	}
	if (walk->downloads.is_whole && bookmark_forget_items(walk->bookmark, error) < 0)
		return -1;
	walk->bookmark->until = walk->window.until;
	walk->bookmark->since = INSTANT_NONE;
	bookmark_set_position(walk->bookmark, NULL, 0, NULL);
	if (walk->window.until == run->now)
		return finish(run, walk, error);
	/* An interrupted run's window is complete; next, the time since then. */
	return begin_window(run, walk, error);
}

static int request_next_page(struct fetch_run *run, struct walk *walk, const struct buffer *next, struct error *error)
{
	walk->bookmark->since = walk->window.since;
	walk->bookmark->until = walk->window.until;
	walk->bookmark->total = walk->pages.total;
	walk->window.resumed = true;
	if (bookmark_set_position(walk->bookmark, next->data, next->length, error) < 0)
		return -1;
	return send_request(run, walk, error);
}

/* The position of the page last requested. */
static const char *asked_position(const struct fetch_run *run, const struct walk *walk, struct buffer *start)
{
	struct feed_place place = {.since = walk->window.since, .until = walk->window.until};
	if (walk->window.resumed)
		return walk->bookmark->position;
	feed_append_start(&run->feed, &place, start);
	return start->data;
}

enum { CAUGHT_UP, MORE, CHANGED };

static int read_records(struct fetch_run *run, struct walk *walk, struct error *problem)
{
	struct page_records page = {.run = run, .walk = walk, .error = problem};
	struct buffer start = BUFFER_INIT;
	if (feed_page_records(&run->page, fetch_walk_record, &page, problem) < 0)
		return -1;
	int more = feed_page_next(&run->page, asked_position(run, walk, &start), page.count, problem);
	buffer_release(&start);
	if (more >= 0 && run->feed.paging == FEED_PAGING_CURSOR)
		more = window_pages_last(&walk->pages, page.count, more == CAUGHT_UP, &walk->bookmark->last_page) ? CAUGHT_UP : MORE;
	if (more > 0 && window_pages_next(&walk->pages, &run->page.next, page.count, problem) < 0)
		more = -1;
	if (more < 0)
		restore_bookmark(walk);
	return more == CAUGHT_UP && window_pages_repeat(&walk->pages) ? CHANGED : more;
}

/*
 * A list that changes while it is read by offsets shifts, and a record may have been skipped: then the window is read again. A list that
 * grows each time it is read is accepted at last.
 */
static bool has_changed(const struct fetch_run *run, struct walk *walk)
{
	int64_t total = run->page.total;
	if (run->feed.paging != FEED_PAGING_OFFSET || total < 0 || window_pages_total(&walk->pages, total))
		return false;
	bool only_grows = total > walk->pages.total && walk->restarts == RESTARTS_MOST;
	if (only_grows)
		walk->pages.total = total;
	return !only_grows;
}

/* Prints a page's records. MORE if the feed has more, CHANGED if the window must be read again. -1: `problem` is what is wrong with the page. */
static int read_page(struct fetch_run *run, struct walk *walk, const struct http_response *response, struct error *problem)
{
	run->page.base = walk->base;
	int result = feed_page_read(&run->page, response, problem);
	if (has_changed(run, walk))
		result = CHANGED;
	else if (result == 0)
		result = read_records(run, walk, problem);
	if (result == CHANGED && walk->restarts == RESTARTS_MOST) {
		restore_bookmark(walk);
		result = error_set(problem, EX_DATAERR, "the list changes each time that it is read");
	}
	return result < 0 ? error_prefix(problem, "cannot use the response of '%s'", response->url) : result;
}

/* The service's own error in a response whose status is a success. */
static bool is_error_in_200(const struct http_response *response)
{
	return response->status >= 200 && response->status < 300 && response->error.status == EX_UNAVAILABLE;
}

/* Cursors expire. Then the window is fetched again from its beginning, once. */
static bool position_expired(const struct fetch_run *run, const struct walk *walk, const struct http_response *response)
{
	int status = response->status;
	bool is_unknown = status == 400 || status == 404 || status == 410 || (is_error_in_200(response) && !walk->pages.count);
	return !response->limited && run->feed.paging == FEED_PAGING_CURSOR && walk->window.resumed && !walk->restarts && is_unknown;
}

static int restart(struct fetch_run *run, struct walk *walk, const char *why, struct error *error)
{
	struct buffer start = BUFFER_INIT;
	struct feed_place place = {.since = walk->window.since, .until = walk->window.until};
	char since[INSTANT_LENGTH];
	instant_format(walk->window.since, since);
	diag_warn("%s: starting again from %.*s", why, INSTANT_LENGTH, since);
	walk->restarts++;
	window_pages_begin(&walk->pages, WINDOW_TOTAL_UNKNOWN);
	walk->bookmark->total = WINDOW_TOTAL_UNKNOWN;
	feed_append_start(&run->feed, &place, &start);
	int result = buffer_check(&start, error);
	if (result == 0)
		result = bookmark_set_position(walk->bookmark, start.data, start.length, error);
	buffer_release(&start);
	return result == 0 ? send_request(run, walk, error) : result;
}

/* No response, 5xx, a rate limit or unusable content is the service's failure; a refusal, or error in a 2xx, is the account's. */
static bool is_service_failure(const struct http_response *response)
{
	return response->error.status && !fetch_source_refused(response) && !is_error_in_200(response);
}

/* After a page: its items are downloaded before the next page is requested, so that no bookmark is past one that is not. */
static int go_on(struct fetch_run *run, struct walk *walk, bool more, struct error *error)
{
	if (downloads_current(&walk->downloads)) {
		walk->downloads.more = more;
		buffer_reset(&walk->downloads.next);
		buffer_append(&walk->downloads.next, run->page.next.data, run->page.next.length);
		return buffer_check(&walk->downloads.next, error) < 0 ? -1 : send_request(run, walk, error);
	}
	return more ? request_next_page(run, walk, &run->page.next, error) : finish_window(run, walk, error);
}

/* Prints the records of a download, and goes on with the next, or with the list. */
static int handle_download(struct fetch_run *run, struct walk *walk, struct http_response *response, struct error *error)
{
	struct error problem = response->error;
	struct page_records page = {.run = run, .walk = walk, .is_download = true, .error = &problem};
	if (!problem.status &&
		(feed_page_read(&run->download, response, &problem) < 0 ||
			feed_page_records(&run->download, fetch_walk_record, &page, &problem) < 0))
		error_prefix(&problem, "cannot use the response of '%s'", response->url);
	if (problem.status == EX_OSERR) {
		*error = problem;
		return -1;
	}
	/* Content that is unusable is the item's own. */
	if (response->limited || (problem.status && (response->status == 0 || response->status == 408 || response->status >= 500))) {
		restore_bookmark(walk);
		fail(run, walk, &problem);
		return 0;
	}
	if (problem.status)
		walk->bookmark->instead = &walk->before;
	if (downloads_done(&walk->downloads, walk->bookmark, problem.status ? &problem : NULL, error) < 0)
		return -1;
	if (downloads_current(&walk->downloads))
		return send_request(run, walk, error);
	return walk->downloads.more ? request_next_page(run, walk, &walk->downloads.next, error) : finish_window(run, walk, error);
}

static int after_response(struct fetch_run *run)
{
	fetch_print_progress(run, false);
	fetch_print_state_when_due(run);
	output_flush(run->output); /* the next response may take an hour */
	return 0;
}

static int handle(struct fetch_run *run, struct http_response *response, struct error *error)
{
	struct walk *walk = response->context;
	run->unavailable = is_service_failure(response) ? run->unavailable + 1 : 0;
	char why[200];
	if (downloads_current(&walk->downloads))
		return handle_download(run, walk, response, error) < 0 ? -1 : after_response(run);
	if (response->error.status && position_expired(run, walk, response)) {
		snprintf(why, sizeof why, "the service does not know the position of '%s' any more (HTTP %d)", walk->id, response->status);
		return restart(run, walk, why, error);
	}
	struct error problem = response->error;
	int more = problem.status ? -1 : read_page(run, walk, response, &problem);
	if (more == CHANGED) {
		snprintf(why, sizeof why, "the list of '%s' has changed while it was read", walk->id);
		return restart(run, walk, why, error);
	}
	if (more < 0 && problem.status == EX_OSERR) {
		*error = problem;
		return -1;
	}
	if (more < 0)
		fail(run, walk, &problem);
	else if (go_on(run, walk, more, error) < 0)
		return -1;
	return after_response(run);
}

/* ---- the run ---- */

static int make_walks(struct fetch_run *run, struct error *error)
{
	fetch_turns_decide(&run->turns, &run->rule, &run->feed, instant_day(run->now));
	if (run->everyone.count)
		fetch_turns_keep(&run->turns, &run->accounts);
	run->walk_count = run->feed.per_organization ? 1 : run->turns.asked;
	run->further_most = !run->rule.requests_most ? INT64_MAX
		: run->shard.count > 1               ? 0
						     : run->rule.requests_most - (int64_t)run->walk_count;
	run->walks = calloc(run->walk_count + 1, sizeof *run->walks);
	if (!run->walks)
		return error_set(error, EX_OSERR, "out of memory");
	if (run->feed.per_organization)
		run->walks->id = run->connection.organization_id;
	for (size_t i = 0; i < run->turns.asked; i++)
		run->walks[i] = (struct walk){.id = run->turns.list[i].account_id, .turn = &run->turns.list[i]};
	return 0;
}

static int open_all(
	struct fetch_run *run, const struct fetch_source_options *options, const char *feed, const char *state, struct error *error)
{
	if (feed_load(feed ? feed : run->connection.feed, &run->feed, error) < 0)
		return -1;
	if (!run->feed.path)
		return error_set(error, EX_CONFIG, "cannot fetch feed '%s': it is of files (normalize --feed %s FILE...)", run->feed.name,
			run->feed.name);
	if (run->feed.per_organization && run->shard.count > 1)
		return error_set(error, EX_USAGE, "cannot use --shard with feed '%s': it is read for the whole organization at once",
			run->feed.name);
	if (bookmarks_load(&run->bookmarks, run->feed.stream, state, &run->given_state, &run->shard, error) < 0 ||
		fetch_walk_open(run, error) < 0 || fetch_walk_list(run, state, error) < 0)
		return -1;
	warn_of_unknown_accounts(run);
	run->source = fetch_source_open(options, &run->connection, error);
	if (!run->source)
		return -1;
	run->now = fetch_source_now(run->source);
	run->began_ms = monotonic_ms();
	if (make_walks(run, error) < 0)
		return -1;
	return fetch_walk_needs_sites(run) && run->walk_count ? -(esign_sites_fetch(&run->sites, run->source, &run->connection, error) != 0)
							      : 0;
}

static int run_walks(struct fetch_run *run, struct error *error)
{
	struct http_response response;
	int got = 1;
	while (got > 0 && !output_failed(run->output) && run->unavailable < FAILURES_IN_A_ROW) {
		while (run->started < run->walk_count && fetch_source_room(run->source) > 0)
			if (begin(run, &run->walks[run->started++], error) < 0)
				return -1;
		got = fetch_source_next(run->source, &response, error);
		if (got == 1 && handle(run, &response, error) < 0)
			return -1;
	}
	return got < 0 ? -1 : 0;
}

/* The result of a run that no error ended. */
static int summarize(struct fetch_run *run, struct error *error)
{
	size_t unfinished = run->walk_count - run->finished, left = run->failed + unfinished;
	const struct fetch_night night = fetch_turns_night(&run->turns);
	const char *what = run->feed.per_organization ? "organizations" : "accounts";
	if (output_failed(run->output) || left + night.put_off == 0)
		return 0;
	if (night.put_off && left == 0)
		return error_set(error, EX_TEMPFAIL,
			"cannot fetch %zu of %zu accounts that are due with %" PRId64 " requests: the next run asks them first",
			night.put_off, night.due, run->rule.requests_most);
	if (unfinished > 0)
		diag_warn("%zu %s were not requested: the service failed %u times in a row", unfinished, what, run->unavailable);
	if (run->finished > run->failed)
		return error_set(error, EX_TEMPFAIL, "cannot fetch %zu of %zu %s: their bookmarks stay, the next run asks again", left,
			run->walk_count, what);
	/* Each failure is reported already; the last line is why the program exits. */
	return error_set(error, run->first_failure.status, "cannot fetch any of %zu %s: their bookmarks stay", run->walk_count, what);
}

int fetch_run(struct fetch_run *run, const struct fetch_source_options *options, const char *feed, const char *state, struct error *error)
{
	if (open_all(run, options, feed, state, error) < 0)
		return -1;
	fetch_print_schemas(run);
	diag_progress_lead();
	fetch_print_progress(run, false);
	int result = run_walks(run, error);
	for (size_t i = 0; i < run->turns.asked; i++)
		if (!run->walks[i].finished)
			run->turns.list[i].outcome = FEED_UNREAD;
	fetch_print_progress(run, true);
	fetch_print_night(run);
	fetch_print_state(run);
	/* If no account could be read, the recording stays incomplete: resuming it requests them again. */
	bool complete = result == 0 && !output_failed(run->output) && (run->walk_count == 0 || run->finished > run->failed);
	if (result == 0)
		result = summarize(run, error);
	struct error closing = ERROR_INIT;
	if (fetch_source_close(run->source, complete, &closing) < 0 && (result == 0 || closing.status == EX_DATAERR)) {
		*error = closing;
		result = -1;
	}
	run->source = NULL;
	return result;
}

void fetch_run_release(struct fetch_run *run)
{
	if (run->source)
		fetch_source_close(run->source, false, NULL);
	for (size_t i = 0; i < run->walk_count; i++) {
		free(run->walks[i].before.position);
		downloads_release(&run->walks[i].downloads);
		window_pages_release(&run->walks[i].pages);
	}
	free(run->walks);
	feed_page_reader_release(&run->page);
	if (run->feed.item)
		feed_page_reader_release(&run->download);
	esign_sites_release(&run->sites);
	raw_frame_release(&run->frame);
	bookmarks_release(&run->bookmarks);
	bookmarks_release(&run->everyones);
	buffer_release(&run->given_state);
	feed_release(&run->feed);
	fetch_turns_release(&run->turns);
	account_list_release(&run->accounts);
	account_list_release(&run->everyone);
	connection_release(&run->connection);
}
