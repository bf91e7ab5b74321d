/*
 * fetch_source.h: where responses come from: the network (http.h) or a recording (replay.h).
 *
 * A fetcher submits GET requests and reads responses in the order in which they complete; a replay has the order of its recording.
 * Retries (retry.h), rate limits and token renewal happen below: a response is a success, or final. With --record every response is
 * recorded before it is returned.
 *
 *   no option            the network
 *   --record DIR         the network, recorded; an incomplete recording in DIR is resumed: its responses first, then the network
 *   --replay DIR         the recording: no network, no token
 *   --replay, --record   the recording, copied byte for byte
 */
#ifndef ENVTALLY_FETCH_SOURCE_H
#define ENVTALLY_FETCH_SOURCE_H

#include "config/connection.h"
#include "io/document.h"
#include "json/json_scan.h"

struct fetch_source;

/* How a request is made and its response read, where that is not the usual GET of JSON with the token. It must last as long as the source. */
struct fetch_manner {
	enum document_format format; /* of the response, when it is a success */
	const char *const *headers; /* lines, instead of those that ask for JSON; NULL-terminated. NULL: the usual */
	bool without_token; /* the URL leads to another host: what follows its '?' may be a secret, and no message shows it */
	bool is_download; /* is kept in the recording, with the account: its URL need not tell */
	/*
	 * Finds what the caller wants of a body in JSON in the pass that checks it, into `fields`: a scanner of `wrapped`, whose first pointers are
	 * response_pointers (http_response.h). NULL: the caller looks for it.
	 */
	struct json_scanner *scanner;
	struct json_slice *fields;
	/* Makes what is kept of the body of a success: the rest is neither recorded nor used. NULL: all of it. */
	int (*reduce)(const char *body, size_t length, struct buffer *kept, struct error *error);
};

struct fetch_source_options {
	const char *program; /* part of a recording's file names */
	const char *record_directory; /* or NULL */
	const char *replay_directory; /* or NULL for the network */
	int64_t now; /* the run's clock, kept in the recording */
	int tries, retry_base_ms; /* retry.h's policy; 0 for its defaults */
	int limit_wait_s; /* the longest wait for a limit of the service; 0 for retry.h's */
	int timeout_s; /* ends a try that receives next to nothing for so long; 0 for 60 */
	int max_time_s; /* ends a request whose tries take so long together; 0 for 900 */
	void (*report)(bool detail, const char *text); /* is called for long waits and, as detail, for every retry; or NULL */
};

struct http_response {
	void *context; /* as given to fetch_source_get() */
	const char *url; /* for messages */
	int64_t answered_at; /* by this machine's clock, or the recording machine's; INSTANT_NONE if not recorded */
	int status; /* HTTP status; 0 if there was no response: see `error` */
	bool limited; /* a limit of requests is reached: 429, or an error code that says so, whatever the status */
	const char *body; /* decoded; BUFFER_PADDING readable bytes follow it */
	size_t length;
	const char *wrapped; /* {"body":<body>}: json_scan() wants an object, and some bodies are arrays */
	size_t wrapped_length;
	bool is_scanned; /* by the manner's scanner, whose fields are those of `wrapped` */
	struct error error; /* set unless status is 2xx with JSON: the cause, its remedy and exit status */
};

/* `connection` must outlive the source, which renews its token. Returns NULL with an error. */
struct fetch_source *fetch_source_open(const struct fetch_source_options *options, struct connection *connection, struct error *error);

/* The run's clock: `now` of the options; the recording's under replay and when a recording is resumed, as its requests depend on it. */
int64_t fetch_source_now(const struct fetch_source *source);

/*
 * The run's clock at a response: fetch_source_now() and the time since the first response. For figures that change during a run, which may
 * be interrupted for days.
 */
int64_t fetch_source_time(const struct fetch_source *source, const struct http_response *response);

/* How many more requests can be submitted now: limited by the connection's concurrency, in which those that wait for a limit of their
 * account do not count; without limit under replay. */
size_t fetch_source_room(const struct fetch_source *source);

/*
 * Submits a request. `account` is whose limits of requests it counts in, NULL for the organization's. `context` is returned with its
 * response. The texts are copied. `manner` may be NULL.
 */
int fetch_source_get(struct fetch_source *source, const char *url, const char *account, const struct fetch_manner *manner, void *context,
	struct error *error);

/* Is this the replay of a recording that has no such request, as earlier versions made? */
bool fetch_source_lacks(const struct fetch_source *source, const char *url);

/* What the service's limit of the hour has left, the least of all accounts'; -1 in both while it is not known, and under replay. */
void fetch_source_headroom(const struct fetch_source *source, int64_t *left, int64_t *limit);

#define FETCH_SOURCE_ROOM 2

/*
 * Waits for the next response. Returns 1 with it (valid until the next call), 0 if no request is pending, -1 on an error; FETCH_SOURCE_ROOM
 * without one when there is room for more requests meanwhile, because one waits for a limit of its account.
 */
int fetch_source_next(struct fetch_source *source, struct http_response *response, struct error *error);

/* Is it a refusal, which asking again does not change: a 4xx other than a limit or a timeout? */
bool fetch_source_refused(const struct http_response *response);

/* Ends a recording durably (if `complete`; else it can be resumed), closes and frees. Returns 0, or -1 with an error. */
int fetch_source_close(struct fetch_source *source, bool complete, struct error *error);

#endif
