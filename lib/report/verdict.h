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

enum verdict { VERDICT_NOT_COMPLIANT, VERDICT_INCOMPLETE, VERDICT_AT_RISK, VERDICT_COMPLIANT };

/* Of a report that was sorted: calls `say` for each sentence. Returns the worst, which is the first. */
enum verdict report_verdict(
	const struct report *report, void (*say)(void *context, enum verdict verdict, const struct buffer *sentence), void *context);

/* May anything be shown as good? Not while something unknown could change it, or rights are expected to run out. */
bool report_is_certain(const struct report *report);

#endif
