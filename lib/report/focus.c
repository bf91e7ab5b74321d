#include "report/focus.h"

#include "base/array.h"
#include "base/instant.h"
#include "io/csv_write.h"
#include "licence/licence_cells.h"
#include "stream/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#define FIELDS(X) \
	X(profile) X(software_model) X(license_metric) X(unit) X(publisher) X(product) X(period_index) X(period_start) X(period_end) X(group_type) \
	X(group_value) X(group_name) X(rights_used) X(declared_units) X(currency) X(used_spend) X(unused_spend) X(entitlement_id) X(start_day) X(end_day) \
	X(rights_granted) X(cost) X(account_id) X(plan_item_id) X(delta) X(cause) X(run_id) X(policy) X(manifest)
enum { FIELDS(RECORD_SLOT) SLOTS };
static const char *const pointers[] = {FIELDS(RECORD_POINTER)};

/* FOCUS has its columns in any order, and custom ones, which begin with x_, behind them. */
#define COLUMNS(X) \
	X(BilledCost) X(BillingAccountId) X(BillingAccountName) X(BillingCurrency) X(BillingPeriodEnd) X(BillingPeriodStart) X(ChargeCategory) \
	X(ChargeClass) X(ChargeDescription) X(ChargeFrequency) X(ChargePeriodEnd) X(ChargePeriodStart) X(ConsumedQuantity) X(ConsumedUnit) \
	X(ContractedCost) X(EffectiveCost) X(InvoiceIssuer) X(ListCost) X(PricingQuantity) X(PricingUnit) X(Provider) X(Publisher) \
	X(ServiceCategory) X(ServiceName) X(ServiceSubcategory) X(SubAccountId) X(SubAccountName) X(x_DeclaredQuantity) X(x_EntitlementId) X(x_EvidenceSha256) \
	X(x_LicenseMetric) X(x_PolicyHash) X(x_RunId) X(x_SoftwareModel)
/* clang-format on */
#define COLUMN(name) COLUMN_##name,
#define HEADING(name) #name,
enum { COLUMNS(COLUMN) COLUMN_COUNT };
static const char *const headings[] = {COLUMNS(HEADING)};

#define TIME_SIZE sizeof "2025-01-31T00:00:00Z"

/* An account's use of a position, or a purchase for it. Texts are shared: equal ones are one pointer. */
struct charge {
	const char *profile, *model, *metric, *unit, *currency;
	const char *account, *account_name, *used_spend, *unused_spend; /* usage */
	const char *entitlement, *cost; /* purchase */
	struct period period;
	int32_t start_day, end_day; /* purchase: end exclusive, DAY_LAST for none */
	int64_t units, declared,
		corrected; /* declared: of the units, those of consumption.csv; corrected: of the units, what the run's restatements have changed */
};

struct charges {
	struct charge *list;
	size_t count;
	struct name_table keys; /* with the index of each */
};

struct correction {
	const char *profile, *run, *account, *plan_item, *cause, *model, *metric;
	int64_t start, delta;
};

/* The evidence of a run of a profile. */
struct job {
	const char *profile, *run, *policy, *manifest;
};

struct product {
	const char *model, *publisher, *name;
};

struct reading {
	const struct focus_question *question;
	struct name_table texts, correction_keys, product_keys;
	struct charges usage, purchases;
	struct correction *corrections;
	struct product *products;
	struct job *jobs;
	size_t correction_count, product_count, job_count;
	bool has_workspace;
	struct buffer key;
};

/* NULL for null, and for an empty text, which FOCUS does not have. */
static const char *text(struct reading *reading, struct record *record, int slot)
{
	const char *shared = record_shared_text(record, slot, &reading->texts);
	return shared && *shared ? shared : NULL;
}

/* The key of what these texts, NULL at the end, and a number name together. */
static struct name *find_key(struct reading *reading, const struct name_table *table, int64_t number, const char *const parts[])
{
	buffer_reset(&reading->key);
	buffer_append_format(&reading->key, "%" PRId64, number);
	for (; *parts; parts++)
		buffer_append(&reading->key, *parts, strlen(*parts) + 1);
	return name_table_find(table, reading->key.data, reading->key.length);
}

static const char *or_none(const char *text)
{
	return text ? text : "";
}

static bool add_key(struct reading *reading, struct name_table *table, size_t index, struct record *record)
{
	record->failed |= buffer_check(&reading->key, record->error) < 0 ||
		!name_table_add(table, reading->key.data, reading->key.length, (int64_t)index, record->error);
	return !record->failed;
}

