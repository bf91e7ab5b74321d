/*
 * position_billing.h: the three-way check of bought, billed and counted: Docusign's own count beside ours.
 *
 * A billing period belongs to the consumption period that holds its middle: its edges are midnights of Docusign's time zone, ours of
 * UTC, so that neither edge would do. It belongs to a license metric when all that its account consumed in that consumption period is of
 * that metric; else to none, since Docusign counts by account only. Billed and counted are always of the same stretch, so the
 * choice of the period makes no difference appear.
 */
#ifndef ENVTALLY_POSITION_BILLING_H
#define ENVTALLY_POSITION_BILLING_H

#include "reconcile/position_cell.h"

/* What the billing periods of a metric in a period come to: those of which both counts are known. */
struct position_billed {
	int64_t periods, billed, counted;
};

/* Assigns all billing periods; once lines and periods are there. */
int position_billing_open(struct position *position, struct error *error);
void position_billing_release(struct position *position);

/* Sets these figures of a metric in a period, by the period's rank. */
void position_billing_figures(const struct position *position, size_t metric, size_t rank, struct figures *figures);

/* A billing_check for each billing period, by account and start. */
void position_billing_print(struct position *position);

#endif
