/*
 * billing_feed.h: Docusign's own count of the envelopes that each account has sent, and its charges: two requests per account, of the
 * eSignature REST API: GET /restapi/v2.1/accounts/{accountId} and …/billing_charges.
 *
 * The two responses become one raw record of stream docusign_billing, each as the service sent it: {"account":…,"charges":…}; charges
 * that are refused are null. Figures change by the minute, so time_extracted is the time of the response.
 *
 * An account's count is asked at the pace at which it changes: a new account's at once, each once a week, and on the last night before its
 * billing period ends (feed_schedule.h). `bookmarks`, of stream docusign_billing, keep when it was answered or refused; what was not
 * asked stays as the ledger has it, with the time at which it was observed.
 *
 * The API requires a user's token and an administrator of the account. An account that is refused or cannot be read is skipped, counted
 * and reported: this count is a second opinion, and no reason to fail. If the first few are all refused, the others are not requested.
 *
 * An account's host depends on its site, which the token service tells (esign_sites.h), unless the connection has an esign_base, which may
 * contain {site_name}.
 *
 * Reports progress and warnings by diag.h.
 */
#ifndef ENVTALLY_BILLING_FEED_H
#define ENVTALLY_BILLING_FEED_H

#include "fetch/bookmarks.h"
#include "fetch/esign_sites.h"
#include "fetch/fetch_turns.h"
#include "http/fetch_source.h"
#include "io/output.h"

#define BILLING_STREAM "docusign_billing"

/* Starts as {0}. */
struct billing_feed {
	struct fetch_rule rule; /* ASK_ALL or ASK_DUE, and what it has of the budget: set before all else */
	struct bookmarks bookmarks; /* loaded before the first account is added */
	struct fetch_turns turns;
	struct billing_walk *walks; /* an account each, in the order of adding */
	struct esign_sites sites;
	size_t count, started, requested, answered, refused;
	size_t unknown; /* refused, or without a URL to request */
	struct error first_failure; /* of those that stay unknown */
};

/* Adds an account, if the connection wants it. The site's name may be NULL. The id must last. */
int billing_feed_add(struct billing_feed *feed, const struct connection *connection, const char *account_id, const char *site_name,
	size_t site_length, struct error *error);

/* Requests the accounts added whose turn it is and writes their records, in the order of responses; `*records` counts them. */
int billing_feed_run(struct billing_feed *feed, struct fetch_source *source, const struct connection *connection, struct output *output,
	unsigned long long *records, struct error *error);

void billing_feed_release(struct billing_feed *feed);

#endif
