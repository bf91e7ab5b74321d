/*
 * token.h: Docusign's token service, the JWT bearer grant (RFC 7523), with the errors that it answers.
 *
 * Errors are HTTP 400 and {"error","error_description"}. Docusign says little about the descriptions; those seen in public
 * reports are used: no_valid_keys_or_signatures (a wrong key, a wrong kid, an iat in the future, a JWT that cannot be read),
 * issuer_not_found, user_not_found, unsupported_grant_type. expired_grant and invalid_audience are ours.
 */
#ifndef SIMULATOR_TOKEN_H
#define SIMULATOR_TOKEN_H

#include "answer.h"

#include <stdint.h>

struct token {
	char value[700];
	char user_id[40]; /* "" for an application token */
	char scopes[400];
	int64_t expires_at; /* clock_monotonic() */
	bool revoked;
};

struct token_settings {
	const char *integration_key; /* NULL or "": any */
	const char *key_pair_id; /* NULL or "": any kid */
	char **no_consent; /* scopes and user ids without consent, or NULL; NULL-terminated */
	const char *assertion_file; /* NULL: assertions are not kept */
	int port;
	int token_seconds;
};

void token_set(const struct token_settings *settings);

/* Registers a public key, PEM. */
int token_register_key(const char *pem, size_t length, struct error *error);

/* POST /oauth/token, GET /oauth/auth (where a person consents), GET /oauth/userinfo needs the world and is in service.c. */
void token_grant(const struct request *request, bool quotes_expiry, struct answer *answer);
void token_consent(const struct request *request, struct answer *answer);

/* The token that the request bears and that is still good, or NULL. */
const struct token *token_find(const struct request *request);
bool token_has_scope(const struct token *token, const char *scope);

/* Makes the token that the request bears expire. */
void token_revoke(const struct request *request);

void token_release(void);

#endif
