/*
 * feed.h: where envelopes come from: the cursored data sets, and the live list of the eSignature REST API.
 *
 * A cursor is a time, or an opaque word that stands for a place in one account's (or the organisation's) feed. It is made
 * from that place and the seed alone, so a cursor kept from one run of the simulator is good in the next with the same seed.
 */
#ifndef SIMULATOR_FEED_H
#define SIMULATOR_FEED_H

#include "answer.h"
#include "fault.h"
#include "world.h"

#define FEED_WHOLE_ORGANIZATION NULL

struct feed_settings {
	unsigned page_size;
	uint64_t seed;
};

void feed_set(const struct feed_settings *settings);

/*
 * GET …/datasets/{name}/stream?cursor=&limit=, and Monitor's …/v1/organizations/{id}/stream. With FAULT_CURSOR_LOOP the cursor leads back to the same page, with FAULT_EMPTY_PAGES
 * it is new each time and no page has records.
 */
void feed_stream(const struct world *world, const struct world_account *account, const struct request *request, enum fault_kind fault,
	struct answer *answer);

/*
 * GET …/accounts/{id}/envelopes?from_date=&to_date=&start_position=&count=. `gone`: so many envelopes of earlier pages have left the set
 * for each page that came before this one.
 */
void feed_envelopes(const struct world *world, const struct world_account *account, const struct request *request, uint32_t gone,
	struct answer *answer);

/* GET …/accounts/{id} and …/accounts/{id}/billing_charges: Docusign's own count of the period that the clock is in. */
void feed_account(const struct world *world, const struct world_account *account, struct answer *answer);
void feed_billing_charges(const struct world *world, const struct world_account *account, struct answer *answer);

#endif
