/*
 * replay.h: answers from a recording (recording.h), in its order.
 *
 * Goes through the exchanges as they stand in the file and gives each final one that a request waits for; one that
 * nobody waits for is passed over. So the order of answers is that of the recorded run, and nothing of the recording
 * is held besides the exchange at hand.
 */
#ifndef ENVTALLY_REPLAY_H
#define ENVTALLY_REPLAY_H

#include "http/fetch_source.h"
#include "recording/recording.h"

struct replay;

/*
 * With a `limit`, only that many exchanges of a recording that was cut off are answered from, and when they are used up
 * what still waits is for another source: see replay_hand_over(). With a `copy`, every exchange read is written there too.
 */
struct replay *replay_open(const char *directory, const char *program, uint64_t limit, struct recording_writer *copy, struct error *error);

/* The clock of the recorded run. */
int64_t replay_now(const struct replay *replay);

int replay_get(struct replay *replay, const char *url, void *context, struct error *error);

/*
 * Returns 1 with an answer; 0 when nothing waits, or nothing more is recorded under a limit; -1 with an error: a damaged
 * recording, or EX_NOINPUT when it ends and a request still waits, which is named.
 */
int replay_next(struct replay *replay, struct http_response *answer, struct error *error);

/* Calls `get` for every request that still waits, in the order in which they were submitted, and forgets them. */
int replay_hand_over(struct replay *replay, int (*get)(void *source, const char *url, void *context, struct error *error), void *source,
	struct error *error);

/* Reads (checks, copies) what is left of the recording when `complete`, and frees. */
int replay_close(struct replay *replay, bool complete, struct error *error);

#endif
