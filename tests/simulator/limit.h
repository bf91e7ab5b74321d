/*
 * limit.h: Docusign's two rate limits, an hourly one and one for bursts, over all API requests.
 *
 * With `per_account` each account that a URL names (/accounts/ID, accountId=ID) has its own, and all other requests share one.
 * The hourly window starts at the top of the hour, as there. Both windows can be made shorter for tests. A limit of 0 is none.
 */
#ifndef SIMULATOR_LIMIT_H
#define SIMULATOR_LIMIT_H

#include "answer.h"

struct limit_settings {
	int hourly, burst; /* requests */
	int hourly_seconds, burst_seconds; /* the windows */
	int per_account;
};

void limit_set(const struct limit_settings *settings);

/*
 * Counts one request and sets the headers. Returns 0, or -1 when it is past a limit: then `answer` is the 429. With `reset_after` above 0
 * the headers say that nothing is left of the hour, which ends in so many seconds.
 */
int limit_count(const struct request *request, struct answer *answer, int64_t reset_after);

/* The error of the hourly limit, or of that for bursts. Docusign gives it as 429 or as 400. */
void limit_exceeded(struct answer *answer, unsigned status, bool hourly);

/* Retry-After in the form that is asked for. */
void limit_retry_after(struct answer *answer, int64_t seconds);

#endif
