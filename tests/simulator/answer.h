/*
 * answer.h: a request as the service sees it, and what it answers, apart from how either travels.
 *
 * A request's strings belong to the server and last as long as the exchange. An answer owns its body: answer_release().
 */
#ifndef SIMULATOR_ANSWER_H
#define SIMULATOR_ANSWER_H

#include "base/buffer.h"

#include <jv.h>

struct MHD_Connection;

struct request {
	const char *method;
	const char *path; /* decoded, without the query */
	const char *url; /* as it came, with the query */
	const char *authorization; /* "" when there is none */
	const char *host; /* the Host header, with its port; "" when there is none */
	const char *body; /* "" when there is none */
	struct MHD_Connection *connection;
};

/* The decoded value of a query parameter, or NULL. */
const char *request_parameter(const struct request *request, const char *name);

#define ANSWER_HEADERS 12

struct answer {
	unsigned status;
	const char *content_type;
	struct buffer body;
	struct {
		const char *name;
		char value[80];
	} headers[ANSWER_HEADERS];
	int header_count;
};

#define ANSWER_INIT \
	{ \
		.status = 200, .content_type = "application/json; charset=utf-8", .body = BUFFER_INIT \
	}

void answer_header(struct answer *answer, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Consumes `value`; the body becomes its text. */
void answer_json(struct answer *answer, unsigned status, jv value);

/* The error shape of eSignature and of the data sets, {"errorCode","message"}, and that of the Admin API and the token service.
 */
void answer_error(struct answer *answer, unsigned status, const char *code, const char *message);
void answer_admin_error(struct answer *answer, unsigned status, const char *error, const char *description);

/* Empties body and headers, so that another answer can take the place of this one. */
void answer_reset(struct answer *answer);
void answer_release(struct answer *answer);

#endif
