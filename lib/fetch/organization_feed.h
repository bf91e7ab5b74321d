/*
 * organization_feed.h: the organization's accounts and plan items, and with billing each account's own count (billing_feed.h).
 *
 * Requests, in this order: the accounts of the asset groups, compliant ones first; the list of organizations, for accounts in no asset group
 * (it requires a user's token: 401 and 403 are a warning); the plan items; the billing of each account. Records are written as the service
 * sent them, in the raw streams docusign_accounts, docusign_plan_items and docusign_billing.
 *
 * Reports progress and warnings by diag.h, as all feeds do.
 */
#ifndef ENVTALLY_ORGANIZATION_FEED_H
#define ENVTALLY_ORGANIZATION_FEED_H

#include "fetch/account_list.h"
#include "fetch/billing_feed.h"
#include "json/json_scan.h"

/* The caller sets the first six. */
struct organization_feed {
	const struct connection *connection;
	struct fetch_source *source;
	struct output *output;
	bool with_billing;
	const char *
		state; /* the bookmarks of earlier runs, by which billing is asked when it is due, and then a STATE ends the output; NULL: it is asked of
			      all accounts */
	struct fetch_rule rule; /* of the run: what it says for envelopes */
	struct account_list accounts;
	struct json_scanner *account, *organization;
	struct billing_feed billing;
	unsigned long long records; /* written */
	size_t skipped; /* elements of the response at hand that are not objects */
};

int organization_feed_run(struct organization_feed *feed, struct error *error);
void organization_feed_release(struct organization_feed *feed);

#endif
