#include "http/fetch_source.h"

#include "base/instant.h"
#include "http/http.h"
#include "http/replay.h"
#include "recording/recording.h"

#include <stdlib.h>

/* `replay` answers while it is there, then `http`: a resumed recording has both, a replay no `http`, a plain run no `replay`. */
struct fetch_source {
	struct replay *replay;
	struct http *http;
	struct recording_writer record;
	int64_t now, first_response_at; /* INSTANT_NONE until a response has a time */
};

/* Opens the recording for writing; sets `*tail` to its present contents. */
static int open_record(
	struct fetch_source *source, const struct fetch_source_options *options, struct recording_tail *tail, struct error *error)
{
	if (!options->record_directory)
		return 0;
	if (recording_find_tail(options->record_directory, options->program, tail, error) < 0)
		return -1;
	if (tail->state == RECORDING_COMPLETE)
		return error_set(error, EX_CANTCREAT, "cannot record into '%s': it has a complete recording of %s already",
			options->record_directory, options->program);
	/* A replay reads all of it, so its copy starts from nothing. */
	bool anew = options->replay_directory || tail->state == RECORDING_NONE;
	if (anew)
		*tail = (struct recording_tail){.state = RECORDING_NONE};
	else
		source->now = tail->now;
	return recording_writer_open(&source->record, options->record_directory, options->program, source->now, anew ? NULL : tail, error);
}

static int open_replay(
	struct fetch_source *source, const struct fetch_source_options *options, const char *directory, uint64_t limit, struct error *error)
{
	bool copies = limit == 0 && options->record_directory;
	source->replay = replay_open(directory, options->program, limit, copies ? &source->record : NULL, error);
	if (!source->replay)
		return -1;
	source->now = replay_now(source->replay);
	return 0;
}

static int open_network(struct fetch_source *source, const struct fetch_source_options *options, struct connection *connection,
	const struct recording_tail *tail, struct error *error)
{
	source->http = http_open(options, connection, options->record_directory ? &source->record : NULL, error);
	if (!source->http)
		return -1;
	return tail->exchanges > 0 ? open_replay(source, options, options->record_directory, tail->exchanges, error) : 0;
}

struct fetch_source *fetch_source_open(const struct fetch_source_options *options, struct connection *connection, struct error *error)
{
	struct recording_tail tail = {.state = RECORDING_NONE};
	struct fetch_source *source = calloc(1, sizeof *source);
	if (!source) {
		error_set(error, EX_OSERR, "out of memory");
		return NULL;
	}
	source->record.index = source->record.bodies = -1;
	source->now = options->now;
	source->first_response_at = INSTANT_NONE;
	/* The replayed recording is opened first: its clock is recorded. */
	const char *replayed = options->replay_directory;
	if ((replayed && open_replay(source, options, replayed, 0, error) < 0) || open_record(source, options, &tail, error) < 0 ||
		(!replayed && open_network(source, options, connection, &tail, error) < 0)) {
		fetch_source_close(source, false, NULL);
		return NULL;
	}
	return source;
}

int64_t fetch_source_now(const struct fetch_source *source)
{
	return source->now;
}

void fetch_source_headroom(const struct fetch_source *source, int64_t *left, int64_t *limit)
{
	*left = *limit = -1;
	if (source->http)
		http_headroom(source->http, left, limit);
}

size_t fetch_source_room(const struct fetch_source *source)
{
	return source->replay ? SIZE_MAX : http_room(source->http);
}

int fetch_source_get(struct fetch_source *source, const char *url, const char *account, const struct fetch_manner *manner, void *context,
	struct error *error)
{
	return source->replay ? replay_get(source->replay, url, account, manner, context, error)
			      : http_get(source->http, url, account, manner, context, error);
}

bool fetch_source_lacks(const struct fetch_source *source, const char *url)
{
	return source->replay && !source->http && replay_lacks(source->replay, url);
}

/* The incomplete recording has no more exchanges: pending and later requests go to the network. */
static int switch_to_network(struct fetch_source *source, struct error *error)
{
	struct replay *replay = source->replay;
	source->replay = NULL;
	int result = replay_resubmit(replay, source->http, error);
	if (replay_close(replay, false, NULL) < 0)
		result = -1;
	return result;
}

static int next_response(struct fetch_source *source, struct http_response *response, struct error *error)
{
	return source->replay ? replay_next(source->replay, response, error) : http_next(source->http, response, error);
}

int fetch_source_next(struct fetch_source *source, struct http_response *response, struct error *error)
{
	int got = next_response(source, response, error);
	if (got == 0 && source->replay && source->http)
		got = switch_to_network(source, error) < 0 ? -1 : next_response(source, response, error);
	if (got == 1 && source->first_response_at == INSTANT_NONE)
		source->first_response_at = response->answered_at;
	return got;
}

int64_t fetch_source_time(const struct fetch_source *source, const struct http_response *response)
{
	if (response->answered_at == INSTANT_NONE || source->first_response_at == INSTANT_NONE ||
		response->answered_at < source->first_response_at)
		return source->now;
	return source->now + (response->answered_at - source->first_response_at);
}

bool fetch_source_refused(const struct http_response *response)
{
	return response->status >= 400 && response->status < 500 && response->status != 408 && !response->limited;
}

int fetch_source_close(struct fetch_source *source, bool complete, struct error *error)
{
	int result = 0;
	if (source->replay && replay_close(source->replay, complete && !source->http, error) < 0)
		result = -1;
	if (source->http)
		http_close(source->http);
	if (recording_writer_close(&source->record, complete && result == 0, result == 0 ? error : NULL) < 0)
		result = -1;
	free(source);
	return result;
}
