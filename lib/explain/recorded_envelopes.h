/*
 * recorded_envelopes.h: finds envelopes in a run's recording.
 *
 * Reads the exchanges of fetch-datafeed (recording.h) once, one body at a time, and checks their chain and hashes. Records are converted as
 * normalize does, with the run's feed descriptor.
 */
#ifndef ENVTALLY_RECORDED_ENVELOPES_H
#define ENVTALLY_RECORDED_ENVELOPES_H

#include "json/json_scan.h"

#include <stdbool.h>
#include <stdint.h>

#define RECORDED_ENVELOPES_PROGRAM "fetch-datafeed" /* its .exchanges and .bodies */

struct recorded_place {
	uint64_t exchange; /* number, from 1 */
	uint64_t body_offset, body_length; /* in the .bodies file */
	uint64_t record; /* number within the response, from 1 */
};

struct recorded_envelopes {
	/* Is this envelope selected? `id` is in lower case. */
	bool (*wanted)(void *context, const char *id, size_t length);
	/* A version of it: its canonical fields, in the order of stream_envelope_method. Returns 0, or -1 with an error. */
	int (*found)(void *context, const struct recorded_place *place, const struct json_slice fields[], struct error *error);
	void *context;
};

/* `feed` as in feed_load(). Ignores responses whose request was repeated, refusals, and records that the map rejects. */
int recorded_envelopes_walk(const struct recorded_envelopes *envelopes, const char *directory, const char *feed, struct error *error);

#endif
