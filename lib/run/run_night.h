/*
 * run_night.h: how many accounts a run has asked: sums of its account_nights.
 */
#ifndef ENVTALLY_RUN_NIGHT_H
#define ENVTALLY_RUN_NIGHT_H

#include "run/run_records.h"

struct run_night {
	int64_t accounts, due, asked, with_news, put_off;
};

/* For run_records_read(): adds a record of accounts.ndjson, if it is an account_night. */
void run_night_add(void *night, struct record *record);

#endif
