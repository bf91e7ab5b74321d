/*
 * version_order.h: which of two versions of an envelope wins.
 */
#ifndef ENVTALLY_VERSION_ORDER_H
#define ENVTALLY_VERSION_ORDER_H

#include "envelope_row.h"
#include "ledger.h"

/*
 * Sets *order like strcmp: the greater version wins. By modified_at; then by status, known ones by their keys below
 * STATUS_UNKNOWN, unknown ones after them by name; then by the bytes of the record. 0 only for equal versions.
 */
int version_compare(struct ledger *ledger, const struct envelope *left, const struct envelope *right, int *order, struct error *error);

#define STATUS_DRAFT 2      /* up to this key a status is that of a draft or template: not consumed */
#define STATUS_UNKNOWN 1000 /* from this key on statuses are not ours */

#endif
