/*
 * feed.h: where envelopes come from: the cursored data sets, and the live list of the eSignature REST API.
 *
 * A cursor is a time, or an opaque word that stands for a place in one account's (or the organisation's) feed. It is made
 * from that place and the seed alone, so a cursor kept from one run of the simulator is good in the next with the same seed.
 */
#ifndef SIMULATOR_FEED_H
#define SIMULATOR_FEED_H

#include "answer.h"
#include "world.h"

#define FEED_WHOLE_ORGANIZATION NULL

struct feed_settings {
	unsigned page_size;
	uint64_t seed;
};

void feed_set(const struct feed_settings *settings);

/* GET …/datasets/{name}/stream?cursor=&limit=; `loop`: the cursor that is answered leads back to the same page. */
void feed_stream(
	const struct world *world, const struct world_account *account, const struct request *request, bool loop, struct answer *answer);

/* GET …/accounts/{id}/envelopes?from_date=&to_date=&start_position=&count= */
void feed_envelopes(const struct world *world, const struct world_account *account, const struct request *request, struct answer *answer);

/* GET …/accounts/{id} and …/accounts/{id}/billing_charges: Docusign's own count of the period that the clock is in. */
void feed_account(const struct world *world, const struct world_account *account, struct answer *answer);
void feed_billing_charges(const struct world *world, const struct world_account *account, struct answer *answer);

#endif
