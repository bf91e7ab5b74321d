/*
 * fetch_walk.h: a walk of a run (fetch_run.h): where its requests go and how they are made, and what becomes of the records of its pages.
 */
#ifndef ENVTALLY_FETCH_WALK_H
#define ENVTALLY_FETCH_WALK_H

#include "fetch/downloads.h"
#include "fetch/feed_request.h"
#include "fetch/fetch_run.h"
#include "fetch/look_back.h"
#include "fetch/window_pages.h"

struct walk {
	const char *id; /* of the account, or of the organization */
	struct fetch_turn *turn; /* NULL for the organization */
	const char *base; /* the URL of its host */
	struct bookmark *bookmark;
	struct fetch_window window; /* `resumed` once it is past its first page */
	int restarts; /* from the window's beginning: the position had expired, or the list has changed */
	bool is_asked, finished;
	struct window_pages pages;
	struct feed_news news;
	struct downloads downloads;
	struct bookmark before; /* as this run found it; restored if the feed loops */
	bool was_under_way;
};

/* The context of fetch_walk_record(), which counts them. */
struct page_records {
	struct fetch_run *run;
	struct walk *walk;
	size_t count;
	bool is_download;
	struct error *error;
};

/* The readers of a run's pages and downloads, and the manners of its requests. After the feed was loaded. */
int fetch_walk_open(struct fetch_run *run, struct error *error);

/* The turns of the accounts, undecided: where shards share a budget, of those of all shards. After the bookmarks were loaded. */
int fetch_walk_list(struct fetch_run *run, const char *state, struct error *error);

/* Is each account's host to be asked for? A CONNECTION without an audience is not of auth: then it is the API base. */
bool fetch_walk_needs_sites(const struct fetch_run *run);

/* The URL of the walk's host; NULL if it is not known. */
const char *fetch_walk_base(const struct fetch_run *run, const struct walk *walk);

struct feed_place fetch_walk_place(const struct fetch_run *run, const struct walk *walk);

/* Prints a record of a page or a download, or adds an item of a list: for feed_page_records(). */
feed_record_visitor fetch_walk_record;

#endif
