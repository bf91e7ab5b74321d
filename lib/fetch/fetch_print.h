/*
 * fetch_print.h: what a run of fetch-datafeed writes: its streams to standard output, its progress to standard error.
 */
#ifndef ENVTALLY_FETCH_PRINT_H
#define ENVTALLY_FETCH_PRINT_H

#include "fetch/fetch_run.h"

void fetch_print_schemas(struct fetch_run *run);

/* A raw record of the feed; `account_id` is NULL in a feed of the organization. */
void fetch_print_record(struct fetch_run *run, const char *account_id, const char *text, size_t length);

/* How far an account is read, once a window up to `until` is. */
void fetch_print_watermark(struct fetch_run *run, const char *account_id, const struct bookmark *bookmark, int64_t until);

/* At the end: what the night did for each account, in the order of their ids; and a line that sums it up, for people. */
void fetch_print_night(struct fetch_run *run);

void fetch_print_state(struct fetch_run *run);

/* Not after every page: STATEs stay a small part of the output. */
void fetch_print_state_when_due(struct fetch_run *run);

/* Shown when it is due; at the end always, `last`. */
void fetch_print_progress(const struct fetch_run *run, bool last);

#endif
