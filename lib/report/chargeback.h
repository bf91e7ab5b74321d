/*
 * chargeback.h: what each group is charged, out of group_result records: doc/reconcile.md#chargeback has the rule.
 *
 * Records of the workspace are used where there are some, else those of profiles. With an earlier set of them, `billed`, each period of it that was over is
 * charged as it was then, and what has changed since is a line of its own.
 */
#ifndef ENVTALLY_CHARGEBACK_H
#define ENVTALLY_CHARGEBACK_H

#include "base/arena.h"
#include "base/name_table.h"
#include "base/period.h"
#include "io/output.h"

struct charge_row; /* one group_result */

struct charge_set {
	struct charge_row *list;
	size_t count;
	struct name_table names;
};

struct chargeback_question {
	const char *group_type;
	bool has_day, has_index; /* only the period that contains the day, or those with the index */
	int32_t day;
	int64_t index;
	bool as_csv, has_plain_cells;
};

/* Reads the descriptor, which errors call `name`, to its end. */
int charge_set_read(
	struct charge_set *set, int descriptor, const char *name, const struct chargeback_question *question, struct error *error);
void charge_set_release(struct charge_set *set);

/* `billed` may be empty; periods of it count that end until `billed_at`. */
int chargeback_print(const struct charge_set *now, const struct charge_set *billed, int64_t billed_at,
	const struct chargeback_question *question, struct output *output, struct error *error);

#endif
