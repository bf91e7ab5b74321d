/*
 * run_folder.h: the folders of a profile's runs, runs/NAME/RUN, and the facts of one: job.json.
 *
 * A run under way is in .RUN.partial; one of these that no program works on was interrupted. One that was
 * given up is in .RUN.discarded. A run's name is its clock,
 * 20260301T020000Z, so names sort by time.
 */
#ifndef ENVTALLY_RUN_FOLDER_H
#define ENVTALLY_RUN_FOLDER_H

#include "base/error.h"

#include <stddef.h>

#define RUN_PATH_LIMIT 4096

enum run_kind { RUN_FINISHED, RUN_INTERRUPTED, RUN_DISCARDED };

struct run_list {
	char **names; /* of the runs, ascending; owned */
	size_t count;
};

/* A folder that is not there has no runs. EX_OSERR when memory is short, EX_NOINPUT when the folder cannot be read. */
int run_list_read(struct run_list *list, const char *runs, enum run_kind kind, struct error *error);
void run_list_release(struct run_list *list);

/* RUNS/RUN/FILE, into `path` of RUN_PATH_LIMIT bytes, cut to fit; returns it. */
const char *run_path(char *path, const char *runs, const char *run, const char *file);

/* job.json: texts as they are in it, "" where it has none. */
struct run_job {
	char run_id[64], profile[256], state[32], started_at[40];
	char consumption[24], restatements[24], rejects[24], accounts_without_billing[24];
};

int run_job_read(struct run_job *job, const char *runs, const char *run, struct error *error);

#endif
