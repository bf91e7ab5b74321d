#include "report/chargeback.h"

#include "base/array.h"
#include "base/instant.h"
#include "base/money.h"
#include "io/csv_write.h"
#include "io/text_table.h"
#include "stream/record.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define RATE_DIGITS 4 /* beyond those of the currency */

/* clang-format off */
#define FIELDS(X) \
	X(profile) X(software_model) X(license_metric) X(unit) X(period_index) X(period_start) X(period_end) X(group_type) X(group_kind) X(group_value) \
	X(group_name) X(rights_owned) X(rights_allocated) X(rights_pooled) X(rights_used) X(declared_units) X(unlicensed_rights) X(covered_rights) X(currency) \
	X(true_up_cost) X(used_spend) X(unused_spend)
/* clang-format on */
enum { FIELDS(RECORD_SLOT) SLOTS };
static const char *const pointers[] = {FIELDS(RECORD_POINTER)};

/* Texts are shared: equal ones are one pointer within a set. */
struct charge_row {
	const char *profile, *model, *metric, *unit, *kind, *value, *name, *currency; /* NULL for none */
	struct period period;
	bool is_unlimited, is_priced; /* is_priced: it has a spend */
	int64_t owned, used, declared, unlicensed, drawn, true_up, used_spend, unused_spend;
};

struct reading {
	struct charge_set *set;
	const struct chargeback_question *question;
};

/* An amount without its point: all amounts of a currency have the same digits. Null is 0. */
static int64_t amount(struct record *record, int slot)
{
	const struct json_slice *slice = record_slice(record, slot);
	int64_t sum = 0;
	for (size_t i = 0; i < slice->length && slice->kind == JSON_STRING && !record->failed; i++)
		if (slice->text[i] >= '0' && slice->text[i] <= '9' &&
			(__builtin_mul_overflow(sum, (int64_t)10, &sum) || sum_add(&sum, slice->text[i] - '0', record->error) < 0))
			record->failed = true;
	return slice->kind == JSON_STRING && slice->length && *slice->text == '-' ? -sum : sum;
}

static bool is_asked(const struct chargeback_question *question, const struct period *period)
{
	int64_t day = question->day * DAY_MS;
	return (!question->has_index || period->index == question->index) &&
		(!question->has_day || (period->start <= day && day < period->end));
}

static void add_record(void *context, struct record *record)
{
	struct reading *reading = context;
	struct name_table *names = &reading->set->names;
	if (!message_is_record(record->message, "group_result"))
		return;
	const char *type = record_shared_text(record, SLOT_group_type, names);
	struct period period = record_period(record, SLOT_period_index, SLOT_period_start, SLOT_period_end);
	if (record->failed || !type || strcmp(type, reading->question->group_type) != 0 || !is_asked(reading->question, &period))
		return;
	struct charge_row *row = array_grow((void **)&reading->set->list, &reading->set->count, sizeof *row, record->error);
	record->failed = !row;
	if (!row)
		return;
	*row = (struct charge_row){.period = period,
		.profile = record_shared_text(record, SLOT_profile, names),
		.model = record_shared_text(record, SLOT_software_model, names),
		.metric = record_shared_text(record, SLOT_license_metric, names),
		.unit = record_shared_text(record, SLOT_unit, names),
		.kind = record_shared_text(record, SLOT_group_kind, names),
		.value = record_shared_text(record, SLOT_group_value, names),
		.name = record_shared_text(record, SLOT_group_name, names),
		.currency = record_shared_text(record, SLOT_currency, names),
		.is_priced = !record_is_null(record, SLOT_used_spend),
		.owned = record_count_or(record, SLOT_rights_allocated, 0) + record_count_or(record, SLOT_rights_pooled, 0),
		.used = record_count_or(record, SLOT_rights_used, 0),
		.declared = record_count_or(record, SLOT_declared_units, 0),
		.unlicensed = record_count_or(record, SLOT_unlicensed_rights, 0),
		.true_up = amount(record, SLOT_true_up_cost),
		.used_spend = amount(record, SLOT_used_spend),
		.unused_spend = amount(record, SLOT_unused_spend)};
	record_rights(record, SLOT_rights_owned, &row->is_unlimited);
	row->drawn = row->used - row->unlicensed - record_count_or(record, SLOT_covered_rights, 0);
	if (row->currency && currency_digits(row->currency) < 0)
		record->failed =
			error_set(record->error, EX_DATAERR, "cannot charge in '%s': it is no currency of ISO 4217", row->currency) < 0;
}

