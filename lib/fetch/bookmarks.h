/*
 * bookmarks.h: how far each account of a feed has been fetched: the value of the fetcher's STATE.
 *
 * {"bookmarks":{"<stream>":{"<account id>":{"until":…}}}}; an entry may also have
 * - "newest": the newest time at the feed's clock pointer among the account's records so far;
 * - "since" and "position": the window from `since` to `until` is under way, and its next page is asked for with `position`.
 * A feed of the whole organization is under way, and caught up, under the organization's id.
 *
 * Bookmarks of accounts and streams that are not fetched this time are kept and written again.
 */
#ifndef ENVTALLY_BOOKMARKS_H
#define ENVTALLY_BOOKMARKS_H

#include "base/buffer.h"

#include <stdint.h>

struct bookmark {
	char *account_id;
	int64_t since, until, newest; /* instant.h; INSTANT_NONE for what is not there */
	char *position; /* owned; NULL unless a window is under way */
};

struct bookmarks {
	char *stream;
	void *by_account; /* tsearch(3) tree */
	struct buffer other_streams, other_members; /* JSON members, each followed by a comma */
};

/*
 * Reads `path`: a bare value or STATE messages a line, of which the last counts; an empty file or {} means a first run.
 * NULL for no file at all. A missing file is EX_NOINPUT, what is no such value EX_DATAERR.
 */
int bookmarks_load(struct bookmarks *bookmarks, const char *stream, const char *path, struct error *error);
void bookmarks_release(struct bookmarks *bookmarks);

/* The account's bookmark, made empty when there is none; it stays where it is. NULL when memory is short. */
struct bookmark *bookmarks_get(struct bookmarks *bookmarks, const char *account_id, struct error *error);

/* Sets `position` to a copy of the text, or to NULL. */
int bookmark_set_position(struct bookmark *bookmark, const char *position, size_t length, struct error *error);

/* Appends the STATE message as a line, accounts in the order of their ids. */
void bookmarks_append_state(const struct bookmarks *bookmarks, struct buffer *line);

#endif
