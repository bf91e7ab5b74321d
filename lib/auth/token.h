/*
 * token.h: an access token from Docusign's token service, by the JWT bearer grant (RFC 7523), and its cache.
 *
 * POST https://<audience>/oauth/token with grant_type and assertion gives access_token and expires_in. Each error of the
 * service becomes one line with its remedy; consent_required gives the URL at which consent is granted.
 */
#ifndef ENVTALLY_TOKEN_H
#define ENVTALLY_TOKEN_H

#include "auth/key_file.h"
#include "config/profile.h"

struct token {
	char *access_token;
	int64_t expires_at; /* instant, by this machine's clock */
	int64_t clock_ahead_ms; /* this machine's clock less the service's; 0 if unknown */
};

/* Signs an assertion and exchanges it. The clock is the machine's: the service compares it with its own. */
int token_request(const struct profile *profile, const struct private_key *key, struct token *token, struct error *error);

/*
 * The cache is a file in `directory`, readable by the user alone, under a name derived from everything that the token depends on: audience,
 * integration key, user, scopes and public key. token_load_cached() returns 1 with a token that is valid for another
 * five minutes, 0 if there is none.
 */
int token_load_cached(
	const char *directory, const struct profile *profile, const struct private_key *key, struct token *token, struct error *error);
int token_save_cached(const char *directory, const struct profile *profile, const struct private_key *key, const struct token *token,
	struct error *error);

/* Wipes it. */
void token_release(struct token *token);

/* Gets the token service's clock and appends the difference from ours. EX_CONFIG if it is more than the service tolerates. */
int token_service_clock(const struct profile *profile, struct buffer *text, struct error *error);

#endif
