/*
 * look_back.h: the window of time that a feed's requests cover, and up to when the feed is then complete.
 *
 *   contract start        bookmark (until) less the look-back        bookmark (until)        now
 *   |---------------------|==========================================|======================|
 *                         since                                                             until
 *
 * The window begins `lookback_days` before the bookmark, since envelopes change after they were fetched, but never before the
 * contract. (It looks back from now where the clock was ahead when the bookmark was set.) Without a bookmark it begins with the contract. A window that an earlier run left unfinished is resumed as it was; a feed
 * without an upper bound extends to now.
 */
#ifndef ENVTALLY_LOOK_BACK_H
#define ENVTALLY_LOOK_BACK_H

#include "config/connection.h"
#include "config/feed.h"
#include "fetch/bookmarks.h"

struct fetch_window {
	int64_t since, until; /* instants */
	bool resumed; /* the next page is the bookmark's position, not the feed's first */
};

struct fetch_window look_back_window(
	const struct bookmark *bookmark, const struct feed *feed, const struct connection *connection, int64_t now);

/*
 * The instant up to which the account's envelopes are complete, after a window that ended at `until`: that end; for a feed whose clock is in
 * its records, the newest record's time or `settled_days` before the end, whichever is later. A record from the future proves nothing.
 */
int64_t look_back_watermark(const struct bookmark *bookmark, const struct feed *feed, int64_t until);

#endif
