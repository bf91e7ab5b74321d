#include "http/retry.h"

#include "base/instant.h"

#include <curl/curl.h>
#include <string.h>
#include <sys/random.h>

bool retry_status(int status)
{
	return status == 408 || status == 429 || status >= 500;
}

int64_t retry_pause(int try, int64_t base_ms)
{
	uint64_t chance = 0;
	int64_t most = base_ms;
	for (int i = 1; i < try && most < RETRY_CAP_MS; i++)
		most *= 2;
	if (most > RETRY_CAP_MS)
		most = RETRY_CAP_MS;
	/* Without chance it is half of the pause: still good, only less apart from others. */
	if (getrandom(&chance, sizeof chance, GRND_NONBLOCK) != sizeof chance)
		return most / 2;
	return (int64_t)(chance % (uint64_t)(most + 1));
}

int64_t retry_date(const char *value)
{
	time_t seconds = value ? curl_getdate(value, NULL) : -1;
	return seconds < 0 ? INSTANT_NONE : (int64_t)seconds * 1000;
}

int64_t retry_after(const char *value, const char *date)
{
	int64_t seconds = 0;
	if (!value || !*value)
		return -1;
	if (strlen(value) <= 9 && !value[strspn(value, "0123456789")]) {
		for (; *value; value++)
			seconds = seconds * 10 + (*value - '0');
		return seconds * 1000;
	}
	int64_t at = retry_date(value), now = retry_date(date);
	if (at == INSTANT_NONE)
		return -1;
	if (now == INSTANT_NONE)
		now = instant_of_clock();
	return at > now ? at - now : 0;
}
