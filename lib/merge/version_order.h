/*
 * version_order.h: which of two versions of an envelope wins.
 */
#ifndef ENVTALLY_VERSION_ORDER_H
#define ENVTALLY_VERSION_ORDER_H

#include "ledger/ledger.h"
#include "merge/envelope_row.h"

/*
 * Sets *order like strcmp: the greater version wins. By modified_at; then by status, known ones by their keys below
 * STATUS_UNKNOWN, unknown ones after them by name; then by the bytes of the record's other fields; last by the sending method,
 * where one that is told is greater than none: so what is fetched again to learn it is kept. 0 only for equal versions.
 *
 * *conflict: they are of the same time and contradict each other. That one of them does not tell the method is no contradiction.
 */
int version_compare(
	struct ledger *ledger, const struct envelope *left, const struct envelope *right, int *order, bool *conflict, struct error *error);

/*
 * Sets *place of a status by its key, which is that of a status with a sending method where an envelope tells one: its key without a method
 * where it is a known one, else STATUS_UNKNOWN or more.
 */
int version_status_place(struct ledger *ledger, uint32_t status, uint32_t *place, struct error *error);

#define STATUS_UNKNOWN 1000 /* from this key on statuses are not ours, or have a sending method */

#endif
