/*
 * manifest.h: raw/manifest.json of a run: the SHA-256 of every file of its recording and of its inputs, and of the manifest of the run before.
 * So no run can be changed or taken out unseen.
 *
 *     {"previous": {"run": "20250318T020000Z", "sha256": "…"} or null, "files": [{"sha256": "…", "file": "raw/fetch-datafeed.bodies"}, …]}
 */
#ifndef ENVTALLY_MANIFEST_H
#define ENVTALLY_MANIFEST_H

#include "base/error.h"

/* Writes the manifest of the run that is in `folder`; the run before is the last one in `runs`. */
int manifest_write(const char *folder, const char *runs, struct error *error);

/*
 * Checks the runs of a folder up to the run `last`: the chain of their manifests, and every file that these name. Returns how many there
 * are; -1 with EX_DATAERR that names the run and the file.
 */
int manifest_verify(const char *runs, const char *last, struct error *error);

#endif
