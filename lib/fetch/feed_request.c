#include "fetch/feed_request.h"

#include "base/instant.h"
#include "base/percent_encode.h"

#include <string.h>

static bool placeholder_is(const char *text, size_t length, const char *name)
{
	return strlen(name) == length && memcmp(text, name, length) == 0;
}

static void append_value(const struct feed_place *place, const char *name, size_t length, struct buffer *to)
{
	char instant[INSTANT_LENGTH];
	if (placeholder_is(name, length, "since") || placeholder_is(name, length, "until")) {
		instant_format(*name == 's' ? place->since : place->until, instant);
		buffer_append(to, instant, sizeof instant);
	} else if (placeholder_is(name, length, "account_id")) {
		buffer_append_string(to, place->account_id ? place->account_id : "");
	} else if (placeholder_is(name, length, "organization_id")) {
		buffer_append_string(to, place->organization_id);
	} else if (placeholder_is(name, length, "id")) {
		buffer_append_string(to, place->item_id ? place->item_id : "");
	} else if (placeholder_is(name, length, "position")) {
		buffer_append_string(to, place->position ? place->position : "");
	}
}

/* Templates were checked when the descriptor was loaded: every brace has its partner. */
static void expand(const char *template, const struct feed_place *place, bool encode, bool encode_literals, struct buffer *to)
{
	struct buffer value = BUFFER_INIT;
	while (*template) {
		size_t literal = strcspn(template, "{");
		if (encode_literals)
			percent_encode(to, template, literal);
		else
			buffer_append(to, template, literal);
		template += literal;
		if (!*template)
			break;
		size_t length = strcspn(template, "}");
		buffer_reset(&value);
		append_value(place, template + 1, length - 1, &value);
		if (encode)
			percent_encode(to, value.data, value.length);
		else
			buffer_append(to, value.data, value.length);
		to->failed |= value.failed;
		template += length + 1;
	}
	buffer_release(&value);
}

void feed_append_start(const struct feed *feed, const struct feed_place *place, struct buffer *position)
{
	if (feed->start)
		expand(feed->start, place, false, false, position);
}

void feed_append_url(const struct feed *feed, const struct feed_place *given, struct buffer *url)
{
	struct buffer start = BUFFER_INIT;
	struct feed_place place = *given;
	if (feed->paging == FEED_PAGING_LINK && place.position) {
		buffer_append_string(url, place.position);
		return;
	}
	if (!place.position) {
		feed_append_start(feed, &place, &start);
		place.position = start.data;
	}
	buffer_append_string(url, place.api_base);
	expand(feed->path, &place, true, false, url);
	for (size_t i = 0; i < feed->query_count; i++) {
		buffer_append_byte(url, i ? '&' : '?');
		percent_encode(url, feed->query[i].name, strlen(feed->query[i].name));
		buffer_append_byte(url, '=');
		expand(feed->query[i].value, &place, true, true, url);
	}
	url->failed |= start.failed;
	buffer_release(&start);
}

void feed_append_item_url(const struct feed *feed, const struct feed_place *place, struct buffer *url)
{
	buffer_append_string(url, place->api_base);
	expand(feed->item_path, place, true, false, url);
}
