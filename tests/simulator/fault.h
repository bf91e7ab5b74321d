/*
 * fault.h: what goes wrong on request.
 *
 * A fault is KIND[=VALUE][:AMOUNT][@SUBSTRING]. AMOUNT with a point is a share of the requests (0.33), without one a count
 * (the first N); without it, every request (expired-token: one). SUBSTRING limits it to URLs (path and query) that contain it.
 * Shares are drawn from the seed and the request's number, so a run with the same order of requests fails alike.
 *
 * `mix` draws among cut, reset, 408, 429, 500, 503 and, once, expired-token. It never fails the same URL more than
 * MIX_IN_A_ROW times running, so a client with that many retries gets through for certain.
 */
#ifndef SIMULATOR_FAULT_H
#define SIMULATOR_FAULT_H

#include "answer.h"

#include <stdint.h>

#define MIX_IN_A_ROW 3

enum fault_kind {
	FAULT_NONE,
	/* before the answer */
	FAULT_SLOW, /* =MS (2000): the whole answer comes late */
	FAULT_RESET, /* the connection is reset instead of an answer */
	/* instead of the answer */
	FAULT_408,
	FAULT_429, /* =SECONDS (1) of Retry-After */
	FAULT_500,
	FAULT_503,
	FAULT_EXPIRED_TOKEN, /* the token that came is no longer good */
	FAULT_REFUSE_ACCOUNT, /* =ID */
	FAULT_UNKNOWN_CURSOR, /* only where the cursor is not a time */
	FAULT_CONSENT_REQUIRED, /* at the token service */
	FAULT_TOKEN_ERROR, /* =STATUS (503), with a JSON "error", at the token service */
	FAULT_HOURLY_400, /* the hourly limit as HTTP 400 */
	FAULT_BURST_400, /* likewise for bursts */
	FAULT_ERROR_200, /* 200 whose body is an error */
	/* to the answer */
	FAULT_CURSOR_LOOP,
	FAULT_EMPTY_PAGES, /* every page is empty and has a new cursor, without end */
	FAULT_SHRINK, /* eSignature's list: envelopes of earlier pages leave the set; =HOW-MANY (1) a page */
	FAULT_CUT, /* the connection is closed in the middle of the body */
	FAULT_STALL, /* =MS (60000): nothing comes for that long in the middle of the body */
	FAULT_DRIP, /* =MS (1000): two bytes of the body each so long */
	FAULT_WRONG_TYPE,
	FAULT_INVALID_UTF8,
	FAULT_LONE_SURROGATE, /* half an emoji at the beginning of every mail subject and account name */
	FAULT_NO_DATE, /* every record was last changed on 0001-01-01 */
	FAULT_GIANT_RECORD, /* =BYTES (17825792): the first mail subject is so long */
	FAULT_QUOTED_EXPIRY, /* the token service quotes expires_in */
	FAULT_FAR_RESET, /* nothing is left of the hourly limit, and X-RateLimit-Reset is =SECONDS (86400) away */
	FAULT_GIANT, /* =BYTES (4294967296), streamed */
	FAULT_GIANT_GZIP, /* =BYTES (536870912) once decompressed; to clients that accept gzip */
	/* to every answer there is */
	FAULT_RETRY_AFTER_DATE, /* Retry-After as an HTTP date; with an AMOUNT, a 429 of its own */
	FAULT_MIX,
};

struct fault_choice {
	enum fault_kind kind;
	int64_t value;
};

void fault_set_seed(uint64_t seed);

/* Adds one fault. Returns 0, or -1 with EX_USAGE. */
int fault_add(const char *spec, struct error *error);

/* Replaces all faults by those of `text`, one a line. When one is wrong the earlier ones stay. */
int fault_replace(const char *text, struct error *error);

/* What goes wrong with this request, the `number`th. */
struct fault_choice fault_choose(const struct request *request, uint64_t number);

bool fault_retry_after_date(void);
const char *fault_name(enum fault_kind kind);

/* A well-mixed function of two numbers: chance that can be repeated. */
uint64_t fault_hash(uint64_t left, uint64_t right);

#endif