static struct charge *new_charge(struct reading *reading, struct charges *charges, struct record *record)
{
	struct charge *new = record->failed || !add_key(reading, &charges->keys, charges->count, record)
		? NULL
		: array_grow((void **)&charges->list, &charges->count, sizeof *new, record->error);
	record->failed = !new;
	return new;
}

static void add_usage(struct reading *reading, struct record *record)
{
	struct charge usage = {.profile = text(reading, record, SLOT_profile),
		.model = text(reading, record, SLOT_software_model),
		.metric = text(reading, record, SLOT_license_metric),
		.unit = text(reading, record, SLOT_unit),
		.currency = text(reading, record, SLOT_currency),
		.account = text(reading, record, SLOT_group_value),
		.account_name = text(reading, record, SLOT_group_name),
		.used_spend = text(reading, record, SLOT_used_spend),
		.unused_spend = text(reading, record, SLOT_unused_spend),
		.period = record_period(record, SLOT_period_index, SLOT_period_start, SLOT_period_end),
		.units = record_count_or(record, SLOT_rights_used, 0),
		.declared = record_count_or(record, SLOT_declared_units, 0)};
	const char *type = text(reading, record, SLOT_group_type);
	if (record->failed || !type || strcmp(type, "account") != 0)
		return;
	reading->has_workspace |= !usage.profile;
	const char *const parts[] = {or_none(usage.profile), or_none(usage.model), or_none(usage.metric), or_none(usage.account), NULL};
	if (find_key(reading, &reading->usage.keys, usage.period.start, parts))
		return;
	struct charge *new = new_charge(reading, &reading->usage, record);
	if (new)
		*new = usage;
}

/* A subscription period is bought once, in the period in which it begins, or the first that it reaches into. */
static void add_purchase(struct reading *reading, struct record *record)
{
	bool is_unlimited = false;
	struct charge purchase = {.profile = text(reading, record, SLOT_profile),
		.model = text(reading, record, SLOT_software_model),
		.metric = text(reading, record, SLOT_license_metric),
		.currency = text(reading, record, SLOT_currency),
		.entitlement = text(reading, record, SLOT_entitlement_id),
		.cost = text(reading, record, SLOT_cost),
		.period = record_period(record, SLOT_period_index, SLOT_period_start, SLOT_period_end),
		.start_day = record_day(record, SLOT_start_day),
		.end_day = record_is_null(record, SLOT_end_day) ? DAY_LAST : record_day(record, SLOT_end_day),
		.units = record_rights(record, SLOT_rights_granted, &is_unlimited)};
	if (record->failed || !purchase.cost)
		return;
	purchase.units = is_unlimited ? 0 : purchase.units;
	const char *const parts[] = {
		or_none(purchase.profile), or_none(purchase.model), or_none(purchase.metric), or_none(purchase.entitlement), NULL};
	const struct name *known = find_key(reading, &reading->purchases.keys, purchase.start_day, parts);
	struct charge *old = known ? &reading->purchases.list[known->value] : new_charge(reading, &reading->purchases, record);
	bool begins = instant_day(purchase.period.start) <= purchase.start_day && purchase.start_day < period_end_day(&purchase.period);
	if (old && (!known || begins || (purchase.period.start < old->period.start && old->start_day < instant_day(old->period.start))))
		*old = purchase;
}

