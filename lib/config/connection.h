/*
 * connection.h: the CONNECTION message, which auth prints for the fetchers.
 *
 * It carries what the fetchers must know of the profile, an access token and the command that gets a new one:
 * {"type":"CONNECTION","profile","organization_id","api_base","esign_base","feed_base","audience","contract_start","renewal_months","feed",
 *  "lookback_days","concurrency","limit_share","ca_bundle","proxy_login","headroom","accounts","download_consumption","download_billing","access_token","expires_at","token_command"}.
 *
 * The token is written to pipes and sockets only: in a file or on a terminal it is null, unless --show-token is given.
 * Under --replay there is no token at all.
 */
#ifndef ENVTALLY_CONNECTION_H
#define ENVTALLY_CONNECTION_H

#include "base/buffer.h"
#include "config/profile.h"

struct connection {
	char *profile, *organization_id, *api_base, *feed, *ca_bundle, *proxy_login;
	char *headroom; /* the file of http/headroom.h, or NULL */
	char *esign_base, *feed_base, *audience; /* as in profile.h; NULL if there is none */
	int32_t contract_start;
	int renewal_months, lookback_days, concurrency;
	int limit_share; /* percent of the service's hourly limit */
	bool download_consumption, download_billing;
	char **accounts; /* NULL-terminated, or NULL for all */
	char *access_token; /* wiped on release; NULL when there is none */
	int64_t expires_at; /* instant; INSTANT_NONE when there is no token */
	char **token_command; /* argv of the program that prints a new CONNECTION, or NULL */
};

/* Appends the message as a line; the token is null unless `reveal`: see connection_may_reveal(). */
void connection_append(const struct connection *connection, bool reveal, struct buffer *line);

/* Is the descriptor a pipe or socket, or was --show-token given? */
bool connection_may_reveal(int descriptor, bool show_token);

/* Parses a CONNECTION line. EX_DATAERR if a member is missing or invalid. */
int connection_parse(const char *line, size_t length, struct connection *connection, struct error *error);

/* Is it what a header can carry (RFC 6749 appendix A.12)? Then no token can end the line that it is on. */
bool connection_accepts_token(char *token);

/* Is the account, in any case, among those that the profile requests? */
bool connection_wants(const struct connection *connection, const char *account_id);

void connection_release(struct connection *connection);

#endif