int charge_set_read(
	struct charge_set *set, int descriptor, const char *name, const struct chargeback_question *question, struct error *error)
{
	struct reading reading = {set, question};
	bool has_workspace = false;
	size_t count = 0;
	if (records_read(descriptor, name, pointers, SLOTS, add_record, &reading, error) < 0)
		return -1;
	for (size_t i = 0; i < set->count; i++)
		has_workspace |= !set->list[i].profile;
	for (size_t i = 0; i < set->count; i++)
		if (!has_workspace || !set->list[i].profile)
			set->list[count++] = set->list[i];
	set->count = count;
	return 0;
}

void charge_set_release(struct charge_set *set)
{
	free(set->list);
	name_table_release(&set->names);
}

/* ---- lines ---- */

struct charge {
	const struct charge_row *row;
	const char *what;
	bool has_units;
	int64_t units, rate, amount;
};

struct charges {
	struct charge *list;
	size_t count;
};

static int compare_texts(const char *a, const char *b)
{
	return !a || !b ? !!a - !!b : strcmp(a, b);
}

/* By period, then by metric. */
static int compare_positions(const struct charge_row *a, const struct charge_row *b)
{
	int order = compare_texts(a->profile, b->profile);
	if (a->period.start != b->period.start)
		return a->period.start < b->period.start ? -1 : 1;
	order = order ? order : compare_texts(a->model, b->model);
	return order ? order : compare_texts(a->metric, b->metric);
}

static int compare_rows(const struct charge_row *a, const struct charge_row *b)
{
	int order = compare_positions(a, b);
	/* Groups, then accounts without one, then the pool. */
	order = order ? order : (!a->value && b->value) - (a->value && !b->value);
	order = order ? order : -compare_texts(a->kind, b->kind) * !a->value;
	return order ? order : compare_texts(a->value, b->value);
}

static const struct charge_row *find(const struct charge_set *set, const struct charge_row *like)
{
	for (size_t i = 0; i < set->count; i++)
		if (compare_rows(&set->list[i], like) == 0)
			return &set->list[i];
	return NULL;
}

/* The spend of all groups over all rights; over all units where rights are unlimited or there are none. */
static int rate_of(const struct charge_set *set, const struct charge_row *row, int64_t *rate, struct error *error)
{
	int64_t spend = 0, rights = 0, units = 0;
	bool is_unlimited = false;
	for (size_t i = 0; i < set->count; i++) {
		const struct charge_row *one = &set->list[i];
		if (compare_positions(one, row) != 0)
			continue;
		is_unlimited |= one->is_unlimited;
		if (sum_add(&spend, one->used_spend, error) < 0 || sum_add(&spend, one->unused_spend, error) < 0 ||
			sum_add(&rights, one->owned, error) < 0 || sum_add(&units, one->used, error) < 0)
			return -1;
	}
	int64_t divisor = is_unlimited || !rights ? units : rights;
	*rate = 0;
	return divisor ? money_round((money)spend * MONEY_UNIT, 1, divisor, RATE_DIGITS, rate, error) : 0;
}

static int add(struct charges *charges, const struct charge *charge, struct error *error)
{
	if (!charge->amount && !(charge->has_units && charge->units))
		return 0;
	struct charge *new = array_grow((void **)&charges->list, &charges->count, sizeof *new, error);
	if (!new)
		return -1;
	*new = *charge;
	return 0;
}

/* What is charged for a row of the set. */
static int add_row(struct charges *charges, const struct charge_set *set, const struct charge_row *row, struct error *error)
{
	struct charge usage = {.row = row, .what = "usage", .has_units = true, .units = row->drawn, .amount = row->used_spend};
	const struct charge unused = {.row = row, .what = "unused", .amount = row->unused_spend},
			    true_up = {.row = row, .what = "true_up", .has_units = true, .units = row->unlicensed, .amount = row->true_up};
	if (!row->is_priced)
		return 0;
	return rate_of(set, row, &usage.rate, error) < 0 || add(charges, &usage, error) < 0 || add(charges, &unused, error) < 0 ||
			add(charges, &true_up, error) < 0
		? -1
		: 0;
}

