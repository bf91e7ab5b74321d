/*
 * wire.h: an answer as bytes: compressed when the client accepts it, and spoiled when a fault says so.
 */
#ifndef SIMULATOR_WIRE_H
#define SIMULATOR_WIRE_H

#include "answer.h"
#include "fault.h"

struct MHD_Response;

/* Takes the body out of `answer`. May add headers to it. NULL without memory. */
struct MHD_Response *wire_response(
	struct MHD_Connection *connection, struct answer *answer, const struct fault_choice *fault, bool accepts_gzip);

#endif
