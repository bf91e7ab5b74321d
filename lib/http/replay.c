#include "http/replay.h"

#include "http/http_response.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

/* A pending request. Two for the same URL get their responses in order: `later` is the second. */
struct waiting {
	char *url, *account; /* account: as for http_get() */
	const struct fetch_manner *manner;
	void *context;
	struct waiting *later;
	TAILQ_ENTRY(waiting) order;
};

TAILQ_HEAD(waiting_list, waiting);

struct replay {
	char *directory;
	const char *program;
	struct recording_reader reader;
	struct recording_writer *copy;
	struct response_reader responses;
	void *by_url; /* tsearch(3) tree of struct waiting */
	struct waiting_list in_order;
	struct buffer texts; /* url and header fields of the current response */
};

static int compare_urls(const void *a, const void *b)
{
	return strcmp(((const struct waiting *)a)->url, ((const struct waiting *)b)->url);
}

static void waiting_free(struct waiting *waiting)
{
	if (!waiting)
		return;
	free(waiting->url);
	free(waiting->account);
	free(waiting);
}

struct replay *replay_open(const char *directory, const char *program, uint64_t limit, struct recording_writer *copy, struct error *error)
{
	struct replay *replay = calloc(1, sizeof *replay);
	if (!replay || !(replay->directory = strdup(directory))) {
		error_set(error, EX_OSERR, "out of memory");
		free(replay);
		return NULL;
	}
	replay->program = program;
	replay->copy = copy;
	replay->texts = (struct buffer)BUFFER_INIT;
	TAILQ_INIT(&replay->in_order);
	if (recording_reader_open(&replay->reader, directory, program, limit, error) < 0 ||
		response_reader_open(&replay->responses, error) < 0) {
		replay_close(replay, false, NULL);
		return NULL;
	}
	return replay;
}

int64_t replay_now(const struct replay *replay)
{
	return replay->reader.tail.now;
}

int replay_get(
	struct replay *replay, const char *url, const char *account, const struct fetch_manner *manner, void *context, struct error *error)
{
	struct waiting *waiting = calloc(1, sizeof *waiting), **found = NULL;
	if (waiting && (waiting->url = strdup(url)) && (!account || (waiting->account = strdup(account))))
		found = tsearch(waiting, &replay->by_url, compare_urls);
	if (!found) {
		waiting_free(waiting);
		return error_set(error, EX_OSERR, "out of memory");
	}
	waiting->manner = manner;
	waiting->context = context;
	if (*found != waiting) {
		struct waiting *last = *found;
		while (last->later)
			last = last->later;
		last->later = waiting;
	}
	TAILQ_INSERT_TAIL(&replay->in_order, waiting, order);
	return 0;
}

bool replay_lacks(const struct replay *replay, const char *url)
{
	struct recording_reader reader = {.index = -1};
	struct recorded_exchange exchange;
	int got = recording_reader_open(&reader, replay->directory, replay->program, 0, NULL) < 0 ? -1 : 1;
	while (got > 0 && (got = recording_next(&reader, &exchange, NULL)) > 0 &&
		!(exchange.url.length == strlen(url) && memcmp(exchange.url.text, url, exchange.url.length) == 0))
		;
	recording_reader_release(&reader);
	return got == 0;
}

/* Removes the first pending request for the URL; NULL if there is none. */
static struct waiting *remove_waiting(struct replay *replay, char *url)
{
	struct waiting key = {.url = url}, **found = tfind(&key, &replay->by_url, compare_urls);
	if (!found)
		return NULL;
	struct waiting *waiting = *found;
	if (waiting->later)
		*found = waiting->later;
	else
		tdelete(waiting, &replay->by_url, compare_urls);
	TAILQ_REMOVE(&replay->in_order, waiting, order);
	return waiting;
}

/* Appends the text and a NUL; returns its offset. */
static size_t append_text(struct buffer *texts, const struct json_slice *slice)
{
	size_t offset = texts->length;
	if (slice->kind == JSON_STRING)
		buffer_append(texts, slice->text, slice->length);
	buffer_append_byte(texts, 0);
	return offset;
}

