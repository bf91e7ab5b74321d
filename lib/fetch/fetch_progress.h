/*
 * fetch_progress.h: the progress that a fetcher of envelopes shows (io/diag.h):
 *
 *     120 of 300 accounts due, 45210 envelopes, 350 a second, 2410 of 3000 requests left this hour, about 4 min left
 *
 * Time left is what the accounts so far took, for those that are left. What is not known yet is left out.
 */
#ifndef ENVTALLY_FETCH_PROGRESS_H
#define ENVTALLY_FETCH_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

struct fetch_progress {
	size_t finished, failed, accounts; /* failed: of those that are finished */
	unsigned long long records;
	int64_t elapsed_ms;
	int64_t requests_left, request_limit; /* of the limit of the hour that has least left; -1: not known */
	const char *unit; /* "accounts", "accounts due" where others are not asked, or "organizations" */
};

/* Into `text` of `size` bytes, cut to fit. */
void fetch_progress_format(const struct fetch_progress *progress, char *text, size_t size);

#endif
