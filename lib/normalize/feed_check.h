/*
 * feed_check.h: tries a feed's descriptor on saved responses, without network, key or ledger, and prints for people what it makes of them.
 *
 * The samples are read as the run would read them: feed_page.h finds the records and the next page, feed_map.h maps the records. What does
 * not fit is said with what the sample has instead.
 */
#ifndef ENVTALLY_FEED_CHECK_H
#define ENVTALLY_FEED_CHECK_H

#include "base/error.h"
#include "io/output.h"

#include <stdint.h>

struct feed_check_options {
	const char *descriptor;
	const char *const *samples; /* files or folders, NULL-terminated */
	const char *account_id; /* of the requests; NULL: a made-up one */
	int64_t now;
};

/* Returns 0 if every record of every sample fits, and there is one; -1 with EX_DATAERR if not, after all is printed; or another error. */
int feed_check(const struct feed_check_options *options, struct output *output, struct error *error);

#endif
