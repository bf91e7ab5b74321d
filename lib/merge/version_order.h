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
 * where any is greater than none: so a version that was fetched again for its method is kept. 0 only for equal versions.
 *
 * *conflict: both were modified at the same time and contradict each other. A missing method is no contradiction.
 */
int version_compare(
	struct ledger *ledger, const struct envelope *left, const struct envelope *right, int *order, bool *conflict, struct error *error);

/*
 * Sets *place to the rank of a status. The key may be that of a status with a sending method; the rank is that of the status alone, or
 * STATUS_UNKNOWN and up for one that we do not know.
 */
int version_status_place(struct ledger *ledger, uint32_t status, uint32_t *place, struct error *error);

#define STATUS_UNKNOWN 1000 /* from this key on statuses are not ours, or have a sending method */

#endif
