/*
 * export_statuses.h: the SQL aggregate by_status(envelopes) over rows of table `daily`: a JSON object of how many envelopes of each
 * status that counts, by name. So the database itself groups and orders the daily partials.
 */
#ifndef ENVTALLY_EXPORT_STATUSES_H
#define ENVTALLY_EXPORT_STATUSES_H

#include "ledger.h"

/* Defines it for this connection, which frees what it takes. */
int export_statuses_define(struct ledger *ledger, struct error *error);

#endif