/* What has changed of a row since it was billed; either may be NULL. */
static int add_change(struct charges *charges, const struct charge_row *now, const struct charge_row *then, struct error *error)
{
	static const struct charge_row nothing = {.profile = NULL};
	const struct charge_row *row = now ? now : then;
	now = now ? now : &nothing;
	then = then ? then : &nothing;
	struct charge change = {.row = row,
			      .what = "adjustment",
			      .has_units = true,
			      .units = now->drawn - then->drawn,
			      .amount = now->used_spend + now->unused_spend - then->used_spend - then->unused_spend},
		      true_up = {.row = row,
			      .what = "true_up_adjustment",
			      .has_units = true,
			      .units = now->unlicensed - then->unlicensed,
			      .amount = now->true_up - then->true_up};
	return !row->is_priced ? 0 : add(charges, &change, error) < 0 || add(charges, &true_up, error) < 0 ? -1 : 0;
}

static int collect(
	struct charges *charges, const struct charge_set *now, const struct charge_set *billed, int64_t billed_at, struct error *error)
{
	for (size_t i = 0; i < now->count; i++) {
		const struct charge_row *row = &now->list[i], *then = row->period.end <= billed_at ? find(billed, row) : NULL;
		if (row->period.end <= billed_at && billed->count) {
			if ((then && add_row(charges, billed, then, error) < 0) || add_change(charges, row, then, error) < 0)
				return -1;
		} else if (add_row(charges, now, row, error) < 0)
			return -1;
	}
	for (size_t i = 0; i < billed->count; i++) {
		const struct charge_row *then = &billed->list[i];
		if (then->period.end <= billed_at && !find(now, then) &&
			(add_row(charges, billed, then, error) < 0 || add_change(charges, NULL, then, error) < 0))
			return -1;
	}
	return 0;
}

static int compare_charges(const void *left, const void *right)
{
	const struct charge *a = left, *b = right;
	int order = compare_rows(a->row, b->row);
	return order ? order : -strcmp(a->what, b->what);
}

/* Only there is said what of the group's units consumption.csv declares. */
static bool is_usage(const struct charge *charge)
{
	return strcmp(charge->what, "usage") == 0;
}

/* ---- forms ---- */

static void append_amount(struct buffer *text, int64_t amount, const char *currency, int more)
{
	money_append(text, amount, (currency ? currency_digits(currency) : 0) + more);
}

static void put(struct buffer *line, const struct chargeback_question *question, const char *text, bool is_last)
{
	if (text && *text)
		csv_write_cell(line, text, strlen(text), !question->has_plain_cells);
	csv_write_end(line, is_last);
}

static int print_csv(const struct charges *charges, const struct chargeback_question *question, struct output *output, struct error *error)
{
	struct buffer *line = &output->pending;
	buffer_append_string(line,
		"period_start,period_last_day,group_type,group_kind,group_value,group_name,software_model,license_metric,charge,unit,units,rate,"
		"amount,currency,declared_units\r\n");
	for (size_t i = 0; i < charges->count; i++) {
		const struct charge *charge = &charges->list[i];
		const struct charge_row *row = charge->row;
		struct day_text first = day_text(instant_day(row->period.start)), last = day_text(period_end_day(&row->period) - 1);
		const char *const cells[] = {first.text, last.text, question->group_type, row->kind, row->value, row->name, row->model,
			row->metric, charge->what, row->unit};
		for (size_t k = 0; k < sizeof cells / sizeof *cells; k++)
			put(line, question, cells[k], false);
		if (charge->has_units)
			buffer_append_format(line, "%" PRId64, charge->units);
		csv_write_end(line, false);
		if (charge->rate)
			append_amount(line, charge->rate, row->currency, RATE_DIGITS);
		csv_write_end(line, false);
		append_amount(line, charge->amount, row->currency, 0);
		csv_write_end(line, false);
		put(line, question, row->currency, false);
		if (is_usage(charge))
			buffer_append_format(line, "%" PRId64, row->declared);
		csv_write_end(line, true);
		output_line_end(output);
	}
	return buffer_check(line, error);
}

