/*
 * profile.h: an integration profile, profiles/NAME.json: one connection to one Docusign organisation.
 *
 * The keys are those of doc/profile.md. An unknown, missing or invalid key is EX_CONFIG; the error names it and what is accepted.
 * So is one that holds a secret, by its name or by the form of its value, which is not repeated.
 * All strings are owned by the profile; an optional one that is absent is NULL.
 */
#ifndef ENVTALLY_PROFILE_H
#define ENVTALLY_PROFILE_H

#include "base/error.h"

#include <jv.h>
#include <stdbool.h>
#include <stdint.h>

#define LOOKBACK_MOST_DAYS 366

struct profile {
	char *path; /* as given */
	char *directory; /* of the profile: key_file, ca_bundle and proxy_login are relative to it */
	char *name;
	char *display_name; /* for people; or NULL */
	int profile_type; /* 0: subscription, the only one */
	int integration_type; /* 0: organization, the only one */
	char *organization_id; /* lower case */
	int32_t contract_start; /* day (instant.h); origin of all consumption periods */
	int renewal_months; /* 1 to 60 */
	bool active, download_consumption, download_billing;
	char *api_base; /* without a trailing slash; https, or http to a loopback address */
	char *esign_base; /* the same, of the eSignature REST API; may hold {site_name}; or NULL */
	char *feed_base; /* the same, of the feed, instead of what its descriptor says; or NULL */
	char *audience; /* host[:port], without a scheme */
	char *integration_key, *key_pair_id;
	char *key_file, *key_password, *key_alias;
	char *user_id; /* impersonated user, or NULL for an application token */
	char *scopes; /* space separated */
	char *feed; /* preset name, or a descriptor file, relative to the profile */
	int lookback_days, concurrency, limit_share;
	char *ca_bundle;
	char *proxy_login; /* a file, relative to the profile */
	char **accounts; /* only these, lower case, NULL-terminated; NULL for all */
};

int profile_load(const char *path, struct profile *profile, struct error *error);
void profile_release(struct profile *profile);

/* Refuses a profile with a secret, or with a name that no file may have, before any other check. */
int profile_check_first(const char *path, struct error *error);

/* Checks a member of a new profile; frees the value. Stricter than profile_load(): ids must be UUIDs. EX_USAGE for a secret. */
int profile_check_member(const char *key, jv value, struct error *error);

/* `path` if absolute, else relative to the profile's folder. The caller frees it. NULL when memory is short. */
char *profile_path(const struct profile *profile, const char *path);

/* The same for a key that may be absent: *result becomes NULL then. -1 with EX_OSERR. */
int profile_optional_path(const struct profile *profile, const char *path, char **result, struct error *error);

#endif
