#include "http/fetch_source.h"

#include "base/instant.h"
#include "http/http.h"
#include "http/replay.h"
#include "recording/recording.h"

#include <stdlib.h>
#include <string.h>

struct source_functions {
	size_t (*room)(const void *source);
	int (*get)(void *source, const char *url, void *context, struct error *error);
	int (*next)(void *source, struct http_response *answer, struct error *error);
};

/*
 * Where answers come from now: a recording, the network, or, going on with a recording that was cut off, first the one
 * and then the other.
 */
struct fetch_source {
	const struct source_functions *functions;
	void *source; /* `replay` or `http` */
	struct replay *replay;
	struct http *http;
	struct recording_writer record;
	int64_t now, first_answer_at; /* INSTANT_NONE before there is one that tells */
};

static size_t replay_room(const void *source)
{
	(void)source;
	return SIZE_MAX;
}

static int replay_source_get(void *source, const char *url, void *context, struct error *error)
{
	return replay_get(source, url, context, error);
}

static int replay_source_next(void *source, struct http_response *answer, struct error *error)
{
	return replay_next(source, answer, error);
}

static size_t http_source_room(const void *source)
{
	return http_room(source);
}

static int http_source_get(void *source, const char *url, void *context, struct error *error)
{
	return http_get(source, url, context, error);
}

static int http_source_next(void *source, struct http_response *answer, struct error *error)
{
	return http_next(source, answer, error);
}

static const struct source_functions from_recording = {replay_room, replay_source_get, replay_source_next};
static const struct source_functions from_network = {http_source_room, http_source_get, http_source_next};

/* Opens the recording that is to be written; `*tail` says what there is of it already. */
static int open_record(
	struct fetch_source *exchange, const struct fetch_source_options *options, struct recording_tail *tail, struct error *error)
{
	if (!options->record_directory)
		return 0;
	if (recording_find_tail(options->record_directory, options->program, tail, error) < 0)
		return -1;
	if (tail->state == RECORDING_COMPLETE)
		return error_set(error, EX_CANTCREAT, "cannot record into '%s': it has a complete recording of %s already",
			options->record_directory, options->program);
	/* A replay gives all of it again. */
	bool anew = options->replay_directory || tail->state == RECORDING_NONE;
	if (anew)
		*tail = (struct recording_tail){.state = RECORDING_NONE};
	else
		exchange->now = tail->now;
	return recording_writer_open(
		&exchange->record, options->record_directory, options->program, exchange->now, anew ? NULL : tail, error);
}

static int open_replay(struct fetch_source *exchange, const struct fetch_source_options *options, const char *directory, uint64_t limit,
	struct error *error)
{
	bool copies = limit == 0 && options->record_directory;
	exchange->replay = replay_open(directory, options->program, limit, copies ? &exchange->record : NULL, error);
	if (!exchange->replay)
		return -1;
	exchange->now = replay_now(exchange->replay);
	exchange->functions = &from_recording;
	exchange->source = exchange->replay;
	return 0;
}

static int open_network(struct fetch_source *exchange, const struct fetch_source_options *options, struct connection *connection,
	const struct recording_tail *tail, struct error *error)
{
	exchange->http = http_open(options, connection, options->record_directory ? &exchange->record : NULL, error);
	if (!exchange->http)
		return -1;
	exchange->functions = &from_network;
	exchange->source = exchange->http;
	return tail->exchanges > 0 ? open_replay(exchange, options, options->record_directory, tail->exchanges, error) : 0;
}

struct fetch_source *fetch_source_open(const struct fetch_source_options *options, struct connection *connection, struct error *error)
{
	struct recording_tail tail = {.state = RECORDING_NONE};
	struct fetch_source *exchange = calloc(1, sizeof *exchange);
	if (!exchange) {
		error_set(error, EX_OSERR, "out of memory");
		return NULL;
	}
	exchange->record.index = exchange->record.bodies = -1;
	exchange->now = options->now;
	exchange->first_answer_at = INSTANT_NONE;
	/* The replayed recording is opened first: what is recorded has its clock. */
	const char *replayed = options->replay_directory;
	if ((replayed && open_replay(exchange, options, replayed, 0, error) < 0) || open_record(exchange, options, &tail, error) < 0 ||
		(!replayed && open_network(exchange, options, connection, &tail, error) < 0)) {
		fetch_source_close(exchange, false, NULL);
		return NULL;
	}
	return exchange;
}

int64_t fetch_source_now(const struct fetch_source *exchange)
{
	return exchange->now;
}

size_t fetch_source_room(const struct fetch_source *exchange)
{
	return exchange->functions->room(exchange->source);
}

int fetch_source_get(struct fetch_source *exchange, const char *url, void *context, struct error *error)
{
	return exchange->functions->get(exchange->source, url, context, error);
}

/* The recording that was cut off has nothing more: what still waits, and all that comes, is asked of the network. */
static int turn_to_network(struct fetch_source *exchange, struct error *error)
{
	struct replay *replay = exchange->replay;
	exchange->functions = &from_network;
	exchange->source = exchange->http;
	exchange->replay = NULL;
	int result = replay_hand_over(replay, http_source_get, exchange->http, error);
	if (replay_close(replay, false, NULL) < 0)
		result = -1;
	return result;
}

int fetch_source_next(struct fetch_source *exchange, struct http_response *answer, struct error *error)
{
	int got = exchange->functions->next(exchange->source, answer, error);
	if (got == 0 && exchange->replay && exchange->http)
		got = turn_to_network(exchange, error) < 0 ? -1 : exchange->functions->next(exchange->source, answer, error);
	if (got > 0 && exchange->first_answer_at == INSTANT_NONE)
		exchange->first_answer_at = answer->answered_at;
	return got;
}

int64_t fetch_source_time(const struct fetch_source *exchange, const struct http_response *answer)
{
	if (answer->answered_at == INSTANT_NONE || exchange->first_answer_at == INSTANT_NONE ||
		answer->answered_at < exchange->first_answer_at)
		return exchange->now;
	return exchange->now + (answer->answered_at - exchange->first_answer_at);
}

int fetch_source_close(struct fetch_source *exchange, bool complete, struct error *error)
{
	int result = 0;
	if (exchange->replay && replay_close(exchange->replay, complete && !exchange->http, error) < 0)
		result = -1;
	if (exchange->http)
		http_close(exchange->http);
	if (recording_writer_close(&exchange->record, complete && result == 0, result == 0 ? error : NULL) < 0)
		result = -1;
	free(exchange);
	return result;
}
