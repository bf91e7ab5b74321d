#include "limit.h"

#include "clock.h"
#include "fault.h"

static struct limit_settings settings;
static int64_t hour, burst; /* the number of the window that is counted */
static int in_hour, in_burst;

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

int limit_count(struct answer *answer, int64_t reset_after)
{
	int64_t now = clock_service();
	int64_t this_hour = now / 1000 / settings.hourly_seconds, this_burst = now / 1000 / settings.burst_seconds;
	if (this_hour != hour)
		in_hour = 0;
	if (this_burst != burst)
		in_burst = 0;
	hour = this_hour;
	burst = this_burst;
	bool past_hour = settings.hourly && in_hour >= settings.hourly;
	bool past_burst = settings.burst && in_burst >= settings.burst;
	if (!past_hour && !past_burst) {
		in_hour++;
		in_burst++;
	}
	if (settings.hourly) {
		answer_header(answer, "X-RateLimit-Limit", "%d", settings.hourly);
		answer_header(answer, "X-RateLimit-Remaining", "%d", reset_after ? 0 : settings.hourly - in_hour);
		answer_header(answer, "X-RateLimit-Reset", "%lld",
			(long long)(reset_after ? now / 1000 + reset_after : (hour + 1) * settings.hourly_seconds));
	}
	if (settings.burst) {
		answer_header(answer, "X-BurstLimit-Limit", "%d", settings.burst);
		answer_header(answer, "X-BurstLimit-Remaining", "%d", settings.burst - in_burst);
	}
	if (!past_hour && !past_burst)
		return 0;
	limit_exceeded(answer, 429, past_hour);
	limit_retry_after(
		answer, past_hour ? until_next(now, hour, settings.hourly_seconds) : until_next(now, burst, settings.burst_seconds));
	return -1;
}
