#include "run/as_of_check.h"

#include "base/buffer.h"
#include "run/run_folder.h"
#include "run/run_records.h"

#include <inttypes.h>
#include <string.h>

struct check {
	const struct promotions *promotions;
	size_t place; /* of the run */
	const char *run;
	int64_t clock;
	bool of_run; /* the records being read are the run's own */
	struct name_table figures; /* value: units by the ledger, less those of the run */
	struct buffer contracts[2]; /* of the ledger; of the run */
	struct buffer key;
};

static void append_slice(struct buffer *key, const struct json_slice *slice)
{
	bool is_null = slice->kind == JSON_NULL || slice->kind == JSON_ABSENT;
	buffer_append_format(key, "%s%.*s", key->length ? ", " : "", is_null ? 4 : (int)slice->length, is_null ? "none" : slice->text);
}

static void add_units(struct check *check, struct record *record, int64_t units)
{
	static const int slots[] = {SLOT_profile, SLOT_account_id, SLOT_plan_item_id, SLOT_period_start};
	if (record_instant(record, SLOT_period_end) > check->clock || record->failed)
		return;
	buffer_reset(&check->key);
	for (size_t i = 0; i < sizeof slots / sizeof *slots; i++)
		append_slice(&check->key, record_slice(record, slots[i]));
	ptrdiff_t number = name_table_number(&check->figures, check->key.data, check->key.length, record->error);
	record->failed |= number < 0;
	if (number >= 0)
		check->figures.names[number].value += check->of_run ? -units : units;
}

/* Was it restated after the run? */
static bool is_later(const struct check *check, const struct json_slice *run_id)
{
	return promotions_find(check->promotions, run_id->text, run_id->length) > (ptrdiff_t)check->place;
}

static void add(void *context, struct record *record)
{
	static const int slots[] = {SLOT_effective_from, SLOT_contract_start, SLOT_renewal_months};
	struct check *check = context;
	if (message_is_record(record->message, "consumption"))
		add_units(check, record, record_integer(record, SLOT_units_consumed));
	else if (message_is_record(record->message, "restatement") && !check->of_run && is_later(check, record_slice(record, SLOT_run_id)))
		add_units(check, record, -record_integer(record, SLOT_delta));
	else if (message_is_record(record->message, "contract"))
		for (size_t i = 0; i < sizeof slots / sizeof *slots; i++)
			append_slice(&check->contracts[check->of_run], record_slice(record, slots[i]));
}

static int compare(const struct check *check, struct error *error)
{
	if (strcmp(check->contracts[0].data, check->contracts[1].data) != 0)
		return 0;
	for (size_t i = 0; i < check->figures.count; i++)
		if (check->figures.names[i].value != 0)
			return error_set(error, EX_DATAERR,
				"run %s has other figures than the ledger and its restatements give: %s (profile, account, plan item, period start) "
				"differs by %" PRId64 " units",
				check->run, check->figures.names[i].text, check->figures.names[i].value);
	return 0;
}

int as_of_check(int descriptor, const char *name, const char *runs, const struct promotions *promotions, size_t place, struct error *error)
{
	const char *run = promotions->list[place].run_id;
	struct check check = {.promotions = promotions,
		.place = place,
		.run = run,
		.clock = promotions->list[place].clock,
		.contracts = {BUFFER_INIT, BUFFER_INIT},
		.key = BUFFER_INIT};
	char path[RUN_PATH_LIMIT];
	int result = run_records_read_descriptor(descriptor, name, add, &check, error);
	check.of_run = true;
	if (result == 0)
		result = run_records_read(run_path(path, runs, run, "consumption.ndjson"), add, &check, error);
	if (result == 0)
		result = run_records_read(run_path(path, runs, run, "results.ndjson"), add, &check, error);
	if (result == 0)
		result = compare(&check, error);
	name_table_release(&check.figures);
	for (int i = 0; i < 2; i++)
		buffer_release(&check.contracts[i]);
	buffer_release(&check.key);
	return result;
}
