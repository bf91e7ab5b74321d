/*
 * envelope_block.h: table envelope_block: the rows of envelope_row.h, many to a block.
 *
 * The block of an envelope is the top `layout.block_bits` bits of its envelope_id_hash(), so blocks are of like size; when they
 * grow too full, one more bit splits each in two.
 */
#ifndef ENVTALLY_ENVELOPE_BLOCK_H
#define ENVTALLY_ENVELOPE_BLOCK_H

#include "ledger/ledger.h"
#include "merge/envelope_row.h"

struct block_layout {
	int block_bits;
	int64_t envelopes, undated; /* in the ledger; those sent without a time of sending */
	int64_t stored; /* envelopes there were when it was loaded */
};

int block_layout_load(struct ledger *ledger, struct block_layout *layout, struct error *error);
int block_layout_save(struct ledger *ledger, const struct block_layout *layout, struct error *error);

int64_t block_number(uint32_t hash, int block_bits);

/* Copies a block's rows; those of an absent one are none. */
int block_load(struct ledger *ledger, int64_t block, struct buffer *rows, struct error *error);
int block_store(struct ledger *ledger, int64_t block, const struct buffer *rows, struct error *error);

/* Splits all blocks when they would grow too full by `count` more envelopes; sets layout->block_bits. */
int block_make_room(struct ledger *ledger, struct block_layout *layout, size_t count, struct error *error);

/*
 * Finds the row at `at` of a block, as envelope_row_find(): it must belong to the block and come after `before`, the row before it, if there is
 * one (its length is not 0). -1 with an error that names the block.
 */
int block_row(struct ledger *ledger, int64_t block, int block_bits, const uint8_t *at, const uint8_t *end,
	const struct envelope_row *before, struct envelope_row *row, struct error *error);

/*
 * How many envelopes to commit at once, where there is a choice. In a large ledger each is in a page of its own, which goes to the WAL: so this
 * many make one of about a gibibyte. Smaller ledgers have fewer pages than that; the bound for them is SIZE_MAX.
 */
size_t block_commit_limit(int64_t envelopes_in_ledger);

/* The error for bytes of a block that are no rows. Returns -1. */
int block_damaged(struct ledger *ledger, int64_t block, struct error *error);

/* Calls `each` for every envelope of the ledger, in the order of blocks, until it returns a value other than 0, which is returned. */
int block_walk(struct ledger *ledger, int (*each)(void *context, const struct envelope *envelope, struct error *error), void *context,
	struct error *error);

#endif
