/*
 * http_post.h: one POST of a form over HTTPS, for the token service.
 *
 * TLS 1.2 or newer, verified always; no redirects (a secret is in the form); the response is at most HTTP_POST_LIMIT bytes.
 * A broken connection is retried, up to three attempts and for a minute; any response is returned, whatever its status.
 */
#ifndef ENVTALLY_HTTP_POST_H
#define ENVTALLY_HTTP_POST_H

#include "base/buffer.h"

#include <stdint.h>

#define HTTP_POST_LIMIT ((size_t)1 << 20)

struct http_target {
	const char *url; /* https */
	const char *ca_bundle, *proxy_login; /* as for http_settings_open() */
};

struct http_reply {
	int status;
	int64_t date; /* instant of the Date header; INSTANT_NONE when there is none */
	struct buffer body;
};

#define HTTP_REPLY_INIT \
	{ \
		.body = BUFFER_INIT \
	}

/* Returns 0 with the reply, or -1 when there was no response: EX_UNAVAILABLE, or EX_NOPERM when a proxy refuses. The reply is the caller's to release in both cases. */
int http_post_form(const struct http_target *target, const char *form, struct http_reply *reply, struct error *error);

/* Wipes it: a token is in it. */
void http_reply_release(struct http_reply *reply);

#endif
