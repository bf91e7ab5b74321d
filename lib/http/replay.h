/*
 * replay.h: responses from a recording (recording.h), in its order.
 *
 * Reads the exchanges in file order. A final one is the response of the request that is pending for its URL; others are skipped. So
 * responses arrive in the order of the recorded run, and memory holds one exchange at a time.
 */
#ifndef ENVTALLY_REPLAY_H
#define ENVTALLY_REPLAY_H

#include "http/http.h"
#include "recording/recording.h"

struct replay;

/*
 * With a `limit`, reads only that many exchanges of an incomplete recording; replay_resubmit() then submits what is pending.
 * With a `copy`, every exchange read is written there too.
 */
struct replay *replay_open(const char *directory, const char *program, uint64_t limit, struct recording_writer *copy, struct error *error);

/* The clock of the recorded run. */
int64_t replay_now(const struct replay *replay);

int replay_get(
	struct replay *replay, const char *url, const char *account, const struct fetch_manner *manner, void *context, struct error *error);

/* Has the recording no request for the URL? False if it cannot be read: replay_next() says why. */
bool replay_lacks(const struct replay *replay, const char *url);

/*
 * Returns 1 with a response; 0 if no request is pending, or the limit is reached; -1 with an error: a damaged recording, or EX_NOINPUT
 * naming a request that the recording has no response for.
 */
int replay_next(struct replay *replay, struct http_response *response, struct error *error);

/* Submits every pending request to the network, in the order in which they were made, and forgets them. */
int replay_resubmit(struct replay *replay, struct http *http, struct error *error);

/* If `complete`, reads (checks, copies) the rest of the recording; frees. */
int replay_close(struct replay *replay, bool complete, struct error *error);

#endif
