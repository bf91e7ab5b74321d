/*
 * fetch_run.h: a run of fetch-datafeed: walks through the feeds of all accounts.
 *
 * A walk is one sequence of pages: an account's, or that of a feed for the whole organization. Walks begin in the order of fetch_turns.h, as
 * many at once as the source has room for; a page read requests the next, as long as the budget of requests lasts: then the walk is put
 * off with its position. Output, bookmarks and failures depend on nothing but the order of responses, so a replay repeats them.
 *
 * A budget is that of all shards together. So each decides for all accounts whom the budget suffices for, as a run that is not divided
 * would, and asks its own of these, a page each: who has further pages is put off, because no shard knows what the others need.
 *
 * Reports progress, warnings and each account's failure by diag.h.
 */
#ifndef ENVTALLY_FETCH_RUN_H
#define ENVTALLY_FETCH_RUN_H

#include "base/shard.h"
#include "config/connection.h"
#include "config/feed.h"
#include "fetch/account_list.h"
#include "fetch/bookmarks.h"
#include "fetch/esign_sites.h"
#include "fetch/feed_page.h"
#include "fetch/fetch_turns.h"
#include "fetch/raw_record.h"
#include "http/fetch_source.h"
#include "io/output.h"

struct walk;

struct fetch_run {
	struct connection connection; /* set before fetch_run(), as are output and accounts */
	struct output *output;
	struct account_list accounts; /* all of the shard in the input; the connection selects which are fetched */
	struct account_list everyone; /* likewise: those of all shards, where these share a budget */
	struct shard shard; /* likewise set before */
	struct fetch_rule rule; /* likewise */
	struct buffer given_state; /* likewise: of a program before this one, or empty */
	unsigned long long records; /* written */

	int64_t now, began_ms; /* the run's clock; monotonic_ms() */
	struct feed feed;
	struct bookmarks bookmarks, everyones;
	struct feed_page_reader page, download;
	struct fetch_manner manners[2][2]; /* of a page, a download; on the feed's host, on another */
	struct esign_sites sites;
	struct raw_frame frame; /* of the records of the account `framed`; empty before the first */
	const char *framed;
	struct fetch_source *source;
	struct fetch_turns turns; /* none for a feed of the organization */
	struct walk *walks;
	size_t walk_count, started, finished, failed;
	int64_t further_most; /* requests that the budget has for further pages */
	unsigned unavailable; /* failures in a row that are the service's, not an account's */
	struct error first_failure;
	size_t printed, state_printed; /* bytes since the last STATE, and its length */
};

#define FETCH_RUN_INIT \
	{ \
		.connection = {.expires_at = 0}, .given_state = BUFFER_INIT, .frame = RAW_FRAME_INIT \
	}

/*
 * Fetches. `feed` overrides the connection's; `state` is a file of bookmarks or NULL. Returns 0 if every walk succeeded; -1 with EX_TEMPFAIL if
 * some failed, with the first failure's status if all did, or with the error that ended the run.
 */
int fetch_run(struct fetch_run *run, const struct fetch_source_options *options, const char *feed, const char *state, struct error *error);

void fetch_run_release(struct fetch_run *run);

#endif