/* Is the run one of those whose corrections are written? */
static bool is_asked(const struct reading *reading, const char *run)
{
	size_t length = run ? strlen(run) : 0;
	for (const char *at = reading->question->run; length && at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
		if (strncmp(at, run, length) == 0 && (!at[length] || at[length] == ','))
			return true;
	return false;
}

static void add_correction(struct reading *reading, struct record *record)
{
	struct correction correction = {.profile = text(reading, record, SLOT_profile),
		.account = text(reading, record, SLOT_account_id),
		.plan_item = text(reading, record, SLOT_plan_item_id),
		.cause = text(reading, record, SLOT_cause),
		.start = record_instant(record, SLOT_period_start),
		.delta = record_integer(record, SLOT_delta)};
	correction.run = text(reading, record, SLOT_run_id);
	if (record->failed || !is_asked(reading, correction.run))
		return;
	const char *const parts[] = {or_none(correction.profile), or_none(correction.account), or_none(correction.plan_item), NULL};
	if (find_key(reading, &reading->correction_keys, correction.start, parts) ||
		!add_key(reading, &reading->correction_keys, reading->correction_count, record))
		return;
	struct correction *new = array_grow((void **)&reading->corrections, &reading->correction_count, sizeof *new, record->error);
	record->failed = !new;
	if (new)
		*new = correction;
}

/* Of which position the corrected units are. */
static void place_correction(struct reading *reading, struct record *record)
{
	if (!reading->correction_count)
		return;
	int64_t start = record_instant(record, SLOT_period_start);
	const char *account = text(reading, record, SLOT_account_id);
	const char *const parts[] = {
		or_none(text(reading, record, SLOT_profile)), or_none(account), or_none(text(reading, record, SLOT_plan_item_id)), NULL};
	const struct name *found = record->failed ? NULL : find_key(reading, &reading->correction_keys, start, parts);
	if (found) {
		reading->corrections[found->value].model = text(reading, record, SLOT_software_model);
		reading->corrections[found->value].metric = text(reading, record, SLOT_license_metric);
	}
}

static void add_product(struct reading *reading, struct record *record)
{
	struct product product = {.model = text(reading, record, SLOT_software_model),
		.publisher = text(reading, record, SLOT_publisher),
		.name = text(reading, record, SLOT_product)};
	const char *const parts[] = {or_none(product.model), NULL};
	if (record->failed || find_key(reading, &reading->product_keys, 0, parts) ||
		!add_key(reading, &reading->product_keys, reading->product_count, record))
		return;
	struct product *new = array_grow((void **)&reading->products, &reading->product_count, sizeof *new, record->error);
	record->failed = !new;
	if (new)
		*new = product;
}

static void add_job(struct reading *reading, struct record *record)
{
	const struct job job = {.profile = text(reading, record, SLOT_profile),
		.run = text(reading, record, SLOT_run_id),
		.policy = text(reading, record, SLOT_policy),
		.manifest = text(reading, record, SLOT_manifest)};
	struct job *new =
		is_asked(reading, job.run) ? array_grow((void **)&reading->jobs, &reading->job_count, sizeof job, record->error) : NULL;
	record->failed |= !new &&is_asked(reading, job.run);
	if (new)
		*new = job;
}

static void add_record(void *context, struct record *record)
{
	static const struct {
		const char *stream;
		void (*add)(struct reading *reading, struct record *record);
	} readers[] = {{"group_result", add_usage}, {"entitlement_use", add_purchase}, {"restatement", add_correction},
		{"consumption_use", place_correction}, {"metric_result", add_product}, {"job_result", add_job}};
	for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
		if (message_is_record(record->message, readers[i].stream))
			readers[i].add(context, record);
}

/* ---- rows ---- */

struct row {
	const char *cells[COLUMN_COUNT]; /* NULL for null */
	char times[4][TIME_SIZE], counts[2][24];
	struct buffer description;
};

static bool is_zero(const char *amount)
{
	return !amount || strspn(amount, "-0.") == strlen(amount);
}

static const char *time_text(char *to, int64_t instant)
{
	char whole[INSTANT_LENGTH];
	instant_format(instant, whole);
	snprintf(to, TIME_SIZE, "%.19sZ", whole);
	return to;
}

static const char *count_text(char to[24], int64_t count)
{
	snprintf(to, 24, "%" PRId64, count);
	return to;
}

/* Units in the plural, as FOCUS has them. */
static const char *unit_text(struct reading *reading, const char *unit)
{
	buffer_reset(&reading->key);
	buffer_append_format(&reading->key, "%ss", unit && *unit ? unit : "Right");
	if (reading->key.length && *reading->key.data >= 'a' && *reading->key.data <= 'z')
		*reading->key.data = (char)(*reading->key.data - 'a' + 'A');
	buffer_append_byte(&reading->key, 0);
	return reading->key.data;
}

/* The run of the position (NULL), or that of a profile's correction. */
static void put_evidence(const struct reading *reading, struct row *row, const struct correction *correction)
{
	const char *run = correction ? correction->run : reading->question->run;
	const struct job *job = NULL;
	size_t length = strcspn(run, ",");
	for (size_t i = 0; i < reading->job_count; i++) {
		const struct job *one = &reading->jobs[i];
		bool is_of = strncmp(one->run, run, length) == 0 && !one->run[length];
		if (is_of && (!job || (correction && one->profile == correction->profile)))
			job = one;
	}
	if (!job)
		return;
	row->cells[COLUMN_x_EvidenceSha256] = job->manifest;
	row->cells[COLUMN_x_PolicyHash] = job->policy;
	row->cells[COLUMN_x_RunId] = job->run;
}

static void begin_row(struct reading *reading, struct row *row, const struct charge *charge, const char *category, const char *frequency)
{
	const char *const parts[] = {or_none(charge->model), NULL};
	const struct name *found = find_key(reading, &reading->product_keys, 0, parts);
	const struct product *product = found ? &reading->products[found->value] : NULL;
	const char *publisher = product && product->publisher ? product->publisher : "Docusign";
	const char *account = charge->profile ? charge->profile : "workspace";
	struct buffer description = row->description;
	*row = (struct row){.description = description};
	buffer_reset(&row->description);
	const char **cells = row->cells;
	cells[COLUMN_BilledCost] = cells[COLUMN_EffectiveCost] = "0";
	cells[COLUMN_BillingAccountId] = cells[COLUMN_BillingAccountName] = account;
	cells[COLUMN_BillingCurrency] = charge->currency;
	cells[COLUMN_BillingPeriodStart] = cells[COLUMN_ChargePeriodStart] = time_text(row->times[0], charge->period.start);
	cells[COLUMN_BillingPeriodEnd] = cells[COLUMN_ChargePeriodEnd] = time_text(row->times[1], charge->period.end);
	cells[COLUMN_ChargeCategory] = category;
	cells[COLUMN_ChargeFrequency] = frequency;
	cells[COLUMN_ContractedCost] = cells[COLUMN_ListCost] = "0";
	cells[COLUMN_InvoiceIssuer] = cells[COLUMN_Provider] = cells[COLUMN_Publisher] = publisher;
	cells[COLUMN_ServiceCategory] = "Business Applications";
	cells[COLUMN_ServiceSubcategory] = "Productivity and Collaboration";
	cells[COLUMN_ServiceName] = product && product->name ? product->name : charge->model;
	cells[COLUMN_SubAccountId] = charge->account;
	cells[COLUMN_SubAccountName] = charge->account_name;
	cells[COLUMN_x_EntitlementId] = charge->entitlement;
	put_evidence(reading, row, NULL);
	cells[COLUMN_x_SoftwareModel] = charge->model;
	cells[COLUMN_x_LicenseMetric] = charge->metric;
}

static void end_row(struct reading *reading, struct row *row, struct output *output)
{
	buffer_append_byte(&row->description, 0);
	row->cells[COLUMN_ChargeDescription] = row->description.data;
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		if (row->cells[i])
			csv_write_cell(&output->pending, row->cells[i], strlen(row->cells[i]), !reading->question->has_plain_cells);
		csv_write_end(&output->pending, i + 1 == COLUMN_COUNT);
	}
	output_line_end(output);
}

