#include "http/request_limits.h"

#include "base/array.h"
#include "base/instant.h"
#include "http/retry.h"

#include <stdlib.h>
#include <string.h>

#define HEARD 64 /* bits of counter.heard */
#define ANOTHER_HOUR_S 60 /* two announced ends that differ so much are of two limits */
#define STALE_SHARE 4 /* of the limit */
#define STEPS_OF_ONE_COUNTER 3 /* so many are no chance */

/* The pool of an account, NULL if nothing is known of it. */
static struct limit_pool *find_pool(const struct request_limits *limits, const char *account, ptrdiff_t *number)
{
	const struct name *name = account ? name_table_find(&limits->accounts, account, strlen(account)) : NULL;
	*number = name ? name - limits->accounts.names : -1;
	return name ? &limits->pools[*number] : NULL;
}

/* Two accounts' numbers that no one counter gives. */
static void find_own(struct request_limits *limits)
{
	limits->own = true;
	limits->common.rate = (struct rate_limit){.answered = true};
	limits->common.given_up = false;
}

/* Follows the counter of the hour. A limit that is used up says nothing: refused requests are not counted. */
static void follow_counter(
	struct request_limits *limits, ptrdiff_t account, int64_t limit, int64_t left, int64_t reset, int64_t service_time)
{
	int64_t furthest = limits->concurrency < HEARD ? (int64_t)limits->concurrency : HEARD - 1;
	bool changes = account != limits->counter.account, begun = limits->counter.limit > 0;
	int64_t below = limits->counter.lowest - left, apart = reset - limits->counter.reset;
	bool other_hour = limits->counter.reset > service_time + 2 && (apart >= ANOTHER_HOUR_S || apart <= -ANOTHER_HOUR_S);
	if (begun && changes && (limit != limits->counter.limit || other_hour)) {
		find_own(limits);
	} else if (!begun || limit != limits->counter.limit || reset != limits->counter.reset) {
		limits->counter.lowest = left; /* the first of an hour */
		limits->counter.heard = 1;
	} else if (left > 0 && (below < -furthest || (below <= 0 && limits->counter.heard >> -below & 1))) {
		if (changes)
			find_own(limits);
	} else if (below > 0) {
		limits->counter.heard = below < HEARD ? limits->counter.heard << below | 1 : 1;
		limits->counter.lowest = left;
		limits->counter.steps += changes && below < HEARD;
	} else {
		limits->counter.heard |= UINT64_C(1) << -below;
	}
	limits->counter.limit = limit;
	limits->counter.reset = reset;
	limits->counter.account = account;
}

/* Its limit holds a request: gives it up once that has taken too long in all. */
static bool waits_too_long(const struct request_limits *limits, struct limit_pool *pool, int64_t now)
{
	if (pool->held_since == 0)
		pool->held_since = now;
	pool->given_up |= pool->waited + now - pool->held_since > LIMIT_WAITS_OF_A_RUN * limits->wait_most_ms;
	return pool->given_up;
}

static enum limit_verdict go(struct limit_pool *pool, int64_t now)
{
	if (pool->held_since)
		pool->waited += now - pool->held_since;
	pool->held_since = 0;
	return LIMIT_GO;
}

static enum limit_verdict hold(const struct request_limits *limits, struct limit_pool *pool, enum limit_verdict verdict, int64_t now)
{
	return waits_too_long(limits, pool, now) ? LIMIT_GIVEN_UP : verdict;
}

