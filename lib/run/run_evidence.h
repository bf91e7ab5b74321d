/*
 * run_evidence.h: what the run in a folder was made of, for its report: report_evidence.h.
 */
#ifndef ENVTALLY_RUN_EVIDENCE_H
#define ENVTALLY_RUN_EVIDENCE_H

#include "report/report_evidence.h"
#include "run/run_folder.h"

struct run_evidence {
	struct report_evidence evidence; /* run, previous and previous_manifest are the caller's */
	struct run_list files;
	struct buffer version;
	char manifest[SHA256_HEX_LENGTH + 1];
};

/* A folder with begun.json is of a run under way. */
int run_evidence_read(struct run_evidence *evidence, const char *folder, struct error *error);
void run_evidence_release(struct run_evidence *evidence);

#endif
