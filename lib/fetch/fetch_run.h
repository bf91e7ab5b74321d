/*
 * fetch_run.h: a run of fetch-datafeed: the accounts, each on its way through its feed, and what comes out of it.
 *
 * A walk is one sequence of pages: an account's, or the one of a feed of the whole organization. Walks begin in the order
 * in which accounts were added, as many at once as the exchange has room for; a walk's next page is asked for as soon as
 * its page came. Output, bookmarks and failures depend on the order of responses alone, so a replay gives the same.
 *
 * It is stage code apart from its main: it speaks through diag.h.
 */
#ifndef ENVTALLY_FETCH_RUN_H
#define ENVTALLY_FETCH_RUN_H

#include "config/connection.h"
#include "config/feed.h"
#include "fetch/account_list.h"
#include "fetch/bookmarks.h"
#include "fetch/feed_page.h"
#include "http/fetch_source.h"
#include "io/output.h"

struct walk;

struct fetch_run {
	struct connection connection; /* this, output and accounts are to be filled in before fetch_run() */
	struct output output;
	struct account_list accounts; /* all that were seen; which of them are fetched, the connection says */
	unsigned long long records; /* how many were written */

	int64_t now;
	struct feed feed;
	struct bookmarks bookmarks;
	struct feed_page_reader page;
	struct json_scanner *record; /* clock and account of a record */
	struct fetch_source *source;
	struct walk *walks;
	size_t walk_count, started, finished, failed;
	unsigned unavailable; /* failures in a row for which the service, not the account, is to blame */
	struct error first_failure;
	size_t printed, state_printed; /* bytes since the last STATE, and its length */
};

#define FETCH_RUN_INIT \
	{ \
		.connection = {.expires_at = 0 } \
	}

/*
 * Fetches. `feed` overrides the connection's; `state` is a file of bookmarks or NULL. Returns 0 when all went well; -1 with
 * EX_TEMPFAIL when some walk failed (what was said about it on stderr), else with what went wrong as a whole.
 */
int fetch_run(struct fetch_run *run, const struct fetch_source_options *options, const char *feed, const char *state, struct error *error);

void fetch_run_release(struct fetch_run *run);

#endif
