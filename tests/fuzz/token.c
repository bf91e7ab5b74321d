/* fuzz_token: the token service's response is a line with its HTTP status, and its body. A token lasts a while, and is a header's value. */
#include "fuzz.h"

#include "../../lib/auth/token.c"

void fuzz_token(const uint8_t *bytes, size_t length)
{
	static char audience[] = "account.docusign.com", name[] = "acme", scopes[] = "organization_read", key[] = "k";
	const struct profile profile = {.name = name, .audience = audience, .scopes = scopes, .integration_key = key};
	struct fuzz_input input = {bytes, length};
	struct buffer line = BUFFER_INIT;
	struct http_reply reply = {.date = INSTANT_NONE, .body = BUFFER_INIT};
	struct token token = {.access_token = NULL};
	struct error error = ERROR_INIT;
	fuzz_line(&input, &line);
	reply.status = atoi(line.data);
	buffer_append(&reply.body, input.at, input.left);
	if (read_reply(&profile, &reply, &token, &error) == 0) {
		int64_t left = token.expires_at - instant_of_clock();
		FUZZ_CHECK(left > -1000 && left <= INT64_C(366) * 86400000);
		for (const char *at = token.access_token; *at; at++)
			FUZZ_CHECK(*at > ' ' && *at < 0x7f);
		FUZZ_CHECK(*token.access_token);
	} else {
		FUZZ_CHECK(error.status == EX_NOPERM || error.status == EX_UNAVAILABLE || error.status == EX_TEMPFAIL);
	}
	token_release(&token);
	http_reply_release(&reply);
	buffer_release(&line);
}