static void put_amount(struct text_table *table, enum text_style style, int64_t amount, const char *currency, int more, struct buffer *text)
{
	buffer_reset(text);
	append_amount(text, amount, currency, more);
	text_table_cell(table, style, text->data, text->length);
}

/* The charges of one position, and what they come to: true-ups apart, which are not spent yet. */
static int print_position(const struct charge list[], size_t count, struct output *output, struct error *error)
{
	static const struct text_column columns[] = {
		{"group", false, true}, {"charge", false, false}, {"units", true, false}, {"rate", true, false}, {"amount", true, false}};
	struct text_table table;
	struct text_page page;
	struct buffer title = BUFFER_INIT, text = BUFFER_INIT;
	const struct charge_row *row = list->row;
	int64_t spend = 0;
	buffer_append_format(&title, "%s · %s · %s – %s · %s", row->model, row->metric, day_text(instant_day(row->period.start)).text,
		day_text(period_end_day(&row->period) - 1).text, row->currency ? row->currency : "");
	text_page_open(&page, output->descriptor);
	text_table_open(&table, columns, sizeof columns / sizeof *columns);
	for (size_t i = 0; i < count; i++) {
		const struct charge *charge = &list[i];
		const char *kind = charge->row->kind && strcmp(charge->row->kind, "pool") == 0 ? "(not allocated)" : "(no group)";
		bool is_true_up = strncmp(charge->what, "true_up", 7) == 0;
		buffer_reset(&text);
		buffer_append_string(&text, charge->row->name ? charge->row->name : charge->row->value ? charge->row->value : kind);
		text_table_cell(&table, TEXT_PLAIN, text.data, text.length);
		buffer_reset(&text);
		buffer_append_string(&text, !is_true_up ? charge->what : charge->what[7] ? "true-up adjustment" : "true-up");
		if (is_usage(charge) && charge->row->declared)
			buffer_append_format(&text, " (%" PRId64 " declared)", charge->row->declared);
		text_table_cell(&table, TEXT_PLAIN, text.data, text.length);
		if (charge->has_units)
			text_table_integer(&table, TEXT_PLAIN, charge->units);
		else
			text_table_text(&table, TEXT_PLAIN, NULL);
		if (charge->rate)
			put_amount(&table, TEXT_DIM, charge->rate, row->currency, RATE_DIGITS, &text);
		else
			text_table_text(&table, TEXT_PLAIN, NULL);
		put_amount(&table, TEXT_PLAIN, charge->amount, row->currency, 0, &text);
		if (!is_true_up && sum_add(&spend, charge->amount, error) < 0)
			break;
	}
	text_table_text(&table, TEXT_STRONG, "spend");
	for (int i = 0; i < 3; i++)
		text_table_text(&table, TEXT_PLAIN, NULL);
	put_amount(&table, TEXT_STRONG, spend, row->currency, 0, &text);
	int result = text_table_print_section(&table, title.data, 0, &page, &output->pending, error);
	buffer_release(&title);
	buffer_release(&text);
	return result;
}

int chargeback_print(const struct charge_set *now, const struct charge_set *billed, int64_t billed_at,
	const struct chargeback_question *question, struct output *output, struct error *error)
{
	struct charges charges = {.count = 0};
	int result = collect(&charges, now, billed, billed_at, error);
	if (charges.count)
		qsort(charges.list, charges.count, sizeof *charges.list, compare_charges);
	if (result == 0 && question->as_csv)
		result = print_csv(&charges, question, output, error);
	for (size_t i = 0, count; i < charges.count && result == 0 && !question->as_csv; i += count) {
		for (count = 1; i + count < charges.count && compare_positions(charges.list[i].row, charges.list[i + count].row) == 0;)
			count++;
		result = print_position(&charges.list[i], count, output, error);
	}
	free(charges.list);
	return result;
}
