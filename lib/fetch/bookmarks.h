/*
 * bookmarks.h: how far each account of a feed has been fetched: the value of the fetcher's STATE.
 *
 * {"bookmarks":{"<stream>":{"<account id>":{"until":…}}}}; an entry may also have
 * - "newest": the newest time at the feed's clock pointer among the account's records so far;
 * - "since" and "position": the window from `since` to `until` is unfinished, and `position` requests its next page;
 * - "downloaded": the ids of a list's items that were downloaded, as far as the list still has them;
 * - "total": of that window, the number of records that the list declared;
 * - "fed_from", "fed_to" and "batch": the days between which its last news appeared, and the number of its records (feed_schedule.h);
 * - "last_page": the most records of a last page, of those that a further request has proved to be the last (window_pages.h).
 * Of docusign_billing (billing_feed.h) an entry has "until", when the account's own count was last answered or refused, and "ends_at", when the
 * billing period of that answer ends.
 * A feed for the whole organization keeps its window under the organization's id. look_back.h derives windows from bookmarks.
 *
 * Bookmarks of accounts and streams that a run does not fetch are preserved.
 */
#ifndef ENVTALLY_BOOKMARKS_H
#define ENVTALLY_BOOKMARKS_H

#include "base/buffer.h"
#include "base/shard.h"

#include <stdint.h>

#define DAY_NONE INT32_MIN

struct bookmark {
	char *account_id;
	int64_t since, until, newest; /* instant.h; INSTANT_NONE if absent */
	char *position; /* owned; NULL unless the window is unfinished */
	int64_t total; /* -1 if absent */
	int32_t fed_from, fed_to; /* days; DAY_NONE if absent */
	int64_t batch, last_page; /* 0 if absent */
	int64_t ends_at; /* instant; INSTANT_NONE if absent */
	void *items; /* tsearch(3) tree of what was downloaded */
	size_t item_count;
	const struct bookmark *instead; /* the STATE has its window, not this one's: an item of this one is to be downloaded again */
};

struct bookmarks {
	char *stream;
	void *by_account; /* tsearch(3) tree */
	struct buffer other_streams, other_members; /* JSON members, each followed by a comma */
};

/*
 * Reads `path` (NULL: no file): a bare value, or STATE messages, one per line, the last of which counts. An empty file or {} is a first run.
 * Bookmarks of accounts that are not in the shard are left out. `given` is the value of a STATE, or empty, whose bookmarks of other streams take the
 * place of the file's: a program before this one has fetched those. A missing file is EX_NOINPUT, an invalid value EX_DATAERR.
 */
int bookmarks_load(struct bookmarks *bookmarks, const char *stream, const char *path, const struct buffer *given, const struct shard *shard,
	struct error *error);
void bookmarks_release(struct bookmarks *bookmarks);

/* The account's bookmark, created if there is none; its address does not change. NULL if memory is short. */
struct bookmark *bookmarks_get(struct bookmarks *bookmarks, const char *account_id, struct error *error);

/* Sets `position` to a copy of the text, or to NULL. */
int bookmark_set_position(struct bookmark *bookmark, const char *position, size_t length, struct error *error);

#define BOOKMARK_ITEM_LIMIT 256 /* bytes of an id */
#define BOOKMARK_ITEMS_MOST 100000

/* Was the item downloaded? It is then one that the list still has. */
bool bookmark_has_item(struct bookmark *bookmark, const char *id);
int bookmark_add_item(struct bookmark *bookmark, const char *id, struct error *error);

/* Before a list is read from its beginning, and after it was read to its end: forgets those that it does not have any more. */
void bookmark_begin_items(struct bookmark *bookmark);
int bookmark_forget_items(struct bookmark *bookmark, struct error *error);

/* Appends the STATE message as a line, accounts in the order of their ids. */
void bookmarks_append_state(const struct bookmarks *bookmarks, struct buffer *line);

#endif
