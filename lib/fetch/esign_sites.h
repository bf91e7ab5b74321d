/*
 * esign_sites.h: the host of each account's eSignature REST API, which differs from account to account.
 *
 * The token service tells it: GET https://<audience>/oauth/userinfo, with a user's token. It is asked once a run, and of the response only
 * the accounts' ids and hosts are kept and recorded: the rest names a person.
 */
#ifndef ENVTALLY_ESIGN_SITES_H
#define ENVTALLY_ESIGN_SITES_H

#include "http/fetch_source.h"

/* Starts as {0}. */
struct esign_sites {
	void *by_account; /* tsearch(3) tree */
	bool known; /* the service has told them */
};

/*
 * Asks, and waits. Returns 1 with an error if the service does not tell: EX_NOPERM if the token is not a user's. A recording without the
 * request leaves the sites unknown.
 */
int esign_sites_fetch(struct esign_sites *sites, struct fetch_source *source, const struct connection *connection, struct error *error);

/* "https://na3.docusign.net"; NULL if the user is no member of the account. */
const char *esign_sites_base(const struct esign_sites *sites, const char *account_id);

void esign_sites_release(struct esign_sites *sites);

#endif
