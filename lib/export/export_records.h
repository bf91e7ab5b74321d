/*
 * export_records.h: what the ledger holds of a stream, as `envtally export` prints it.
 *
 * Records are in the order of their keys, null first; envelopes in the order of storage, by the hash of their ids, then by id: the same
 * envelopes give the same order, however the ledger's blocks are split (envelope_block.h). Memory does not grow with their number.
 * Of the streams that a run reports, consumption, restatements (of rights too) and job_results are all there are; any other is that of the last run.
 */
#ifndef ENVTALLY_EXPORT_RECORDS_H
#define ENVTALLY_EXPORT_RECORDS_H

#include "export/record_rows.h"

/* Envelopes are stream_envelope or stream_envelope_method (export_envelopes.h). Returns 0; or what `sink` returned, when that is not 0;
 * -1 with an error. */
int export_records(struct ledger *ledger, const struct stream *stream, record_sink *sink, void *context, struct error *error);

#endif
