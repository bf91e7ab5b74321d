/*
 * envelope_reader.h: envelope records as the ledger keeps them: checked, times as instants, names as the keys of the ledger's tables.
 *
 * New names are added to the ledger, within its transaction. Keys are remembered, so the ledger is queried once for each name.
 * The status of an envelope with a sending method has the key of a row of table `status` for both together.
 */
#ifndef ENVTALLY_ENVELOPE_READER_H
#define ENVTALLY_ENVELOPE_READER_H

#include "base/name_table.h"
#include "ledger/ledger.h"
#include "merge/envelope_row.h"
#include "json/json_scan.h"

struct envelope_reader {
	struct ledger *ledger;
	struct name_table accounts, plan_items, statuses; /* values are the keys of the ledger's tables */
	size_t last_account; /* place in `accounts` of the account last found: feeds come account by account */
	struct buffer pair; /* a status and a sending method, NUL between them: their name in `statuses` */
};

#define ENVELOPE_READER_INIT(of_ledger) \
	{ \
		.ledger = of_ledger, .pair = BUFFER_INIT \
	}
void envelope_reader_release(struct envelope_reader *reader);

/* Fields of an envelope record, in the order of stream_envelope_method (stream.h). Ids that are texts point into them. EX_DATAERR names the
 * field that is wrong. */
int envelope_reader_read(struct envelope_reader *reader, const struct json_slice fields[], struct envelope *envelope, struct error *error);

/* Forgets the keys: after the ledger was rewound to an earlier state. */
void envelope_reader_forget(struct envelope_reader *reader);

#endif
