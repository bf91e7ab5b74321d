/*
 * jwt.h: the signed assertion that the token service exchanges for an access token (RFC 7523, Docusign's JWT grant).
 *
 *   BASE64URL({"alg":"RS256","typ":"JWT","kid":…}) . BASE64URL({"iss":…,"sub":…,"aud":…,"iat":…,"exp":…,"scope":…}) . signature
 *
 * JWS compact serialization (RFC 7515 section 7.1), base64url without padding (section 2), RSASSA-PKCS1-v1_5 with SHA-256
 * (RFC 7518 section 3.3).
 *
 * - aud is a bare host, in lower case, even if the user wrote a URL or a port: Docusign asks for a bare host. Only a host of this
 *   machine keeps its port, as in Docusign's own clients: that is a simulator.
 * - iat is JWT_BACKDATE_SECONDS before `issued_at`: the service refuses an assertion from its future, and clocks differ.
 * - exp is iat + lifetime, and lifetime at most JWT_LIFETIME_LIMIT: Docusign refuses more than an hour.
 */
#ifndef ENVTALLY_JWT_H
#define ENVTALLY_JWT_H

#include "base/buffer.h"

#include <openssl/evp.h>

#include <stdint.h>

#define JWT_BACKDATE_SECONDS 60
#define JWT_LIFETIME_LIMIT 3600

struct jwt_claims {
	const char *integration_key; /* iss */
	const char *audience; /* aud: "account.docusign.com", or a URL of that host */
	const char *user_id; /* sub: the user to impersonate; NULL or "" for an application token, which has no sub */
	const char *scopes; /* scope: separated by spaces */
	const char *key_pair_id; /* kid; NULL or "": none */
	int64_t issued_at; /* now: an instant (instant.h, milliseconds) */
	int lifetime_seconds; /* 0: JWT_LIFETIME_LIMIT */
};

/*
 * Appends the assertion, a secret for as long as it is valid, to `assertion`. The strings are UTF-8. EX_CONFIG for a missing or
 * impossible claim, EX_SOFTWARE when the key cannot sign (key_file_load() has tried it).
 */
int jwt_sign(const struct jwt_claims *claims, EVP_PKEY *pkey, struct buffer *assertion, struct error *error);

/* Appends the bare host of an audience: "https://Account.docusign.com:443/oauth" → "account.docusign.com". EX_CONFIG if there is
 * none. */
int jwt_append_audience_host(struct buffer *host, const char *audience, struct error *error);

#endif
