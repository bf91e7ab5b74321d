/*
 * explanation_billing.h: Docusign's own count in an explanation: below each position the checks of its accounts, and at the end those of
 * accounts without consumption in the period.
 */
#ifndef ENVTALLY_EXPLANATION_BILLING_H
#define ENVTALLY_EXPLANATION_BILLING_H

#include "explain/explanation_line.h"

void explanation_sort_checks(struct explanation *explanation);

/* Counts an envelope in the checks of its account and period, if it was sent near one of their edges. */
void explanation_count_near_edges(struct explanation *explanation, const struct explained_consumption *consumption, int64_t sent_at);

void explanation_print_billing(struct explanation_printing *printing, int64_t parent, const struct explained_position *position);
void explanation_print_billing_alone(struct explanation_printing *printing);

#endif
