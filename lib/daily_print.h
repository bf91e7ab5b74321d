/*
 * daily_print.h: the daily partials of the ledger as daily_consumption records.
 */
#ifndef ENVTALLY_DAILY_PRINT_H
#define ENVTALLY_DAILY_PRINT_H

#include "ledger.h"
#include "output.h"

#include <stdint.h>

struct daily_status;

struct daily_printer {
	struct ledger *ledger;
	struct output *output;
	struct daily_status *statuses; /* of the ledger, ordered by name */
	size_t status_count;
	int32_t *places;     /* among the statuses, by key; -1: not counted */
	size_t place_count;
	/* The partial under way: rows of the ledger that fall together become one. */
	struct buffer plan_item;
	bool open, has_plan_item;
	int32_t day;
	int64_t units, first_sent_at, last_sent_at;
};

struct daily_account {
	int64_t account;               /* key in the ledger */
	const char *account_id;
	const char *default_plan_item; /* what envelopes without one take; NULL: none */
	int32_t since;                 /* from this day on */
};

int daily_printer_open(struct daily_printer *printer, struct ledger *ledger, struct output *output, struct error *error);
void daily_printer_release(struct daily_printer *printer);

/*
 * Prints the partials of one account, by plan item and day; and for each of its periods last reported one of 0 units, so that
 * a period that lost its last envelope is not overlooked.
 */
int daily_print_account(struct daily_printer *printer, const struct daily_account *account, struct error *error);

#endif