static void write_usage(struct reading *reading, struct row *row, const struct charge *charge, const char *class, const char *what,
	const struct correction *correction, int64_t units, int64_t declared, const char *cost, struct output *output)
{
	begin_row(reading, row, charge, "Usage", "Usage-Based");
	if (correction)
		put_evidence(reading, row, correction);
	row->cells[COLUMN_ChargeClass] = class;
	row->cells[COLUMN_EffectiveCost] = row->cells[COLUMN_ContractedCost] = row->cells[COLUMN_ListCost] = cost;
	row->cells[COLUMN_ConsumedQuantity] = row->cells[COLUMN_PricingQuantity] = count_text(row->counts[0], units);
	row->cells[COLUMN_x_DeclaredQuantity] = count_text(row->counts[1], declared);
	row->cells[COLUMN_ConsumedUnit] = row->cells[COLUMN_PricingUnit] = unit_text(reading, charge->unit);
	buffer_append_format(&row->description, "%s %s: %s", or_none(charge->model), or_none(charge->metric), what);
	end_row(reading, row, output);
}

static void write_purchase(struct reading *reading, struct row *row, const struct charge *charge, struct output *output)
{
	bool has_end = charge->end_day != DAY_LAST;
	begin_row(reading, row, charge, "Purchase", has_end ? "Recurring" : "One-Time");
	row->cells[COLUMN_BilledCost] = row->cells[COLUMN_ContractedCost] = row->cells[COLUMN_ListCost] = charge->cost;
	row->cells[COLUMN_ChargePeriodStart] = time_text(row->times[2], charge->start_day * DAY_MS);
	row->cells[COLUMN_ChargePeriodEnd] = time_text(row->times[3], (has_end ? charge->end_day : charge->start_day + 1) * DAY_MS);
	row->cells[COLUMN_PricingQuantity] = count_text(row->counts[0], charge->units ? charge->units : 1);
	row->cells[COLUMN_PricingUnit] = charge->units ? "Rights" : "Entitlements";
	buffer_append_format(&row->description, "%s %s: rights bought by entitlement %s", or_none(charge->model), or_none(charge->metric),
		or_none(charge->entitlement));
	end_row(reading, row, output);
}

