#include "limit.h"

#include "clock.h"
#include "fault.h"

#include <string.h>

static struct limit_settings settings;

#define COUNTERS 4096

/* The limits of an account, or of all requests: by a hash, in which two accounts may fall together. */
static struct {
	int64_t hour, burst; /* the number of the window that is counted */
	int in_hour, in_burst;
} counters[COUNTERS];

void limit_set(const struct limit_settings *given)
{
	settings = *given;
}

void limit_retry_after(struct answer *answer, int64_t seconds)
{
	char date[40];
	if (fault_retry_after_date()) {
		clock_http_date(clock_service() + seconds * 1000, date, sizeof date);
		answer_header(answer, "Retry-After", "%s", date);
	} else {
		answer_header(answer, "Retry-After", "%lld", (long long)seconds);
	}
}

static int64_t until_next(int64_t now, int64_t window, int seconds)
{
	return (window + 1) * seconds - now / 1000;
}

void limit_exceeded(struct answer *answer, unsigned status, bool hourly)
{
	if (hourly)
		answer_error(answer, status, "HOURLY_APIINVOCATION_LIMIT_EXCEEDED",
			"The maximum number of hourly API invocations has been exceeded.");
	else
		answer_error(answer, status, "BURST_APIINVOCATION_LIMIT_EXCEEDED",
			"The maximum number of burst API invocations has been exceeded.");
}

static size_t counter_of(const struct request *request)
{
	const char *id = request_parameter(request, "accountId"), *found = strcasestr(request->path, "/accounts/");
	uint64_t hash = 0;
	if (!id && found)
		id = found + strlen("/accounts/");
	if (!settings.per_account || !id || strncasecmp(request->path, "/Management/", 12) == 0)
		return 0;
	for (; *id && *id != '/'; id++)
		hash = fault_hash(hash, (unsigned char)*id | 0x20);
	return 1 + hash % (COUNTERS - 1);
}

int limit_count(const struct request *request, struct answer *answer, int64_t reset_after)
{
	size_t counter = counter_of(request);
	int64_t now = clock_service(), hour = now / 1000 / settings.hourly_seconds, burst = now / 1000 / settings.burst_seconds;
	int *in_hour = &counters[counter].in_hour, *in_burst = &counters[counter].in_burst;
	if (counters[counter].hour != hour)
		*in_hour = 0;
	if (counters[counter].burst != burst)
		*in_burst = 0;
	counters[counter].hour = hour;
	counters[counter].burst = burst;
	bool past_hour = settings.hourly && *in_hour >= settings.hourly;
	bool past_burst = settings.burst && *in_burst >= settings.burst;
	if (!past_hour && !past_burst) {
		++*in_hour;
		++*in_burst;
	}
	if (settings.hourly) {
		answer_header(answer, "X-RateLimit-Limit", "%d", settings.hourly);
		answer_header(answer, "X-RateLimit-Remaining", "%d", reset_after ? 0 : settings.hourly - *in_hour);
		answer_header(answer, "X-RateLimit-Reset", "%lld",
			(long long)(reset_after ? now / 1000 + reset_after : (hour + 1) * settings.hourly_seconds));
	}
	if (settings.burst) {
		answer_header(answer, "X-BurstLimit-Limit", "%d", settings.burst);
		answer_header(answer, "X-BurstLimit-Remaining", "%d", settings.burst - *in_burst);
	}
	if (!past_hour && !past_burst)
		return 0;
	limit_exceeded(answer, 429, past_hour);
	limit_retry_after(
		answer, past_hour ? until_next(now, hour, settings.hourly_seconds) : until_next(now, burst, settings.burst_seconds));
	return -1;
}
