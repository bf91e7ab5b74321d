/*
 * ledger_envelopes.h: envelopes into the ledger, each counted once, and the daily partials kept in step.
 *
 * Of the versions of an envelope the greatest wins: by modified_at, then by the status' place in table `status`, then by the
 * bytes of the canonical record (compared field by field in the record's order: null is greater than any text, as in JSON).
 * So what is kept does not depend on order, repetition or grouping of the records: merging is commutative, associative
 * and idempotent. An envelope is counted on the day of its sent_at, in its account, wherever an earlier version had it.
 *
 * Envelopes wait in a batch of bounded size, sorted before they are written so that neighbours share pages;
 * ledger_envelopes_flush() writes what waits, within the ledger's transaction, and must come before every commit.
 */
#ifndef ENVTALLY_LEDGER_ENVELOPES_H
#define ENVTALLY_LEDGER_ENVELOPES_H

#include "json_scan.h"
#include "ledger.h"
#include "name_table.h"
#include "stream.h"

struct ledger_id {
	uint8_t length; /* 0: none */
	bool is_uuid;   /* then bytes are the 16 of the UUID, else the text */
	uint8_t bytes[ID_LIMIT];
};

struct envelope {
	struct ledger_id envelope_id, sender_id;
	int64_t created_at, sent_at, completed_at, modified_at; /* instant.h */
	uint32_t account;                                       /* number in `accounts` */
	uint32_t plan_item;                                     /* number in `plan_items`; 0 is none */
	uint32_t status;                                        /* number in `statuses` */
};

struct daily_change;

struct ledger_envelopes {
	struct ledger *ledger;
	struct name_table accounts, plan_items, statuses; /* values are the keys of the ledger's tables */
	struct envelope *batch;
	uint32_t *order; /* positions of the batch, for sorting */
	size_t count;
	struct hash_index index; /* of the batch, by envelope_id */
	struct daily_change *changes;
	size_t change_count, change_capacity;
	struct hash_index change_index;
	unsigned long long received, stored; /* records that came; those that made a difference */
};

int ledger_envelopes_open(struct ledger_envelopes *envelopes, struct ledger *ledger, struct error *error);
void ledger_envelopes_release(struct ledger_envelopes *envelopes);

/* Fields of an envelope record, in the order of stream_envelope (stream.h). EX_DATAERR says which field is wrong. */
int ledger_envelopes_add(struct ledger_envelopes *envelopes, const struct json_slice fields[], struct error *error);

int ledger_envelopes_flush(struct ledger_envelopes *envelopes, struct error *error);

#endif
