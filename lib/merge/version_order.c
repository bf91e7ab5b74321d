#include "merge/version_order.h"

#include "base/instant.h"
#include "ledger/ledger_row.h"

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

static int read_name(struct ledger *ledger, const char *statement_name, uint32_t key, struct buffer *name, struct error *error)
{
	const char *text;
	sqlite3_stmt *statement = ledger_statement(ledger, statement_name, error);
	if (!statement)
		return -1;
	sqlite3_bind_int64(statement, 1, key);
	int got = ledger_step(ledger, statement, error);
	if (got == 0)
		return ledger_damaged(ledger, error, "the %s of key %u is missing", statement_name, key);
	if (got < 0 || !(text = ledger_text(ledger, statement, 0, statement_name, error)))
		return -1;
	buffer_append_string(name, text);
	sqlite3_reset(statement);
	return buffer_check(name, error);
}

/* Keys are in the order of arrival, which must not matter: the names decide. Key 0 is no name, which is null. */
static int compare_names(struct ledger *ledger, const char *statement_name, uint32_t left, uint32_t right, int *order, struct error *error)
{
	struct buffer names[2] = {BUFFER_INIT, BUFFER_INIT};
	*order = !left - !right;
	if (left == right || *order)
		return 0;
	int result = read_name(ledger, statement_name, left, &names[0], error) < 0 ||
			read_name(ledger, statement_name, right, &names[1], error) < 0
		? -1
		: 0;
	if (result == 0)
		*order = strcmp(names[0].data, names[1].data);
	buffer_release(&names[0]);
	buffer_release(&names[1]);
	return result;
}

int version_status_place(struct ledger *ledger, uint32_t status, uint32_t *place, struct error *error)
{
	int64_t known = status;
	int got = status < STATUS_UNKNOWN ? 0 : ledger_find(ledger, "status_place", status, &known, error);
	*place = (uint32_t)known;
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

/* The same status with another method. */
static int compare_methods(struct ledger *ledger, uint32_t left, uint32_t right, int *order, bool *conflict, struct error *error)
{
	int64_t left_has = 0, right_has = 0;
	if (ledger_find(ledger, "status_has_method", left, &left_has, error) < 0 ||
		ledger_find(ledger, "status_has_method", right, &right_has, error) < 0)
		return -1;
	*conflict = left_has && right_has;
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