/* The use of which a correction is a part; NULL where its units are in no position. */
static struct charge *usage_of(struct reading *reading, const struct correction *correction)
{
	const char *const parts[] = {reading->has_workspace ? "" : or_none(correction->profile), or_none(correction->model),
		or_none(correction->metric), or_none(correction->account), NULL};
	const struct name *found = find_key(reading, &reading->usage.keys, correction->start, parts);
	return found ? &reading->usage.list[found->value] : NULL;
}

static bool is_shown(const struct reading *reading, const struct charge *charge)
{
	return charge->currency && (!reading->has_workspace || !charge->profile);
}

/* Units as they were before the run's corrections, and what nobody drew of the rights. */
static void write_account(struct reading *reading, struct row *row, const struct charge *charge, struct output *output)
{
	if (charge->units || charge->corrected || !is_zero(charge->used_spend))
		write_usage(reading, row, charge, NULL, "units used", NULL, charge->units - charge->corrected, charge->declared,
			charge->used_spend, output);
	if (!is_zero(charge->unused_spend))
		write_usage(reading, row, charge, NULL, "rights that nobody used", NULL, 0, 0, charge->unused_spend, output);
}

static void write_correction(struct reading *reading, struct row *row, const struct correction *correction, struct output *output)
{
	const struct charge *charge = usage_of(reading, correction);
	char what[80];
	if (!charge || !is_shown(reading, charge) || !charge->used_spend)
		return;
	snprintf(what, sizeof what, "units reported later (%s)", or_none(correction->cause));
	write_usage(reading, row, charge, "Correction", what, correction, correction->delta, 0, "0", output);
}

static int write_rows(struct reading *reading, struct output *output, size_t *unpriced, struct error *error)
{
	struct row row = {.description = BUFFER_INIT};
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		buffer_append_string(&output->pending, headings[i]);
		csv_write_end(&output->pending, i + 1 == COLUMN_COUNT);
	}
	for (size_t i = 0; i < reading->correction_count; i++) {
		struct charge *charge = usage_of(reading, &reading->corrections[i]);
		if (charge && sum_add(&charge->corrected, reading->corrections[i].delta, error) < 0)
			return -1;
	}
	for (size_t i = 0; i < reading->purchases.count; i++)
		if (is_shown(reading, &reading->purchases.list[i]))
			write_purchase(reading, &row, &reading->purchases.list[i], output);
	for (size_t i = 0; i < reading->usage.count; i++) {
		const struct charge *charge = &reading->usage.list[i];
		if (is_shown(reading, charge) && charge->used_spend)
			write_account(reading, &row, charge, output);
		else if (charge->units && (!reading->has_workspace || !charge->profile))
			(*unpriced)++;
	}
	for (size_t i = 0; i < reading->correction_count; i++)
		write_correction(reading, &row, &reading->corrections[i], output);
	int result = buffer_check(&row.description, error);
	buffer_release(&row.description);
	return result;
}

int focus_write(int descriptor, const char *name, const struct focus_question *question, struct output *output, size_t *unpriced,
	struct error *error)
{
	struct reading reading = {.question = question, .key = BUFFER_INIT};
	*unpriced = 0;
	int result = records_read(descriptor, name, pointers, SLOTS, add_record, &reading, error) < 0
		? -1
		: write_rows(&reading, output, unpriced, error);
	free(reading.usage.list);
	free(reading.purchases.list);
	free(reading.corrections);
	free(reading.products);
	free(reading.jobs);
	name_table_release(&reading.usage.keys);
	name_table_release(&reading.purchases.keys);
	name_table_release(&reading.correction_keys);
	name_table_release(&reading.product_keys);
	name_table_release(&reading.texts);
	buffer_release(&reading.key);
	return result;
}
