/*
 * request_limits.h: which requests the service's limits allow now, and whom they hold.
 *
 * Docusign's limits of invocations (rate_limit.h) are an account's own, those of the Admin API the organization's, and a service may count
 * all accounts together. Nothing says which, but the counters do: one counter never gives the same number twice in an hour, and never more
 * than before. Until the responses of two accounts show that each has its own, a limit counts for all; one request of another account may
 * then try whether it does. An account at a limit of its own is put aside, and the others go on.
 *
 * Whatever the service announces, one wait lasts at most `wait_most_ms`; a request is held for at most LIMIT_WAITS_OF_A_REQUEST such waits,
 * and all requests of one limit for LIMIT_WAITS_OF_A_RUN. Then the limit is given up: its requests end, and the next run asks again.
 * Times are milliseconds of a monotonic clock.
 */
#ifndef ENVTALLY_REQUEST_LIMITS_H
#define ENVTALLY_REQUEST_LIMITS_H

#include "base/name_table.h"
#include "http/headroom.h"
#include "http/http_headers.h"
#include "http/rate_limit.h"

#define LIMIT_WAITS_OF_A_REQUEST 2
#define LIMIT_WAITS_OF_A_RUN 12

/* One limit: an account's, or that of all requests. */
struct limit_pool {
	struct rate_limit rate;
	int64_t held_since, waited; /* 0: it holds none; milliseconds that it held some, in all */
	bool given_up;
};

struct request_limits {
	int64_t wait_most_ms;
	int percent; /* of the hourly limits that these requests may use; 0: all. The rest counts as used */
	size_t concurrency; /* responses overtake at most so many others */
	struct headroom *headroom; /* shared with other runs, or NULL; released with the rest */
	struct limit_pool common; /* of requests without an account, and of all while the accounts' are not known to be their own */
	struct name_table accounts;
	struct limit_pool *pools; /* by the numbers of the accounts */
	size_t pool_count;
	bool own; /* each account has a limit of its own */
	/* The counter of the hour, as all responses had it: see above. */
	struct {
		int64_t limit, reset, lowest;
		uint64_t heard; /* bit i: the number lowest + i was there */
		ptrdiff_t account; /* whose response was the last; -1: of none */
		unsigned steps; /* from one account's response to another's, one counter going down */
	} counter;
	bool trying; /* a request is on its way to try whether another account is held too */
};

enum limit_verdict {
	LIMIT_GO,
	LIMIT_HOLD, /* this request, and all others */
	LIMIT_ASIDE, /* this request only */
	LIMIT_GIVEN_UP, /* end it with EX_TEMPFAIL */
};

/* Reads what a response to a request of `account` (NULL: the organization's) says about its limits; `answered` false: there was none. */
int request_limits_update(struct request_limits *limits, const char *account, const struct http_headers *headers, bool answered,
	int64_t now, struct error *error);

/* May a request start? `*delay` becomes the milliseconds after which to ask again. Ask again after each response, too. */
enum limit_verdict request_limits_ask(struct request_limits *limits, const char *account, size_t in_flight, int64_t now, int64_t *delay);

/* What holds all requests held one for too long: the others are not to wait for as long again. */
void request_limits_give_up(struct request_limits *limits);

/* What is left of the hour's limit that has least left; -1 in both while none is known. */
void request_limits_headroom(const struct request_limits *limits, int64_t *left, int64_t *limit);

void request_limits_release(struct request_limits *limits);

#endif
