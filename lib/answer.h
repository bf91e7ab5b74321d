/*
 * answer.h: what an HTTP answer is worth: decodes the body, checks that it is JSON, and says in words what a refusal means.
 *
 * Used by the network and by replay alike, so that a replayed run sees exactly what the recorded one saw.
 */
#ifndef ENVTALLY_ANSWER_H
#define ENVTALLY_ANSWER_H

#include "exchange.h"
#include "json_scan.h"

struct answer_reader {
	struct json_scanner *scanner;
	struct buffer text; /* the decoded body, with something around it */
};

/* A received answer. Header fields are NULL when absent. */
struct answer_received {
	int status;
	const char *url, *content_type, *content_encoding, *location;
	const char *body;
	size_t length;
};

int answer_reader_open(struct answer_reader *reader, struct error *error);
void answer_reader_release(struct answer_reader *reader);

/*
 * Fills status, body, length and error of `answer`; url and context are left alone. The body is the reader's and lasts
 * until the next call. A 2xx answer that is no JSON has an error too, with what it begins with.
 */
void answer_read(struct answer_reader *reader, const struct answer_received *received, struct exchange_answer *answer);

#endif
