/*
 * export_envelopes.h: the envelopes of the ledger as records: accounts, plan items (as the feed names them) and statuses by name.
 */
#ifndef ENVTALLY_EXPORT_ENVELOPES_H
#define ENVTALLY_EXPORT_ENVELOPES_H

#include "export/record_rows.h"

/*
 * The stream of the ledger's envelopes: stream_envelope, or stream_envelope_method once any envelope has a sending method: then
 * every record has the field, null where the method is unknown. NULL with an error.
 */
const struct stream *export_envelopes_stream(struct ledger *ledger, struct error *error);

/* As export_records(). EX_DATAERR for an envelope whose account, plan item or status the ledger does not know. */
int export_envelopes(struct ledger *ledger, const struct stream *stream, record_sink *sink, void *context, struct error *error);

#endif
