/*
 * ledger_envelopes.h: envelopes into the ledger, each counted once.
 *
 * Of the versions of an envelope the greatest wins: by modified_at, then by the status' place in table `status`, then by the
 * bytes of the canonical record (compared field by field in the record's order: null is greater than any text, as in JSON), last by
 * the sending method (version_order.h). An envelope with a method has a key of table `status` for its status and method together.
 * So the result does not depend on order, repetition or grouping of the records: merging is commutative, associative
 * and idempotent. An envelope is counted on the day of its sent_at, in its account, wherever an earlier version had it.
 *
 * Envelopes wait in a batch, which is sorted by hash and goes through the blocks of envelope_block.h in one pass: so the cost of a
 * night is a block per envelope in its input, whatever the ledger's size, and a first load writes blocks in order.
 *
 * An envelope is counted at once in the week in which it was sent (sent_weeks.h), and removed from it when the batch's pass finds a
 * greater version.
 */
#ifndef ENVTALLY_LEDGER_ENVELOPES_H
#define ENVTALLY_LEDGER_ENVELOPES_H

#include "ledger/ledger.h"
#include "merge/envelope_batch.h"
#include "merge/envelope_reader.h"
#include "merge/sent_weeks.h"

struct ledger_envelopes {
	struct ledger *ledger;
	struct envelope_reader reader;
	struct envelope_batch batch;
	struct sent_weeks weeks;
	struct buffer block; /* the one under way */
	uint32_t drafts; /* bit K: by the default policy, the known status of key K is not consumed */
	size_t commit_limit; /* that many in a batch are room for no more: block_commit_limit() */
	bool keeps_blocks; /* envelopes are stored, not only counted */
	int64_t late_before; /* envelopes sent before this that are new are late: the end of the last period reported as over */
	int64_t arrived_at;
	unsigned long long received, stored, conflicts; /* records read; that changed the ledger; that contradict another */
};

/* `now` is when envelopes that are new arrive, for the table of late ones. */
int ledger_envelopes_open(struct ledger_envelopes *envelopes, struct ledger *ledger, int64_t now, struct error *error);
void ledger_envelopes_release(struct ledger_envelopes *envelopes);

/* Fields of an envelope record, in the order of stream_envelope_method (stream.h). EX_DATAERR names the field that is wrong. */
int ledger_envelopes_add(struct ledger_envelopes *envelopes, const struct json_slice fields[], struct error *error);

/* The same of one that is read already; its numbers are the ledger's. */
int ledger_envelopes_take(struct ledger_envelopes *envelopes, const struct envelope *envelope, struct error *error);

/* The number of envelopes in the ledger that are past a draft but have no sent time: they belong to no period and are not counted. -1 with
 * an error. */
int64_t ledger_envelopes_undated(struct ledger *ledger, struct error *error);

/* Forgets the keys of names: after the ledger was rewound to an earlier state. */
void ledger_envelopes_forget_names(struct ledger_envelopes *envelopes);

/* Is there room for another without writing any, or a WAL that is very large? */
bool ledger_envelopes_have_room(const struct ledger_envelopes *envelopes);

/* Writes all that waits, within the ledger's transaction: before every commit. */
int ledger_envelopes_flush(struct ledger_envelopes *envelopes, struct error *error);

/* The same for the last time, in a ledger that ends with the process: envelopes are counted, not stored. */
int ledger_envelopes_count(struct ledger_envelopes *envelopes, struct error *error);

#endif