static int64_t longer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* `others` is what all runs have left together, or NULL. */
static enum limit_verdict judge(
	struct request_limits *limits, const char *account, struct headroom_share *others, size_t in_flight, int64_t now, int64_t *delay)
{
	ptrdiff_t number;
	struct limit_pool *own = find_pool(limits, account, &number), *pool = account && limits->own ? own : &limits->common;
	if (pool && pool->given_up)
		return LIMIT_GIVEN_UP;
	/* Beyond a share, or a burst, nobody goes ahead just to learn something: other runs would, too. */
	bool is_used_up = others &&
		((limits->percent > 0 && others->rate.hour.left <= 0) ||
			(others->rate.burst.known && now < others->rate.burst.ends_at && others->rate.burst.left <= 1));
	/* The first request under a limit goes ahead whatever is known, to learn what is left now. */
	if (!pool || (!pool->rate.answered && !is_used_up))
		others = NULL;
	*delay = longer(pool ? rate_limit_delay(&pool->rate, 0, now) : 0, others ? rate_limit_delay(&others->rate, 0, now) : 0);
	if (*delay == 0 && pool == &limits->common) {
		*delay = rate_limit_delay(&limits->common.rate, in_flight, now);
		return *delay == 0 ? go(&limits->common, now) : LIMIT_HOLD; /* until a response comes */
	}
	if (!pool || *delay == 0)
		return pool ? go(pool, now) : LIMIT_GO;
	if (pool == own)
		return hold(limits, pool, LIMIT_ASIDE, now);
	/* Does the limit that holds one account hold the others, too? As long as that is not known, one of them may try. */
	bool unknown = account && !is_used_up && limits->counter.limit > 0 && limits->counter.steps < STEPS_OF_ONE_COUNTER;
	if (!unknown || number == limits->counter.account)
		return hold(limits, pool, unknown ? LIMIT_ASIDE : LIMIT_HOLD, now);
	limits->trying |= in_flight == 0;
	return in_flight == 0 ? LIMIT_GO : LIMIT_HOLD;
}

/* The account whose limit other runs share; NULL for that of all requests. */
static const char *shared_account(const struct request_limits *limits, const char *account)
{
	return limits->own ? account : NULL;
}

enum limit_verdict request_limits_ask(struct request_limits *limits, const char *account, size_t in_flight, int64_t now, int64_t *delay)
{
	bool locked = headroom_lock(limits->headroom, now);
	struct headroom_share *others = locked ? headroom_find(limits->headroom, shared_account(limits, account)) : NULL;
	enum limit_verdict verdict = judge(limits, account, others, in_flight, now, delay);
	if (verdict == LIMIT_GO && locked && !others && !shared_account(limits, account))
		others = headroom_at(limits->headroom, NULL, now);
	bool taken = verdict == LIMIT_GO && others;
	if (taken) {
		others->rate.hour.left--;
		others->rate.burst.left--;
		others->in_flight++;
	}
	if (*delay > limits->wait_most_ms)
		*delay = limits->wait_most_ms;
	if (locked)
		headroom_unlock(limits->headroom, taken, now);
	return verdict;
}

/*
 * Of a burst, what is left to all runs: less what they have on their way; of runs that were killed, not so much that the others stop. A response that
 * others have overtaken has a larger number, by no more than these; a still larger one is of a new burst.
 */
static int64_t burst_left(const struct headroom_share *others, const struct rate_headers *headers, int64_t now)
{
	const struct rate_window *before = &others->rate.burst;
	int64_t most = headers->burst_limit / 2, on_their_way = others->in_flight < most ? others->in_flight : most;
	int64_t left = headers->burst_left > on_their_way ? headers->burst_left - on_their_way : 0;
	bool same = before->known && now < before->ends_at && left <= before->left + on_their_way;
	return same && before->left < left ? longer(before->left, 0) : left;
}

