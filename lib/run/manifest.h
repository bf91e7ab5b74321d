/*
 * manifest.h: raw/manifest.json of a run: the SHA-256 of every file of its recording and of its inputs, and of the manifest of the run before.
 * So no run can be changed or removed unnoticed. The previous run is the one that the ledger promoted before.
 *
 *     {"previous": {"run": "20250318T020000Z", "sha256": "…"} or null, "files": [{"sha256": "…", "file": "raw/fetch-datafeed.bodies"}, …]}
 *
 * "sha256" is null where the folder of the run before was lost by then.
 */
#ifndef ENVTALLY_MANIFEST_H
#define ENVTALLY_MANIFEST_H

#include "ledger/promotions.h"

/* Writes the manifest of the run in `folder`; `previous`, the run before it, is in the folder `runs`. NULL: there is none. */
int manifest_write(const char *folder, const char *runs, const char *previous, struct error *error);

/*
 * Checks the runs that were promoted, up to the one of that place: the chain of their manifests, and every file that these name. EX_DATAERR
 * names the run and the file.
 */
int manifest_verify(const char *runs, const struct promotions *promotions, size_t last, struct error *error);

#endif
