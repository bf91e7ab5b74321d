/*
 * envelope_row.h: one version of an envelope as the ledger keeps it, and as bytes within a block.
 *
 * A block is a run of rows, one after the other, ordered by envelope_row_compare(). A row:
 *   length     1 byte: of the row, this byte included
 *   flags      1 byte: the FLAG_ bits of envelope_row.c
 *   envelope   16 bytes for a UUID, else a length byte and the text
 *   account, plan item, status   varints: keys of the ledger's tables; plan item 0 is none
 *   modified_at                  varint, zigzag, milliseconds
 *   sent_at, created_at, completed_at   by the flags: varint, zigzag, modified_at less it
 *   sender     by the flags, as the envelope
 * A UUID is an envelope's alone, whatever account has it: one that moves to another account stays one envelope. A text, such as a number, is
 * one only within its account.
 *
 * A varint has seven bits a byte, the least first, the eighth set on all but the last (LEB128); zigzag folds the sign in.
 */
#ifndef ENVTALLY_ENVELOPE_ROW_H
#define ENVTALLY_ENVELOPE_ROW_H

#include "base/buffer.h"

#include <stdint.h>

struct envelope_id {
	union {
		uint8_t uuid[16];
		const char *text; /* not owned */
	};
	uint8_t length; /* of the text; 16 for a UUID; 0: none */
	bool is_uuid;
};

struct envelope {
	struct envelope_id envelope_id, sender_id;
	int64_t created_at, sent_at, completed_at, modified_at; /* instant.h */
	uint32_t account, plan_item, status; /* keys in the ledger */
};

/* A row in place: what is needed to order and to copy it. */
struct envelope_row {
	const uint8_t *at;
	size_t length;
	uint32_t hash;
	struct envelope_id envelope_id;
	uint32_t account; /* 0 with a UUID */
};

#define ENVELOPE_ROW_LIMIT 192 /* bytes: lengths, flags, two ids of ID_LIMIT, seven varints of at most ten */

/* Reads a UUID in lower case, so that its bytes give the text back; anything else is a text. `length` is 1 to ID_LIMIT. */
void envelope_id_parse(const char *text, size_t length, struct envelope_id *id);

/* Appends the id as the text it was read from. */
void envelope_id_append(const struct envelope_id *id, struct buffer *text);

/* Decides which block an id is in: part of the ledger's format. */
uint32_t envelope_id_hash(const struct envelope_id *id);

/* For an index in memory: hash_key(). */
uint32_t envelope_id_key(const struct envelope_id *id);

/* By kind, then by bytes; none after all others, as null is in the order of records. */
int envelope_id_compare(const struct envelope_id *left, const struct envelope_id *right);

/* The order of rows in a block: by hash, by id, and by account where the id is a text. 0: versions of one envelope. */
int envelope_row_compare(const struct envelope_row *left, const struct envelope_row *right);

/* Writes the envelope as a row where ENVELOPE_ROW_LIMIT bytes are free; returns the row's length. */
size_t envelope_row_write(uint8_t *at, const struct envelope *envelope);

/* Finds the row at `at`; the next one begins `length` bytes further. Returns 0, or -1 when the bytes there are no row. */
int envelope_row_find(const uint8_t *at, const uint8_t *end, struct envelope_row *row);

/* Does it have a time of sending? */
bool envelope_row_is_dated(const struct envelope_row *row);

/*
 * Reads the complete row. Ids that are texts point into it. Returns 0, or -1 when it is damaged: it is shorter or longer than what it holds, a
 * key is not one that the ledger's tables may have, a time is not in the calendar, an id is not UTF-8.
 */
int envelope_row_read(const struct envelope_row *row, struct envelope *envelope);

#endif
