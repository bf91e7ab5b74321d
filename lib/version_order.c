#include "version_order.h"

#include "instant.h"

#include <string.h>

static int compare_integers(int64_t left, int64_t right)
{
	return (left > right) - (left < right);
}

/* As the record's bytes compare: null after any time. */
static int compare_times(int64_t left, int64_t right)
{
	if (left == INSTANT_NONE || right == INSTANT_NONE)
		return (left == INSTANT_NONE) - (right == INSTANT_NONE);
	return compare_integers(left, right);
}

/* Numbers were given in the order of arrival, which must not matter: the names decide. 0 for no name, which is null. */
static int compare_names(struct ledger *ledger, const char *statement_name, uint32_t left, uint32_t right, int *order,
	struct error *error)
{
	struct buffer names[2] = {BUFFER_INIT, BUFFER_INIT};
	const uint32_t keys[2] = {left, right};
	int result = 0;
	*order = 0;
	if (left == right)
		return 0;
	if (!left || !right) {
		*order = left ? -1 : 1;
		return 0;
	}
	for (int i = 0; i < 2 && result == 0; i++) {
		sqlite3_stmt *statement = ledger_statement(ledger, statement_name, error);
		if (!statement)
			result = -1;
		else
			sqlite3_bind_int64(statement, 1, keys[i]);
		if (result == 0 && ledger_step(ledger, statement, error) != 1)
			result = -1;
		if (result == 0) {
			buffer_append(&names[i], sqlite3_column_text(statement, 0), (size_t)sqlite3_column_bytes(statement, 0));
			sqlite3_reset(statement);
			result = buffer_check(&names[i], error);
		}
	}
	if (result == 0)
		*order = strcmp(names[0].data, names[1].data);
	buffer_release(&names[0]);
	buffer_release(&names[1]);
	return result;
}

int version_compare(struct ledger *ledger, const struct envelope *left, const struct envelope *right, int *order,
	struct error *error)
{
	*order = compare_integers(left->modified_at, right->modified_at);
	if (*order)
		return 0;
	if (left->status != right->status) {
		*order = compare_integers(left->status, right->status);
		return left->status < STATUS_UNKNOWN || right->status < STATUS_UNKNOWN
			? 0
			: compare_names(ledger, "status_name", left->status, right->status, order, error);
	}
	if (compare_names(ledger, "account_name", left->account, right->account, order, error) < 0 || *order)
		return *order ? 0 : -1;
	if ((*order = compare_times(left->created_at, right->created_at)) || (*order = compare_times(left->sent_at, right->sent_at)) ||
		(*order = compare_times(left->completed_at, right->completed_at)))
		return 0;
	if (compare_names(ledger, "plan_item_name", left->plan_item, right->plan_item, order, error) < 0 || *order)
		return *order ? 0 : -1;
	*order = envelope_id_compare(&left->sender_id, &right->sender_id);
	return 0;
}
