/*
 * fetch_source.h: GET requests and their answers, from Docusign (http.h) or from a recording (replay.h).
 *
 * A fetcher submits requests and takes answers in the order in which they become complete; under replay that is
 * the order of the recording. What can be retried was retried before an answer is given; limits were obeyed; every answer
 * received was recorded if --record was given. So an answer is a success, or the last word on that request.
 *
 * With both directories what is replayed is recorded anew, byte for byte. Recording into a directory whose recording
 * was cut off goes on with it: what is recorded there is answered from there, then the network is asked.
 */
#ifndef ENVTALLY_FETCH_SOURCE_H
#define ENVTALLY_FETCH_SOURCE_H

#include "config/connection.h"

struct fetch_source;

struct fetch_source_options {
	const char *program; /* names the files of a recording */
	const char *record_directory; /* or NULL */
	const char *replay_directory; /* or NULL for the network */
	int64_t now; /* the run's clock, kept in the recording */
	int tries, retry_base_ms; /* of a request, and the pause that the first retry is drawn from; 0 for the usual: retry.h */
	int timeout_s; /* with nothing received after which a try is given up; 0 for 60 */
	void (*say)(bool detail, const char *text); /* told of waits and, as detail, of every retry; or NULL */
};

struct http_response {
	void *context; /* as given to fetch_source_get() */
	const char *url;
	int64_t answered_at; /* by this machine's clock, or that of the recording's; INSTANT_NONE when it is not recorded */
	int status; /* HTTP status; 0 when there was no answer: `error` says why */
	const char *body; /* decoded; BUFFER_PADDING readable bytes follow it */
	size_t length;
	const char *wrapped; /* {"answer":<body>}: for json_scan(), which wants an object where some answers are arrays */
	size_t wrapped_length;
	struct error error; /* set when status is not 2xx: what happened and its remedy, with the exit status it calls for */
};

/* `connection` must last; its token is replaced when it is renewed. Returns NULL with an error. */
struct fetch_source *fetch_source_open(const struct fetch_source_options *options, struct connection *connection, struct error *error);

/*
 * The run's clock: `now` of the options; the recording's own under replay, and when a recording that was cut off is gone on
 * with, since its requests were made by that clock.
 */
int64_t fetch_source_now(const struct fetch_source *exchange);

/*
 * When an answer says what it says, by the run's clock: that, and the time that has passed since the first answer. For what changes
 * while a run goes on, or is interrupted for days.
 */
int64_t fetch_source_time(const struct fetch_source *exchange, const struct http_response *answer);

/* How many more requests it takes now: bounded by the connection's concurrency; without bound under replay. */
size_t fetch_source_room(const struct fetch_source *exchange);

/* Submits a request. `context` comes back with the answer. The URL is copied. */
int fetch_source_get(struct fetch_source *exchange, const char *url, void *context, struct error *error);

/* Waits for the next answer. Returns 1 with it (valid until the next call), 0 when no request is outstanding, -1 on an error. */
int fetch_source_next(struct fetch_source *exchange, struct http_response *answer, struct error *error);

/* Ends a recording durably (only when `complete`), closes everything, frees. Returns 0 or -1 with an error. */
int fetch_source_close(struct fetch_source *exchange, bool complete, struct error *error);

#endif
