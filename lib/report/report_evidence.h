/*
 * report_evidence.h: what a run was made of, for a section of its report: who checks the report begins here.
 *
 * The page of a run is one of its files, and the same whichever way the run took: replayed, interrupted, divided among shards. So of a run under way only
 * that is told which decides its figures: licence files and counting policy. Of a promoted run all of it is.
 */
#ifndef ENVTALLY_REPORT_EVIDENCE_H
#define ENVTALLY_REPORT_EVIDENCE_H

#include "base/sha256.h"
#include "report/report.h"

struct report_file {
	const char *name; /* in the folder of the run */
	char sha256[SHA256_HEX_LENGTH + 1];
};

struct report_evidence {
	const char *run; /* its name; NULL where it is not known */
	const char *previous; /* the run before it; NULL for none */
	bool is_promoted; /* then what follows is told, NULL where it is not known: */
	const char *version; /* of envtally, which made it */
	const char *manifest, *previous_manifest; /* the digests of its manifest, and of that of the run before */
	struct report_file *files; /* inputs, and of a promoted run recordings */
	size_t count;
};

/* "What it says about the run" and "what that is" in turn: calls `add` for each that is known. */
void report_evidence_facts(const struct report *report, void (*add)(void *context, const char *name, const char *value), void *context);

/* How to check it: a command, and what it shows. */
struct report_check {
	const char *command, *shows;
};
#define REPORT_CHECKS 4
extern const struct report_check report_checks[REPORT_CHECKS]; /* RUN in a command is the run's name */

/* Appends the command with the run's name. */
void report_check_append(const struct report_check *check, const char *run, struct buffer *text);

#endif
