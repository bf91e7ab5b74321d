#include "clock.h"

#include "base/instant.h"

#include <time.h>

static int64_t fixed = INSTANT_NONE, offset;

void clock_set(int64_t instant)
{
	fixed = instant;
}

bool clock_is_set(void)
{
	return fixed != INSTANT_NONE;
}

int64_t clock_now(void)
{
	return clock_is_set() ? fixed : instant_of_clock();
}

void clock_set_offset(int64_t milliseconds)
{
	offset = milliseconds;
}

int64_t clock_service(void)
{
	return instant_of_clock() + offset;
}

int64_t clock_monotonic(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void clock_http_date(int64_t instant, char *text, size_t size)
{
	time_t seconds = instant / 1000;
	struct tm parts;
	strftime(text, size, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&seconds, &parts));
}
