/*
 * explanation_billing.h: Docusign's own count in an explanation: below each position the checks of the accounts that are in it, and
 * last those of accounts that consumed nothing in the period.
 */
#ifndef ENVTALLY_EXPLANATION_BILLING_H
#define ENVTALLY_EXPLANATION_BILLING_H

#include "explain/explanation_line.h"

/* The checks in the order in which they are looked for. */
void explanation_sort_checks(struct explanation *explanation);

/* Counts an envelope that was sent near an edge of a check that its account and period have. */
void explanation_count_near_edges(struct explanation *explanation, const struct explained_consumption *consumption, int64_t sent_at);

void explanation_print_billing(struct explanation_printing *printing, int64_t parent, const struct explained_position *position);
void explanation_print_billing_alone(struct explanation_printing *printing);

#endif
