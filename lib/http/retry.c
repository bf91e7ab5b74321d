#include "http/retry.h"

#include "base/instant.h"

#include <poll.h>
#include <string.h>
#include <sys/random.h>

bool retry_status(int status)
{
	return status == 408 || status == 429 || status >= 500;
}

bool retry_transfer(CURLcode code)
{
	static const CURLcode permanent[] = {CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT, CURLE_PEER_FAILED_VERIFICATION,
		CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_OUT_OF_MEMORY};
	for (size_t i = 0; i < sizeof permanent / sizeof *permanent; i++)
		if (code == permanent[i])
			return false;
	return true;
}

int64_t retry_jitter(int tries, int64_t base_ms)
{
	uint64_t chance = 0;
	int64_t most = base_ms;
	for (int i = 1; i < tries && most < RETRY_CAP_MS; i++)
		most *= 2;
	if (most > RETRY_CAP_MS)
		most = RETRY_CAP_MS;
	/* Without random bytes: half of it. */
	if (getrandom(&chance, sizeof chance, GRND_NONBLOCK) != sizeof chance)
		return most / 2;
	return (int64_t)(chance % (uint64_t)(most + 1));
}

int64_t retry_pause(const struct retry_policy *policy, int tries, int64_t requested_ms)
{
	if (tries >= policy->tries || requested_ms > policy->limit_wait_ms)
		return RETRY_NEVER;
	int64_t pause = retry_jitter(tries, policy->base_ms);
	/* The jitter is added, so that clients that were turned away together do not return together. */
	return requested_ms >= 0 ? requested_ms + (pause < 1000 ? pause : 1000) : pause;
}

void retry_wait(int64_t pause_ms, int interrupt)
{
	struct pollfd signals = {.fd = interrupt, .events = POLLIN};
	poll(&signals, 1, (int)pause_ms);
}

int64_t retry_date(const char *value)
{
	time_t seconds = value ? curl_getdate(value, NULL) : -1;
	/* curl_getdate() reads years beyond any calendar's. */
	return seconds < 0 || seconds >= INSTANT_DATED_UNTIL / 1000 ? INSTANT_NONE : (int64_t)seconds * 1000;
}

int64_t retry_after(const char *value, const char *date)
{
	int64_t seconds = 0;
	if (!value || !*value)
		return RETRY_NEVER;
	if (strlen(value) <= 9 && !value[strspn(value, "0123456789")]) {
		for (; *value; value++)
			seconds = seconds * 10 + (*value - '0');
		return seconds * 1000;
	}
	int64_t at = retry_date(value), now = retry_date(date);
	if (at == INSTANT_NONE)
		return RETRY_NEVER;
	if (now == INSTANT_NONE)
		now = instant_of_clock();
	return at > now ? at - now : 0;
}
