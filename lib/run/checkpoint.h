/*
 * checkpoint.h: a ledger as it was after some run, kept so that what came later can be proven without what came before.
 *
 * A folder with RUN.db, that ledger, and checkpoint.json, which is written last:
 *
 *     {"checkpoint": 1, "run": "20250325T020000Z", "manifest": "SHA-256 of its manifest" or null, "ledger": "SHA-256 of RUN.db",
 *      "source": "recordings" or "ledger", "runs": 2, "earlier": 0, "made_at": "…", "version": "envtally 0.1.0", "before": "…" or null}
 *
 * `source` says whether the ledger was made from the recordings of all runs up to RUN, or taken as it was. `runs` is how many these are, `earlier` how
 * many of them are of an earlier version (manifest.h). `before` is the SHA-256 of the checkpoint.json that the newest run of then froze among its inputs.
 *
 * LEDGER.checkpoint, beside ledger/NAME.db, is where a profile's evidence begins: runs up to its own may have been dropped.
 */
#ifndef ENVTALLY_CHECKPOINT_H
#define ENVTALLY_CHECKPOINT_H

#include "base/buffer.h"
#include "ledger/promotions.h"

struct checkpoint {
	char run[64]; /* "": there is none */
	char manifest[SHA256_HEX_LENGTH + 1]; /* "": by an earlier version */
	size_t runs, earlier;
	const char *source, *before; /* to write: before may be NULL */
};

/* A file that is not there is no checkpoint. EX_DATAERR: it is none. */
int checkpoint_read(const char *path, struct checkpoint *checkpoint, struct error *error);

/* Writes FOLDER/checkpoint.json; FOLDER/RUN.db is there. */
int checkpoint_write(const char *folder, const struct checkpoint *checkpoint, int64_t made_at, struct error *error);

/* How many of the ledger's promotions are up to its checkpoint; 0 without one. */
int checkpoint_covers(const char *ledger_path, const struct promotions *promotions, size_t *count, struct error *error);

#endif
