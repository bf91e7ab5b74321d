#include "fetch/fetch_walk.h"

#include "base/instant.h"
#include "fetch/fetch_print.h"
#include "io/diag.h"

#include <ctype.h>
#include <string.h>

static void update_newest(struct walk *walk, struct bookmark *bookmark, const struct json_slice *clock)
{
	int64_t instant;
	/* normalize rejects an invalid time. */
	if (clock->kind != JSON_STRING || instant_parse(clock->text, clock->length, &instant) < 0)
		return;
	if (instant > walk->before.newest) {
		walk->news.oldest = walk->news.count && walk->news.oldest < instant ? walk->news.oldest : instant;
		walk->news.count++;
	}
	if (instant > bookmark->newest)
		bookmark->newest = instant;
}

/* The bookmark of the account that an organization feed's record names; NULL in *bookmark if it is not selected. */
static int find_account(struct fetch_run *run, const struct json_slice *account, struct bookmark **bookmark, struct error *error)
{
	char id[64];
	*bookmark = NULL;
	if (account->kind != JSON_STRING || account->length >= sizeof id)
		return 0;
	memcpy(id, account->text, account->length);
	id[account->length] = 0;
	for (char *at = id; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	if (!connection_wants(&run->connection, id))
		return 0;
	*bookmark = bookmarks_get(&run->bookmarks, id, error);
	return *bookmark ? 0 : -1;
}

struct feed_place fetch_walk_place(const struct fetch_run *run, const struct walk *walk)
{
	return (struct feed_place){.api_base = walk->base,
		.organization_id = run->connection.organization_id,
		.account_id = run->feed.per_organization ? NULL : walk->id,
		.since = walk->window.since,
		.until = walk->window.until,
		.position = walk->window.resumed ? walk->bookmark->position : NULL};
}

int fetch_walk_record(void *context, const char *text, size_t length, const struct json_slice fields[])
{
	struct page_records *page = context;
	struct fetch_run *run = page->run;
	struct walk *walk = page->walk;
	struct bookmark *bookmark = walk->bookmark;
	page->count++;
	if (run->feed.paging == FEED_PAGING_OFFSET && !page->is_download &&
		window_pages_record(&walk->pages, text, length, page->error) < 0)
		return -1;
	if (run->feed.item && !page->is_download) {
		const struct feed_place place = fetch_walk_place(run, walk);
		return downloads_add(&walk->downloads, &run->feed, &place, walk->bookmark, fields, page->error);
	}
	if (run->feed.per_organization && find_account(run, &fields[FEED_RECORD_ACCOUNT], &bookmark, page->error) < 0)
		return -1;
	if (bookmark)
		update_newest(walk, bookmark, &fields[FEED_RECORD_CLOCK]);
	if (bookmark || !run->connection.accounts)
		fetch_print_record(run, run->feed.per_organization ? NULL : walk->id, text, length);
	return 0;
}

bool fetch_walk_needs_sites(const struct fetch_run *run)
{
	const struct connection *connection = &run->connection;
	return run->feed.base == FEED_BASE_ESIGN && !connection->feed_base && connection->audience &&
		(!connection->esign_base || strstr(connection->esign_base, "{site_name}"));
}

const char *fetch_walk_base(const struct fetch_run *run, const struct walk *walk)
{
	const struct connection *connection = &run->connection;
	if (connection->feed_base)
		return connection->feed_base;
	if (run->feed.base == FEED_BASE_OWN)
		return run->feed.own_base;
	if (run->feed.base == FEED_BASE_API)
		return connection->api_base;
	if (run->sites.known)
		return esign_sites_base(&run->sites, walk->id);
	return connection->esign_base ? connection->esign_base : connection->api_base;
}

static void set_manners(struct fetch_run *run)
{
	for (int is_download = 0; is_download < 2; is_download++) {
		struct feed_page_reader *reader = is_download ? &run->download : &run->page;
		for (int is_other = 0; is_other < 2; is_other++)
			run->manners[is_download][is_other] = (struct fetch_manner){.format = feed_format(&run->feed, is_download),
				.headers = (const char *const *)run->feed.headers[is_download],
				.is_download = is_download,
				.without_token = is_other,
				.scanner = reader->scanner,
				.fields = reader->fields};
	}
}

int fetch_walk_open(struct fetch_run *run, struct error *error)
{
	if (feed_page_reader_open(&run->page, &run->feed, false, error) < 0 ||
		(run->feed.item && feed_page_reader_open(&run->download, &run->feed, true, error) < 0))
		return -1;
	set_manners(run);
	return 0;
}

int fetch_walk_list(struct fetch_run *run, const char *state, struct error *error)
{
	const struct account_list *listed = run->everyone.count ? &run->everyone : &run->accounts;
	const struct shard all = {.count = 0};
	if (run->everyone.count && bookmarks_load(&run->everyones, run->feed.stream, state, &run->given_state, &all, error) < 0)
		return -1;
	for (size_t i = 0; i < listed->count && !run->feed.per_organization; i++) {
		const char *id = listed->ids[i];
		struct bookmarks *bookmarks = account_list_has(&run->accounts, id) ? &run->bookmarks : &run->everyones;
		struct bookmark *bookmark = connection_wants(&run->connection, id) ? bookmarks_get(bookmarks, id, error) : NULL;
		if (bookmark ? fetch_turns_add(&run->turns, id, bookmark, error) < 0 : error->status)
			return -1;
	}
	if (!run->feed.per_organization && run->turns.count == 0 && run->shard.count < 2)
		diag_warn("no accounts on standard input, so nothing is fetched (fetch-subscriptions prints them)");
	return 0;
}
