/*
 * server.h: the wire: libmicrohttpd, TLS, compression, waiting, and those faults that happen on the wire.
 *
 * One thread answers; a second one only wakes connections that wait (--latency, slow, stall), so waiting costs no thread
 * and all state but the list of those that wait is the first thread's.
 *
 * Beside the service it answers the tests' own addresses, which are not counted, delayed or spoiled:
 *   PUT  /_simulator/now         an RFC 3339 time: moves the simulated clock there; "real" gives it back to the machine
 *   PUT  /_simulator/fault       faults, one a line, in place of those before
 *   GET  /_simulator/requests    what was asked so far, a JSON object a line; DELETE forgets it
 *   GET  /_simulator/statistics  {"requests","connections","now"}
 */
#ifndef SIMULATOR_SERVER_H
#define SIMULATOR_SERVER_H

#include "base/buffer.h"

struct server_settings {
	int port; /* 0: any */
	int latency;
	const char *certificate, *key; /* PEM; NULL for plain HTTP */
	const char *log_file; /* NULL: none */
};

/* Starts listening on 127.0.0.1 and answers from now on. Returns the port, or -1 with error. */
int server_start(const struct server_settings *settings, struct error *error);
void server_stop(void);

#endif
