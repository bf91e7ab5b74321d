/*
 * run_folder.h: the folders of a profile's runs, runs/NAME/RUN.
 *
 * A run under way is in .RUN.partial; one of these that no program works on was interrupted. One that was given up is in
 * .RUN.discarded. Whether another folder is a run, and in which order runs were made, the ledger decides (ledger/promotions.h).
 */
#ifndef ENVTALLY_RUN_FOLDER_H
#define ENVTALLY_RUN_FOLDER_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define RUN_PATH_LIMIT 4096

enum run_kind { RUN_NAMED, RUN_INTERRUPTED, RUN_DISCARDED };

struct run_list {
	char **names; /* of the runs or files, ascending; owned */
	size_t count;
};

/* A folder that is not there has no runs. EX_OSERR when memory is short, EX_NOINPUT when the folder cannot be read. */
int run_list_read(struct run_list *list, const char *runs, enum run_kind kind, struct error *error);
void run_list_release(struct run_list *list);

/*
 * The files in the folder of a run, by their paths in it. EX_DATAERR names what is neither a regular file nor inputs/ or raw/: a run's folder
 * has nothing else.
 */
int run_files_read(struct run_list *files, const char *folder, struct error *error);

/* The same of its inputs/ and raw/ alone, also of a run under way. */
int run_evidence_files_read(struct run_list *files, const char *folder, struct error *error);

/* RUNS/RUN/FILE, into `path` of RUN_PATH_LIMIT bytes, cut to fit; returns it. */
const char *run_path(char *path, const char *runs, const char *run, const char *file);

/*
 * A folded run has its other files in this archive (tar, zstd), but for three that its folder keeps: job.json, restatements.ndjson and
 * raw/manifest.json. While it is folded it may have others still.
 */
#define RUN_ARCHIVE "files.tar.zst"
bool run_is_folded(const char *folder);

/*
 * The first file of a promoted run that its folder lacks: its evidence, raw/manifest.json, inputs/profile.json and job.json, comes before its
 * results. NULL: it has all that every run has,
 * or is folded.
 */
const char *run_missing_file(const char *folder);

#endif