/* Makes the exchange the response of the request that is pending for it. Returns 1, or 0 if there is none. */
static int deliver(struct replay *replay, const struct recorded_exchange *exchange, struct http_response *response, struct error *error)
{
	struct buffer *texts = &replay->texts;
	buffer_reset(texts);
	append_text(texts, &exchange->url);
	size_t type = append_text(texts, &exchange->content_type), encoding = append_text(texts, &exchange->content_encoding);
	size_t location = append_text(texts, &exchange->location), failure = append_text(texts, &exchange->failure);
	if (buffer_check(texts, error) < 0)
		return -1;
	struct waiting *waiting = remove_waiting(replay, texts->data);
	if (!waiting)
		return 0;
	if (waiting->manner && waiting->manner->without_token)
		texts->data[strcspn(texts->data, "?")] = 0;
	*response =
		(struct http_response){.context = waiting->context, .url = texts->data, .answered_at = exchange->answered_at, .body = ""};
	struct response_received received = {.status = exchange->status,
		.url = texts->data,
		.manner = waiting->manner,
		.content_type = exchange->content_type.kind == JSON_STRING ? texts->data + type : NULL,
		.content_encoding = exchange->content_encoding.kind == JSON_STRING ? texts->data + encoding : NULL,
		.location = exchange->location.kind == JSON_STRING ? texts->data + location : NULL,
		.body = exchange->body,
		.length = exchange->body_length};
	response->limited = exchange->status == 0 && exchange->failure_status == EX_TEMPFAIL; /* as http.c has it */
	if (exchange->status == 0)
		error_set(&response->error, exchange->failure_status, "%s", texts->data + failure);
	else
		response_read(&replay->responses, &received, response);
	waiting_free(waiting);
	return 1;
}

static bool is_response(const struct recorded_exchange *exchange)
{
	return exchange->final && exchange->method.length == 3 && memcmp(exchange->method.text, "GET", 3) == 0;
}

/* Reads the next exchange, and copies it if a copy is made. */
static int next_exchange(struct replay *replay, struct recorded_exchange *exchange, struct error *error)
{
	int got = recording_next(&replay->reader, exchange, error);
	if (got > 0 && replay->copy && recording_copy(replay->copy, exchange, error) < 0)
		return -1;
	return got;
}

int replay_next(struct replay *replay, struct http_response *response, struct error *error)
{
	struct recorded_exchange exchange;
	while (!TAILQ_EMPTY(&replay->in_order)) {
		int got = next_exchange(replay, &exchange, error);
		if (got == 0 && !replay->reader.limit)
			return error_set(error, EX_NOINPUT, "no recorded response for GET %s in '%s'", TAILQ_FIRST(&replay->in_order)->url,
				replay->directory);
		if (got <= 0)
			return got;
		int delivered = is_response(&exchange) ? deliver(replay, &exchange, response, error) : 0;
		if (delivered)
			return delivered;
	}
	return 0;
}

int replay_resubmit(struct replay *replay, struct http *http, struct error *error)
{
	int result = 0;
	struct waiting *waiting;
	while (result == 0 && (waiting = TAILQ_FIRST(&replay->in_order))) {
		result = http_get(http, waiting->url, waiting->account, waiting->manner, waiting->context, error);
		remove_waiting(replay, waiting->url);
		waiting_free(waiting);
	}
	return result;
}

int replay_close(struct replay *replay, bool complete, struct error *error)
{
	struct recorded_exchange exchange;
	struct waiting *waiting;
	int got = 0;
	while (complete && (got = next_exchange(replay, &exchange, error)) > 0)
		;
	while ((waiting = TAILQ_FIRST(&replay->in_order))) {
		remove_waiting(replay, waiting->url);
		waiting_free(waiting);
	}
	recording_reader_release(&replay->reader);
	response_reader_release(&replay->responses);
	buffer_release(&replay->texts);
	free(replay->directory);
	free(replay);
	return got;
}
