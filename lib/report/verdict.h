/*
 * verdict.h: what a licence position comes to, in one word and one line: the first sentence of a report, the last line of a run, the verdict
 * of its job_result.
 *
 * The worst word that applies:
 *
 *   Not Compliant  rights are missing in some row
 *   Incomplete     something unknown could change the position: units in no software model, rows of an unknown use, a feed that is stale or
 *                  was never read, an account that could not be read, a row of a licence file without effect
 *   At risk        rights are expected to run out before their period ends
 *   Compliant      none of these
 *
 * The line has a sentence for each that applies, worst first, with its figures:
 *
 *     Not Compliant: 2 of 9 rows of the licence position, 21 rights missing, true-up 52.71 USD. Incomplete: 8 units in no software model.
 */
#ifndef ENVTALLY_VERDICT_H
#define ENVTALLY_VERDICT_H

#include "report/report.h"

enum verdict { VERDICT_NOT_COMPLIANT, VERDICT_INCOMPLETE, VERDICT_AT_RISK, VERDICT_COMPLIANT, VERDICT_NO_POSITION };

/* Of a report that was sorted. The line is put into `text`, in place of what it has. */
enum verdict report_verdict(const struct report *report, struct buffer *text);

/* Missing rights over all rows; -1 where a figure is no whole number. */
int64_t report_missing_rights(const struct report *report);

/* Appends the cost of all missing rights, a sum for each currency: "52.71 USD and 4000 JPY". Returns how many rows have no cost. */
size_t report_append_true_up(const struct report *report, struct buffer *text);

#endif