/* Tells the other runs what a response said; `answered` false: that there was none, so that the request did not count. */
static void share(struct request_limits *limits, const char *account, const struct rate_headers *headers, bool answered, int64_t now)
{
	const char *key = shared_account(limits, account);
	struct rate_headers left = *headers;
	if (!headroom_lock(limits->headroom, now))
		return;
	struct headroom_share *others = headroom_find(limits->headroom, key);
	if (!others && left.limit > 0 && left.left >= 0 && left.ends_in_ms >= 0 && (!key || left.left < left.limit / 2))
		others = headroom_at(limits->headroom, key, now);
	if (others) {
		struct rate_window *window = &others->rate.hour;
		int64_t ended_at = window->ends_at;
		/* Runs that were killed leave theirs in the file: so many are no others. */
		if (window->limit > 0 && others->in_flight > window->limit / STALE_SHARE)
			others->in_flight = 0;
		others->in_flight -= others->in_flight > 0;
		window->left += !answered;
		if (left.burst_limit > 0 && left.burst_left >= 0)
			left.burst_left = burst_left(others, &left, now);
		rate_limit_update(&others->rate, &left, now);
		if (window->ends_at > ended_at + RATE_SAME_MS)
			window->left -= others->in_flight; /* they were taken off the hour before */
	}
	headroom_unlock(limits->headroom, others != NULL, now);
}

/* Other applications may use the rest of the hour's limit. */
static int64_t our_share(const struct request_limits *limits, int64_t limit, int64_t left)
{
	if (limit <= 0 || left < 0 || limits->percent == 0)
		return left;
	left -= limit - limit * limits->percent / 100;
	return left > 0 ? left : 0;
}

int request_limits_update(struct request_limits *limits, const char *account, const struct http_headers *headers, bool answered,
	int64_t now, struct error *error)
{
	int64_t date = retry_date(http_headers_find(headers, "date")), reset = http_headers_number(headers, "x-ratelimit-reset");
	if (date == INSTANT_NONE)
		date = instant_of_clock();
	int64_t ends_in_ms = reset < 0 ? RATE_NO_HEADER : reset * 1000 > date ? reset * 1000 - date : 0;
	int64_t limit = http_headers_number(headers, "x-ratelimit-limit"), left = http_headers_number(headers, "x-ratelimit-remaining");
	const struct rate_headers rate = {.limit = limit,
		.left = our_share(limits, limit, left),
		.ends_in_ms = ends_in_ms < limits->wait_most_ms ? ends_in_ms : limits->wait_most_ms,
		.burst_limit = http_headers_number(headers, "x-burstlimit-limit"),
		.burst_left = http_headers_number(headers, "x-burstlimit-remaining")};
	bool hourly = rate.limit > 0 && rate.left >= 0 && reset >= 0, bursts = rate.burst_limit > 0 && rate.burst_left >= 0;
	ptrdiff_t number = -1;
	if (account && (hourly || bursts)) {
		struct limit_pool *pool = NULL;
		if ((number = name_table_number(&limits->accounts, account, strlen(account), error)) >= 0)
			pool = array_at((void **)&limits->pools, &limits->pool_count, sizeof *pool, (size_t)number, error);
		if (!pool)
			return -1;
		rate_limit_update(&pool->rate, &rate, now);
	}
	if (hourly && !limits->own)
		follow_counter(limits, number, limit, left, reset, date / 1000);
	if (limits->trying)
		limits->counter.steps = STEPS_OF_ONE_COUNTER; /* it was not another's, or that is known now */
	limits->trying = false;
	if (!account || !limits->own)
		rate_limit_update(&limits->common.rate, &rate, now);
	share(limits, account, &rate, answered, now);
	return 0;
}

void request_limits_give_up(struct request_limits *limits)
{
	limits->common.given_up = true;
}

static void take_least(const struct rate_window *hour, int64_t *left, int64_t *limit)
{
	if (!hour->known || (*limit >= 0 && hour->left >= *left))
		return;
	*left = hour->left;
	*limit = hour->limit;
}

void request_limits_headroom(const struct request_limits *limits, int64_t *left, int64_t *limit)
{
	*left = *limit = -1;
	take_least(&limits->common.rate.hour, left, limit);
	for (size_t i = 0; i < limits->pool_count; i++)
		take_least(&limits->pools[i].rate.hour, left, limit);
}

void request_limits_release(struct request_limits *limits)
{
	headroom_close(limits->headroom);
	name_table_release(&limits->accounts);
	free(limits->pools);
}
