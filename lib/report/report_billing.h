/*
 * report_billing.h: the section of the table about Docusign's own count: the billing periods in which it is not ours.
 */
#ifndef ENVTALLY_REPORT_BILLING_H
#define ENVTALLY_REPORT_BILLING_H

#include "io/text_table.h"
#include "report/report.h"

/* What people read for the `check` of a billing_check. */
const char *report_billing_phrase(const char *check);

int report_billing_print(const struct report *report, const struct text_page *page, struct buffer *output, struct error *error);

#endif
