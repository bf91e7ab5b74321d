#include "fetch/downloads.h"

#include "base/array.h"
#include "fetch/feed_page.h"

#include <stdlib.h>
#include <string.h>

static int append_url(
	const struct feed *feed, const struct feed_place *place, const struct json_slice *link, struct buffer *url, struct error *error)
{
	if (feed->item_link)
		return feed_append_link(feed, place->api_base, feed->item_link, link, url, error);
	feed_append_item_url(feed, place, url);
	return buffer_check(url, error);
}

int downloads_add(struct downloads *downloads, const struct feed *feed, const struct feed_place *given, struct bookmark *bookmark,
	const struct json_slice fields[2], struct error *error)
{
	struct buffer url = BUFFER_INIT;
	struct feed_place place = *given;
	char id[BOOKMARK_ITEM_LIMIT + 1];
	const struct json_slice *name = &fields[0];
	if ((name->kind != JSON_STRING && name->kind != JSON_NUMBER) || !name->length || name->length > BOOKMARK_ITEM_LIMIT ||
		memchr(name->text, 0, name->length))
		return error_set(error, EX_DATAERR, "'%s' must be the id of an item, of 1 to %d bytes, but is %s", feed->item,
			BOOKMARK_ITEM_LIMIT, json_kind_name(name->kind));
	memcpy(id, name->text, name->length);
	id[name->length] = 0;
	if (bookmark_has_item(bookmark, id))
		return 0;
	place.item_id = id;
	int result = append_url(feed, &place, &fields[1], &url, error);
	struct download *item = result == 0 ? array_grow((void **)&downloads->items, &downloads->count, sizeof *item, error) : NULL;
	if (item) {
		*item = (struct download){.id = strdup(id), .url = strdup(url.data)};
		result = item->id && item->url ? 0 : error_set(error, EX_OSERR, "out of memory");
	}
	buffer_release(&url);
	return item ? result : -1;
}

const struct download *downloads_current(const struct downloads *downloads)
{
	return downloads->at < downloads->count ? &downloads->items[downloads->at] : NULL;
}

static void free_items(struct downloads *downloads)
{
	for (size_t i = 0; i < downloads->count; i++) {
		free(downloads->items[i].id);
		free(downloads->items[i].url);
	}
	free(downloads->items);
	downloads->items = NULL;
	downloads->count = downloads->at = 0;
}

int downloads_done(struct downloads *downloads, struct bookmark *bookmark, const struct error *trouble, struct error *error)
{
	const struct download *item = downloads_current(downloads);
	if (trouble && !downloads->failed++)
		downloads->trouble = *trouble;
	if (!trouble && bookmark_add_item(bookmark, item->id, error) < 0)
		return -1;
	if (++downloads->at == downloads->count)
		free_items(downloads);
	return 0;
}

void downloads_release(struct downloads *downloads)
{
	free_items(downloads);
	buffer_release(&downloads->next);
}
