/*
 * export_records.h: what the ledger holds of a stream, as records.
 *
 * Records come by key, null first; envelopes by the hash of their ids, then by id, which is the order they are stored in: the same
 * envelopes give the same order, whatever the ledger's blocks (envelope_block.h). Memory does not grow with their number.
 * Of the streams that a run reports, consumption, restatements and job_results are all there are; any other is that of the last run.
 */
#ifndef ENVTALLY_EXPORT_RECORDS_H
#define ENVTALLY_EXPORT_RECORDS_H

#include "ledger/ledger.h"
#include "stream/stream.h"

/* Takes a record, a JSON object, with its braces. Returns 0, or what ends the walk: 1, or -1 with an error. */
typedef int export_put(void *context, const struct buffer *record, struct error *error);

/* Returns 0; or what `put` returned, when that is not 0; -1 with an error. */
int export_records(struct ledger *ledger, const struct stream *stream, export_put *put, void *context, struct error *error);

#endif
