/*
 * verdict.h: what a licence position comes to: the top of a report, the last line of a run, `envtally status`, the verdict of a job_result.
 *
 * The worst word that applies:
 *
 *   Not Compliant  rights are missing in some row
 *   Incomplete     something unknown could change the position: units in no software model, an account that could not be read, a feed that is
 *                  stale or was never read, rows of an unknown use, rows of a licence file without effect, a billing period in which Docusign
 *                  counts more, or no position at all
 *   At risk        rights are expected to run out before their period ends
 *   Compliant      none of these
 *
 * Each that applies has a sentence with its figures and the next step, worst first:
 *
 *     Not Compliant: 2 of 9 rows of the licence position, 21 rights missing, true-up 52.71 USD: buy them, or record the entitlement that covers them.
 *     Incomplete: 8 units in no software model: add rows to licence/models.csv (`envtally models suggest`).
 */
#ifndef ENVTALLY_VERDICT_H
#define ENVTALLY_VERDICT_H

#include "report/report.h"
#include "report/report_sums.h"

enum verdict { VERDICT_NOT_COMPLIANT, VERDICT_INCOMPLETE, VERDICT_AT_RISK, VERDICT_COMPLIANT };

/* Of a report that was sorted: calls `say` for each sentence. Returns the worst, which is the first. */
enum verdict report_verdict(
	const struct report *report, void (*say)(void *context, enum verdict verdict, const struct buffer *sentence), void *context);

/* Of such a line as a run has kept: appends what the missing rights cost, "52.71 USD"; nothing where none are missing. */
void verdict_true_up_append(const char *line, struct buffer *text);

/* May anything be shown as good? Not while something unknown could change it, or rights are expected to run out. */
bool report_is_certain(const struct report *report);

/* What is not known and could change the position. */
struct report_gap {
	int64_t count; /* REPORT_SOME: how many is not known */
	const char *thing, *of, *next_step;
	const char *section; /* of the page: where it is */
};
#define REPORT_SOME (-1)
#define REPORT_GAPS 9 /* kinds */

/* Those that there are. Returns how many. */
size_t report_gaps(const struct report *report, struct report_gap gaps[]);

/* Appends "8 units in no software model". */
void report_gap_append(const struct report_gap *gap, struct buffer *text);

/* Adds the cost of all that is missing. */
void report_sum_true_up(const struct report *report, struct report_sums *sums);

/* Are rights expected to run out within the period? Not where they have, which is Not Compliant, and where an agreement covers all. */
bool report_runs_out(const struct report_row *forecast);

#endif
