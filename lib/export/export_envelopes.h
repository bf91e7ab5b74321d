/*
 * export_envelopes.h: the envelopes of the ledger as records: accounts, plan items (as the feed names them) and statuses by name.
 */
#ifndef ENVTALLY_EXPORT_ENVELOPES_H
#define ENVTALLY_EXPORT_ENVELOPES_H

#include "export/export_records.h"

/*
 * What the ledger's envelopes are: stream_envelope, or stream_envelope_method where it has been told a sending method: then
 * every record has the field, null where it is not told. NULL with an error.
 */
const struct stream *export_envelopes_stream(struct ledger *ledger, struct error *error);

/* As export_records(). EX_DATAERR for an envelope whose account, plan item or status the ledger does not know. */
int export_envelopes(struct ledger *ledger, export_put *put, void *context, struct error *error);

#endif
