#include "merge/version_order.h"

#include "base/instant.h"

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
static int compare_names(struct ledger *ledger, const char *statement_name, uint32_t left, uint32_t right, int *order, struct error *error)
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

int version_status_place(struct ledger *ledger, uint32_t status, uint32_t *place, struct error *error)
{
	*place = status;
	if (status < STATUS_UNKNOWN)
		return 0;
	sqlite3_stmt *statement = ledger_statement(ledger, "status_place", error);
	if (!statement)
		return -1;
	sqlite3_bind_int64(statement, 1, status);
	int got = ledger_step(ledger, statement, error);
	if (got > 0)
		*place = (uint32_t)sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return got < 0 ? -1 : 0;
}

/* By status alone, whatever the methods. */
static int compare_statuses(struct ledger *ledger, uint32_t left, uint32_t right, int *order, struct error *error)
{
	uint32_t places[2];
	*order = 0;
	if (left == right)
		return 0;
	if (version_status_place(ledger, left, &places[0], error) < 0 || version_status_place(ledger, right, &places[1], error) < 0)
		return -1;
	if (places[0] >= STATUS_UNKNOWN && places[1] >= STATUS_UNKNOWN)
		return compare_names(ledger, "status_name", left, right, order, error);
	*order = compare_integers(places[0], places[1]);
	return 0;
}

/* All but the time of modification and the sending method. */
static int compare_contents(
	struct ledger *ledger, const struct envelope *left, const struct envelope *right, int *order, struct error *error)
{
	if (compare_statuses(ledger, left->status, right->status, order, error) < 0 || *order)
		return *order ? 0 : -1;
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

static int tells_method(struct ledger *ledger, uint32_t status, bool *tells, struct error *error)
{
	sqlite3_stmt *statement = ledger_statement(ledger, "status_method", error);
	if (!statement)
		return -1;
	sqlite3_bind_int64(statement, 1, status);
	int got = ledger_step(ledger, statement, error);
	*tells = got > 0 && sqlite3_column_bytes(statement, 0) > 0;
	sqlite3_reset(statement);
	return got < 0 ? -1 : 0;
}

/* The same status with another method. */
static int compare_methods(struct ledger *ledger, uint32_t left, uint32_t right, int *order, bool *conflict, struct error *error)
{
	bool left_tells, right_tells;
	if (tells_method(ledger, left, &left_tells, error) < 0 || tells_method(ledger, right, &right_tells, error) < 0)
		return -1;
	*conflict = left_tells && right_tells;
	return compare_names(ledger, "status_method", left, right, order, error);
}

int version_compare(
	struct ledger *ledger, const struct envelope *left, const struct envelope *right, int *order, bool *conflict, struct error *error)
{
	*conflict = false;
	*order = compare_integers(left->modified_at, right->modified_at);
	if (*order)
		return 0;
	if (compare_contents(ledger, left, right, order, error) < 0)
		return -1;
	*conflict = *order != 0;
	return *order || left->status == right->status ? 0 : compare_methods(ledger, left->status, right->status, order, conflict, error);
}
