/*
 * report_charges.h: what each group pays of a position's spend, in the period that groups are shown of, and before them what all come to: the position's
 * current-period spend.
 */
#ifndef ENVTALLY_REPORT_CHARGES_H
#define ENVTALLY_REPORT_CHARGES_H

#include "report/report.h"

/* Once groups are sorted: fills report->charges, rows of group_result. Those of a position and type follow one whose group_kind is "total". */
int report_charges_build(struct report *report, struct error *error);

#endif
