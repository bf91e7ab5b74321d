/*
 * manifest.h: raw/manifest.json of a run: the SHA-256 of every other file in its folder, and of the manifest of the run before. The ledger
 * has the SHA-256 of each manifest (job_result), so no run can be changed, added to or removed unnoticed.
 *
 *     {"manifest": 2, "previous": {"run": "20250318T020000Z", "sha256": "…"} or null, "files": [{"sha256": "…", "file": "inputs/models.csv"}, …]}
 *
 * The previous run is the one that the ledger promoted before, with the digest that the ledger has; names, clocks and folders play no part.
 * "sha256" is null where neither the ledger nor a folder had it. Manifests of earlier versions have no "manifest" and list recordings and
 * inputs alone.
 */
#ifndef ENVTALLY_MANIFEST_H
#define ENVTALLY_MANIFEST_H

#include "base/buffer.h"
#include "ledger/promotions.h"
#include "run/checkpoint.h"

#include <stdbool.h>

/* Writes the manifest of the run under way in `folder`, whose other files are complete; its predecessor, the last of `before`, is in the
 * folder `runs`. Sets the manifest's digest. */
int manifest_write(
	const char *folder, const char *runs, const struct promotions *before, char digest[SHA256_HEX_LENGTH + 1], struct error *error);

/* The digest of a manifest as a promotion stores it: "" for one of an earlier version. */
int manifest_digest(const char *path, char digest[SHA256_HEX_LENGTH + 1], struct error *error);

struct manifest_chain {
	size_t earlier; /* runs at its beginning whose manifests are of an earlier version */
	char newest[SHA256_HEX_LENGTH + 1]; /* digest of the last manifest */
};

/*
 * Checks all promoted runs: the chain of their manifests, by the digests that the ledger has, and that each folder has the files that its
 * manifest lists and no other. Of runs up to that of `after` (NULL: of none) only manifests are checked, where they are kept. Of `without_bodies`,
 * recorded bodies may be missing, and of a folded run all files but those that its folder keeps. EX_DATAERR names the run and the file.
 */
int manifest_verify(const char *runs, const struct promotions *promotions, const struct checkpoint *after, bool without_bodies,
	struct manifest_chain *chain, struct error *error);

/* The same of the files of one run, by the manifest that its folder has. */
int manifest_verify_files(const char *runs, const char *run, struct error *error);

/*
 * The same as far as it costs little: the manifest of each run that is not `lost` (by place in promotions) is the one that the ledger has, the
 * files of the last run are those of its manifest, and no folder follows it. Appends a line for each that is not so.
 */
int manifest_survey(const char *runs, const struct promotions *promotions, const bool *lost, struct buffer *damage, struct error *error);

/* Is there a folder whose manifest follows the newest one? Then the ledger has promoted that run, and lost it: EX_DATAERR names it. */
int manifest_find_forgotten(const char *runs, const struct promotions *promotions, const struct manifest_chain *chain, struct error *error);

#endif
