#include "stream/stream.h"

#include "json/json_write.h"

#include <string.h>

/* clang-format off */
#define KEYS(...) (const char *const[]) {__VA_ARGS__, NULL}
#define FIELDS(...) (const struct stream_field[]) {__VA_ARGS__, {NULL, FIELD_TEXT, false}}
/* clang-format on */

const struct stream stream_account = {
	.name = "account",
	.keys = KEYS("organization_id", "account_id"),
	.fields = FIELDS({"organization_id", FIELD_ID, false}, {"account_id", FIELD_ID, true}, {"account_name", FIELD_TEXT, false},
		{"external_account_id", FIELD_TEXT, false}, {"site_id", FIELD_TEXT, false}, {"site_name", FIELD_TEXT, false},
		{"asset_group_id", FIELD_ID, false}, {"compliant", FIELD_BOOLEAN, false}),
};

const struct stream stream_subscription = {
	.name = "subscription",
	.keys = KEYS("organization_id", "subscription_id", "plan_item_id"),
	.fields = FIELDS({"organization_id", FIELD_ID, false}, {"subscription_id", FIELD_ID, true}, {"plan_item_id", FIELD_ID, false},
		{"subscription_name", FIELD_TEXT, false}, {"plan_id", FIELD_ID, false}, {"plan_name", FIELD_TEXT, false},
		{"plan_item_name", FIELD_TEXT, false}, {"asset_group_id", FIELD_ID, false}, {"asset_group_name", FIELD_TEXT, false},
		{"associated_accounts_count", FIELD_INTEGER, false}, {"software_model", FIELD_TEXT, false}),
};

/* clang-format off */
#define ENVELOPE_FIELDS \
	{"account_id", FIELD_ID, true}, {"envelope_id", FIELD_ID, true}, {"status", FIELD_WORD, true}, {"created_at", FIELD_TIME, false}, \
		{"sent_at", FIELD_TIME, false}, {"completed_at", FIELD_TIME, false}, {"modified_at", FIELD_TIME, true}, \
		{"plan_item_id", FIELD_ID, false}, {"sender_id", FIELD_ID, false}
/* clang-format on */

const struct stream stream_envelope = {
	.name = "envelope",
	.keys = KEYS("account_id", "envelope_id"),
	.fields = FIELDS(ENVELOPE_FIELDS),
};

const struct stream stream_envelope_method = {
	.name = "envelope",
	.keys = KEYS("account_id", "envelope_id"),
	.fields = FIELDS(ENVELOPE_FIELDS, {"sending_method", FIELD_WORD, false}),
};

const struct stream stream_account_site = {
	.name = "account_site",
	.keys = KEYS("account_id", "since"),
	.fields = FIELDS({"account_id", FIELD_ID, true}, {"site_id", FIELD_TEXT, true}, {"site_name", FIELD_TEXT, false},
		{"since", FIELD_TIME, true}),
};

const struct stream stream_watermark = {
	.name = "watermark",
	.keys = KEYS("account_id"),
	.fields = FIELDS({"account_id", FIELD_ID, true}, {"watermark", FIELD_TIME, true}),
};

const struct stream stream_account_night = {
	.name = "account_night",
	.keys = KEYS("account_id"),
	.fields = FIELDS({"account_id", FIELD_ID, true}, {"turn", FIELD_WORD, true}, {"outcome", FIELD_WORD, true},
		{"read_at", FIELD_TIME, false}, {"due_on", FIELD_DAY, true}),
};

const struct stream stream_billing_period = {
	.name = "billing_period",
	.keys = KEYS("account_id", "period_start"),
	.fields = FIELDS({"organization_id", FIELD_ID, false}, {"account_id", FIELD_ID, true}, {"period_start", FIELD_TIME, true},
		{"period_end", FIELD_TIME, true}, {"units_allowed", FIELD_RIGHTS, false}, {"units_billed", FIELD_INTEGER, false},
		{"bulk_units", FIELD_INTEGER, false}, {"powerform_units", FIELD_INTEGER, false}, {"currency", FIELD_TEXT, false},
		{"charges", FIELD_ARRAY, true}, {"observed_at", FIELD_TIME, false}, {"counted_until", FIELD_TIME, false},
		{"watermark", FIELD_TIME, false}, {"units_counted", FIELD_INTEGER, false}),
};

const struct stream stream_daily_consumption = {
	.name = "daily_consumption",
	.keys = KEYS("account_id", "plan_item_id", "day"),
	.fields = FIELDS({"account_id", FIELD_ID, true}, {"plan_item_id", FIELD_ID, false}, {"day", FIELD_DAY, true},
		{"units_consumed", FIELD_INTEGER, true}, {"by_status", FIELD_OBJECT, true}, {"first_sent_at", FIELD_TIME, false},
		{"last_sent_at", FIELD_TIME, false}),
};

const struct stream stream_consumption = {
	.name = "consumption",
	.keys = KEYS("profile", "account_id", "plan_item_id", "period_start"),
	.fields = FIELDS({"profile", FIELD_TEXT, false}, {"organization_id", FIELD_ID, false}, {"account_id", FIELD_ID, true},
		{"account_name", FIELD_TEXT, false}, {"plan_item_id", FIELD_ID, false}, {"software_model", FIELD_TEXT, false},
		{"unit", FIELD_WORD, true}, {"period_index", FIELD_INTEGER, true}, {"period_start", FIELD_TIME, true},
		{"period_end", FIELD_TIME, true}, {"units_consumed", FIELD_INTEGER, true}, {"by_status", FIELD_OBJECT, true},
		{"first_sent_at", FIELD_TIME, false}, {"last_sent_at", FIELD_TIME, false}, {"watermark", FIELD_TIME, false},
		{"state", FIELD_WORD, true}, {"by_day", FIELD_OBJECT, false}, {"periods_from", FIELD_DAY, false},
		{"period_months", FIELD_INTEGER, false}),
};

const struct stream stream_restatement = {
	.name = "restatement",
	.keys = KEYS("profile", "account_id", "plan_item_id", "period_start", "run_id"),
	.fields = FIELDS({"profile", FIELD_TEXT, false}, {"account_id", FIELD_ID, true}, {"plan_item_id", FIELD_ID, false},
		{"period_start", FIELD_TIME, true}, {"period_end", FIELD_TIME, true}, {"run_id", FIELD_TEXT, true},
		{"units_before", FIELD_INTEGER, true}, {"units_after", FIELD_INTEGER, true}, {"delta", FIELD_INTEGER, true},
		{"cause", FIELD_WORD, true}),
};

const struct stream stream_rights_restatement = {
	.name = "rights_restatement",
	.keys = KEYS("profile", "software_model", "license_metric", "period_start", "entitlement_id", "run_id"),
	.fields = FIELDS({"profile", FIELD_TEXT, false}, {"software_model", FIELD_TEXT, true}, {"license_metric", FIELD_TEXT, true},
		{"period_index", FIELD_INTEGER, true}, {"period_start", FIELD_TIME, true}, {"period_end", FIELD_TIME, true},
		{"run_id", FIELD_TEXT, true}, {"entitlement_id", FIELD_TEXT, true}, {"file", FIELD_WORD, true},
		{"line", FIELD_INTEGER, false}, {"line_before", FIELD_INTEGER, false}, {"rights_before", FIELD_RIGHTS, true},
		{"rights_after", FIELD_RIGHTS, true}, {"delta", FIELD_INTEGER, false}, {"days_before", FIELD_INTEGER, true},
		{"days_after", FIELD_INTEGER, true}, {"currency_before", FIELD_TEXT, false}, {"spend_before", FIELD_DECIMAL, false},
		{"currency_after", FIELD_TEXT, false}, {"spend_after", FIELD_DECIMAL, false}, {"cause", FIELD_WORD, true}),
};

const struct stream stream_contract = {
	.name = "contract",
	.keys = KEYS("profile", "effective_from"),
	.fields = FIELDS({"profile", FIELD_TEXT, false}, {"effective_from", FIELD_DAY, true}, {"contract_start", FIELD_DAY, true},
		{"renewal_months", FIELD_INTEGER, true}),
};

const struct stream stream_unrecognized_subscription = {
	.name = "unrecognized_subscription",
	.keys = KEYS("identifier"),
	.fields = FIELDS({"identifier", FIELD_TEXT, true}, {"identifier_type", FIELD_WORD, true}, {"display_name", FIELD_TEXT, false},
		{"profiles", FIELD_ARRAY, true}, {"subscriptions", FIELD_INTEGER, true}, {"units_consumed", FIELD_INTEGER, true}),
};

const struct stream stream_ineffective_row = {
	.name = "ineffective_row",
	.keys = KEYS("file", "line", "column"),
	.fields = FIELDS({"file", FIELD_WORD, true}, {"line", FIELD_INTEGER, true}, {"column", FIELD_WORD, true},
		{"value", FIELD_TEXT, true}, {"reason", FIELD_TEXT, true}),
};

const struct stream stream_consumption_without_position = {
	.name = "consumption_without_position",
	.keys = KEYS("profile", "period_start", "reason"),
	.fields = FIELDS({"profile", FIELD_TEXT, false}, {"period_index", FIELD_INTEGER, false}, {"period_start", FIELD_TIME, false},
		{"period_end", FIELD_TIME, false}, {"reason", FIELD_WORD, true}, {"accounts", FIELD_INTEGER, true},
		{"units_consumed", FIELD_INTEGER, true}),
};

const struct stream stream_consumption_balance = {
	.name = "consumption_balance",
	.keys = KEYS("profile"),
	.fields = FIELDS({"profile", FIELD_TEXT, false}, {"units_consumed", FIELD_INTEGER, true},
		{"units_in_positions", FIELD_INTEGER, true}, {"units_without_position", FIELD_INTEGER, true},
		{"by_reason", FIELD_OBJECT, true}, {"units_unaccounted", FIELD_INTEGER, true}, {"units_declared", FIELD_INTEGER, false}),
};

const struct stream stream_declared_consumption = {
	.name = "declared_consumption",
	.keys = KEYS("profile", "software_model", "license_metric", "period_start", "line"),
	.fields = FIELDS({"profile", FIELD_TEXT, false}, {"software_model", FIELD_TEXT, true}, {"license_metric", FIELD_TEXT, true},
		{"unit", FIELD_WORD, true}, {"period_index", FIELD_INTEGER, true}, {"period_start", FIELD_TIME, true},
		{"period_end", FIELD_TIME, true}, {"line", FIELD_INTEGER, true}, {"account_id", FIELD_ID, true},
		{"account_name", FIELD_TEXT, false}, {"first_day", FIELD_DAY, true}, {"last_day", FIELD_DAY, true},
		{"units_declared", FIELD_INTEGER, true}, {"source", FIELD_TEXT, true}, {"by_day", FIELD_OBJECT, true}),
};

/* The figures of a position, at every tier. */
/* clang-format off */
#define POSITION_FIGURES \
	{"period_index", FIELD_INTEGER, true}, {"period_start", FIELD_TIME, true}, {"period_end", FIELD_TIME, true}, \
		{"period_state", FIELD_WORD, true}, {"rights_owned", FIELD_RIGHTS, true}, {"rights_used", FIELD_INTEGER, false}, \
		{"rights_available", FIELD_RIGHTS, false}, {"over_licensed_rights", FIELD_RIGHTS, false}, \
		{"unlicensed_rights", FIELD_RIGHTS, false}, {"status", FIELD_TEXT, true}, {"usage_state", FIELD_WORD, false}, \
		{"covered_rights", FIELD_INTEGER, false}, {"lapsing_rights", FIELD_INTEGER, false}, \
		{"allocated_in_use", FIELD_INTEGER, false}, {"not_allocated_in_use", FIELD_INTEGER, false}, \
		{"allocated_not_in_use", FIELD_INTEGER, false}, {"not_allocated", FIELD_INTEGER, false}, \
		{"excluded_units", FIELD_INTEGER, false}, {"declared_units", FIELD_INTEGER, false}, {"currency", FIELD_TEXT, false}, {"over_licensed_amount", FIELD_DECIMAL, false}, \
		{"true_up_cost", FIELD_DECIMAL, false}, {"true_up_cost_at_list", FIELD_DECIMAL, false}, \
		{"potential_savings", FIELD_DECIMAL, false}, {"total_spend", FIELD_DECIMAL, false}, \
		{"current_period_spend", FIELD_DECIMAL, false}, {"entitlements", FIELD_INTEGER, false}, \
		{"entitlements_without_cost", FIELD_INTEGER, false}, {"accounts_not_yet_fed", FIELD_INTEGER, false}, \
		{"accounts_not_reported", FIELD_INTEGER, false}, {"billing_periods", FIELD_INTEGER, false}, \
		{"billed_units", FIELD_INTEGER, false}, {"billed_units_counted", FIELD_INTEGER, false}

#define POSITION_DRAWING {"drawn_by", FIELD_WORD, false}, {"first_unlicensed_on", FIELD_DAY, false}

/* clang-format on */

const struct stream stream_metric_result = {
	.name = "metric_result",
	.keys = KEYS("profile", "software_model", "license_metric", "period_start"),
	.fields = FIELDS({"profile", FIELD_TEXT, false}, {"publisher", FIELD_TEXT, true}, {"product", FIELD_TEXT, true},
		{"software_model", FIELD_TEXT, true}, {"license_metric", FIELD_TEXT, true}, {"unit", FIELD_WORD, true}, POSITION_FIGURES,
		{"average_price", FIELD_DECIMAL, false}, {"price_basis", FIELD_WORD, false}, POSITION_DRAWING,
		{"automatic", FIELD_BOOLEAN, false}, {"is_shared", FIELD_BOOLEAN, false}),
};

const struct stream stream_model_result = {
	.name = "model_result",
	.keys = KEYS("profile", "software_model", "period_start"),
	.fields = FIELDS({"profile", FIELD_TEXT, false}, {"publisher", FIELD_TEXT, true}, {"product", FIELD_TEXT, true},
		{"software_model", FIELD_TEXT, true}, POSITION_FIGURES, POSITION_DRAWING),
};

const struct stream stream_product_result = {
	.name = "product_result",
	.keys = KEYS("profile", "publisher", "product", "period_start"),
	.fields = FIELDS({"profile", FIELD_TEXT, false}, {"publisher", FIELD_TEXT, true}, {"product", FIELD_TEXT, true}, POSITION_FIGURES,
		POSITION_DRAWING),
};

const struct stream stream_group_result = {
	.name = "group_result",
	.keys = KEYS("profile", "software_model", "license_metric", "period_start", "group_type", "group_kind", "group_value"),
	.fields = FIELDS({"profile", FIELD_TEXT, false}, {"software_model", FIELD_TEXT, true}, {"license_metric", FIELD_TEXT, true},
		{"unit", FIELD_WORD, true}, {"period_index", FIELD_INTEGER, true}, {"period_start", FIELD_TIME, true},
		{"period_end", FIELD_TIME, true}, {"group_type", FIELD_WORD, true}, {"group_kind", FIELD_WORD, true},
		{"group_value", FIELD_TEXT, false}, {"group_name", FIELD_TEXT, false}, {"rights_owned", FIELD_RIGHTS, true},
		{"rights_allocated", FIELD_INTEGER, true}, {"rights_pooled", FIELD_INTEGER, true}, {"rights_used", FIELD_INTEGER, false},
		{"rights_available", FIELD_RIGHTS, false}, {"over_licensed_rights", FIELD_INTEGER, false},
		{"unlicensed_rights", FIELD_INTEGER, false}, {"covered_rights", FIELD_INTEGER, false},
		{"declared_units", FIELD_INTEGER, false}, {"usage_state", FIELD_WORD, false}, {"currency", FIELD_TEXT, false},
		{"over_licensed_amount", FIELD_DECIMAL, false}, {"true_up_cost", FIELD_DECIMAL, false},
		{"used_spend", FIELD_DECIMAL, false}, {"unused_spend", FIELD_DECIMAL, false},
		{"current_period_spend", FIELD_DECIMAL, false}, {"status", FIELD_TEXT, true}),
};

const struct stream stream_unlicensed_consumption = {
	.name = "unlicensed_consumption",
	.keys = KEYS("profile", "software_model", "license_metric", "period_start", "account_id"),
	.fields = FIELDS({"profile", FIELD_TEXT, false}, {"software_model", FIELD_TEXT, true}, {"license_metric", FIELD_TEXT, true},
		{"unit", FIELD_WORD, true}, {"period_index", FIELD_INTEGER, true}, {"period_start", FIELD_TIME, true},
		{"period_end", FIELD_TIME, true}, {"account_id", FIELD_ID, true}, {"account_name", FIELD_TEXT, false},
		{"units_consumed", FIELD_INTEGER, true}, {"units_unlicensed", FIELD_INTEGER, true},
		{"units_declared", FIELD_INTEGER, false}, {"currency", FIELD_TEXT, false}, {"cost", FIELD_DECIMAL, false}),
};

const struct stream stream_billing_check = {
	.name = "billing_check",
	.keys = KEYS("profile", "account_id", "billing_start"),
	.fields = FIELDS({"profile", FIELD_TEXT, false}, {"software_model", FIELD_TEXT, false}, {"license_metric", FIELD_TEXT, false},
		{"period_index", FIELD_INTEGER, false}, {"period_start", FIELD_TIME, false}, {"period_end", FIELD_TIME, false},
		{"account_id", FIELD_ID, true}, {"account_name", FIELD_TEXT, false}, {"billing_start", FIELD_TIME, true},
		{"billing_end", FIELD_TIME, true}, {"observed_at", FIELD_TIME, false}, {"counted_until", FIELD_TIME, false},
		{"units_allowed", FIELD_RIGHTS, false}, {"units_billed", FIELD_INTEGER, false}, {"units_counted", FIELD_INTEGER, false},
		{"difference", FIELD_INTEGER, false}, {"bulk_units", FIELD_INTEGER, false}, {"powerform_units", FIELD_INTEGER, false},
		{"check", FIELD_WORD, true}),
};

const struct stream stream_remediation = {
	.name = "remediation",
	.keys = KEYS("profile", "software_model", "license_metric", "period_start", "number"),
	.fields = FIELDS({"profile", FIELD_TEXT, false}, {"software_model", FIELD_TEXT, true}, {"license_metric", FIELD_TEXT, true},
		{"period_index", FIELD_INTEGER, true}, {"period_start", FIELD_TIME, true}, {"period_end", FIELD_TIME, true},
		{"number", FIELD_INTEGER, true}, {"option", FIELD_WORD, true}, {"rights", FIELD_INTEGER, true},
		{"group_type", FIELD_WORD, false}, {"from_group", FIELD_TEXT, false}, {"to_group", FIELD_TEXT, false},
		{"currency", FIELD_TEXT, false}, {"cost", FIELD_DECIMAL, false}, {"price_basis", FIELD_WORD, false},
		{"rights_owned_after", FIELD_INTEGER, true}, {"over_licensed_rights_after", FIELD_INTEGER, true},
		{"unlicensed_rights_after", FIELD_INTEGER, true}, {"true_up_cost_after", FIELD_DECIMAL, false},
		{"status_after", FIELD_TEXT, true}),
};

const struct stream stream_forecast = {
	.name = "forecast",
	.keys = KEYS("profile", "software_model", "license_metric", "period_start"),
	.fields = FIELDS({"profile", FIELD_TEXT, false}, {"software_model", FIELD_TEXT, true}, {"license_metric", FIELD_TEXT, true},
		{"unit", FIELD_WORD, true}, {"period_index", FIELD_INTEGER, true}, {"period_start", FIELD_TIME, true},
		{"period_end", FIELD_TIME, true}, {"as_of", FIELD_TIME, true}, {"known_until", FIELD_DAY, true},
		{"units_to_date", FIELD_INTEGER, true}, {"declared_units", FIELD_INTEGER, false}, {"rights_owned", FIELD_RIGHTS, true},
		{"method", FIELD_WORD, true}, {"expected_units", FIELD_INTEGER, true}, {"low_units", FIELD_INTEGER, true},
		{"high_units", FIELD_INTEGER, true}, {"exhausted_on", FIELD_DAY, false}, {"days_left", FIELD_INTEGER, false},
		{"has_run_out", FIELD_BOOLEAN, false}, {"is_shared", FIELD_BOOLEAN, false}, {"is_covered", FIELD_BOOLEAN, true},
		{"warning", FIELD_BOOLEAN, true}, {"expected_unlicensed_rights", FIELD_INTEGER, false},
		{"low_unlicensed_rights", FIELD_INTEGER, false}, {"high_unlicensed_rights", FIELD_INTEGER, false},
		{"expected_over_licensed_rights", FIELD_INTEGER, false}, {"low_over_licensed_rights", FIELD_INTEGER, false},
		{"high_over_licensed_rights", FIELD_INTEGER, false}, {"currency", FIELD_TEXT, false},
		{"expected_true_up_cost", FIELD_DECIMAL, false}, {"expected_savings", FIELD_DECIMAL, false}, {"curve", FIELD_ARRAY, true},
		{"earliest_exhausted_on", FIELD_DAY, false}, {"latest_exhausted_on", FIELD_DAY, false},
		{"low_true_up_cost", FIELD_DECIMAL, false}, {"high_true_up_cost", FIELD_DECIMAL, false},
		{"one_off_units", FIELD_INTEGER, false}, {"expected_units_without_one_offs", FIELD_INTEGER, false},
		{"one_off_sends", FIELD_ARRAY, false}, {"explanation", FIELD_TEXT, false}, {"rights_changes", FIELD_ARRAY, false},
		{"previous_units_to_date", FIELD_INTEGER, false}, {"past_forecasts", FIELD_ARRAY, false}),
};

const struct stream stream_past_forecast = {
	.name = "past_forecast",
	.keys = KEYS("profile", "software_model", "license_metric", "period_start", "as_of", "day"),
	.fields = FIELDS({"profile", FIELD_TEXT, false}, {"software_model", FIELD_TEXT, true}, {"license_metric", FIELD_TEXT, true},
		{"period_start", FIELD_TIME, true}, {"as_of", FIELD_TIME, true}, {"units_to_date", FIELD_INTEGER, true},
		{"day", FIELD_DAY, true}, {"expected_units", FIELD_INTEGER, true}, {"low_units", FIELD_INTEGER, true},
		{"high_units", FIELD_INTEGER, true}),
};

const struct stream stream_entitlement_use = {
	.name = "entitlement_use",
	.keys = KEYS("profile", "software_model", "license_metric", "period_start", "entitlement_id", "start_day"),
	.fields = FIELDS({"profile", FIELD_TEXT, false}, {"software_model", FIELD_TEXT, true}, {"license_metric", FIELD_TEXT, true},
		{"period_index", FIELD_INTEGER, true}, {"period_start", FIELD_TIME, true}, {"period_end", FIELD_TIME, true},
		{"entitlement_id", FIELD_TEXT, true}, {"line", FIELD_INTEGER, true}, {"start_day", FIELD_DAY, true},
		{"end_day", FIELD_DAY, false}, {"group_type", FIELD_WORD, false}, {"group_value", FIELD_TEXT, false},
		{"rights_granted", FIELD_RIGHTS, true}, {"rights_drawn_before", FIELD_INTEGER, true}, {"rights_owned", FIELD_RIGHTS, true},
		{"rights_drawn", FIELD_INTEGER, true}, {"true_up_for", FIELD_DAY, false}, {"only_profile", FIELD_TEXT, false},
		{"lineage", FIELD_WORD, false}, {"replaces", FIELD_TEXT, false}, {"supplements", FIELD_TEXT, false},
		{"replaced_by", FIELD_TEXT, false}, {"currency", FIELD_TEXT, false}, {"cost", FIELD_DECIMAL, false}),
};

const struct stream stream_segment_use = {
	.name = "segment_use",
	.keys = KEYS("profile", "software_model", "license_metric", "period_start", "first_day"),
	.fields = FIELDS({"profile", FIELD_TEXT, false}, {"software_model", FIELD_TEXT, true}, {"license_metric", FIELD_TEXT, true},
		{"period_index", FIELD_INTEGER, true}, {"period_start", FIELD_TIME, true}, {"period_end", FIELD_TIME, true},
		{"first_day", FIELD_DAY, true}, {"last_day", FIELD_DAY, true}, {"drawn_by", FIELD_WORD, true},
		{"reason", FIELD_WORD, false}, {"rights_left", FIELD_RIGHTS, true}, {"rights_used", FIELD_INTEGER, false},
		{"rights_drawn", FIELD_INTEGER, false}, {"rights_drawn_by_others", FIELD_INTEGER, true},
		{"covered_rights", FIELD_INTEGER, false}, {"unlicensed_rights", FIELD_INTEGER, false},
		{"first_unlicensed_on", FIELD_DAY, false}, {"currency", FIELD_TEXT, false}, {"average_price", FIELD_DECIMAL, false},
		{"price_basis", FIELD_WORD, false}, {"true_up_cost", FIELD_DECIMAL, false}, {"is_shared", FIELD_BOOLEAN, true}),
};

const struct stream stream_consumption_use = {
	.name = "consumption_use",
	.keys = KEYS("profile", "account_id", "plan_item_id", "period_start"),
	.fields = FIELDS({"profile", FIELD_TEXT, false}, {"account_id", FIELD_ID, true}, {"plan_item_id", FIELD_ID, false},
		{"period_index", FIELD_INTEGER, true}, {"period_start", FIELD_TIME, true}, {"period_end", FIELD_TIME, true},
		{"software_model", FIELD_TEXT, false}, {"license_metric", FIELD_TEXT, false}, {"line", FIELD_INTEGER, false},
		{"units_consumed", FIELD_INTEGER, true}, {"units_excluded", FIELD_INTEGER, true}, {"reason", FIELD_WORD, false}),
};

const struct stream stream_explanation = {
	.name = "explanation",
	.keys = KEYS("number"),
	.fields = FIELDS({"number", FIELD_INTEGER, true}, {"parent", FIELD_INTEGER, false}, {"level", FIELD_WORD, true},
		{"units", FIELD_INTEGER, false}, {"sum", FIELD_INTEGER, false}, {"adds_up", FIELD_BOOLEAN, false},
		{"facts", FIELD_OBJECT, true}),
};

const struct stream stream_model_identifier = {
	.name = "model_identifier",
	.keys = KEYS("identifier_type", "identifier", "line"),
	.fields = FIELDS({"publisher", FIELD_TEXT, false}, {"product", FIELD_TEXT, false}, {"software_model", FIELD_TEXT, false},
		{"license_metric", FIELD_TEXT, false}, {"unit", FIELD_WORD, false}, {"origin", FIELD_WORD, true},
		{"line", FIELD_INTEGER, false}, {"identifier_type", FIELD_WORD, true}, {"identifier", FIELD_TEXT, true},
		{"plan_item_name", FIELD_TEXT, false}, {"plan_items", FIELD_INTEGER, true}, {"units_consumed", FIELD_INTEGER, false}),
};

const struct stream stream_job_result = {
	.name = "job_result",
	.keys = KEYS("run_id"),
	.fields = FIELDS({"run_id", FIELD_TEXT, true}, {"profile", FIELD_TEXT, false}, {"job", FIELD_TEXT, true},
		{"state", FIELD_WORD, true}, {"started_at", FIELD_TIME, true}, {"ended_at", FIELD_TIME, false},
		{"counts", FIELD_OBJECT, true}, {"error", FIELD_TEXT, false}, {"policy", FIELD_TEXT, false}, {"verdict", FIELD_TEXT, false},
		{"manifest", FIELD_TEXT, false}),
};

/* The streams that are stored; account_site is made of accounts, account_night stays with its run, and past_forecast, entitlement_use, segment_use, consumption_use, explanation and
 * model_identifier on request. */
const struct stream *const streams[] = {&stream_account, &stream_subscription, &stream_envelope, &stream_watermark, &stream_billing_period,
	&stream_daily_consumption, &stream_consumption, &stream_restatement, &stream_rights_restatement, &stream_contract,
	&stream_unrecognized_subscription, &stream_ineffective_row, &stream_consumption_without_position, &stream_consumption_balance,
	&stream_declared_consumption, &stream_metric_result, &stream_model_result, &stream_product_result, &stream_group_result,
	&stream_unlicensed_consumption, &stream_billing_check, &stream_remediation, &stream_forecast, &stream_job_result, NULL};

const struct stream *stream_find(const char *name, size_t length)
{
	for (size_t i = 0; streams[i]; i++)
		if (length && *streams[i]->name == *name && strlen(streams[i]->name) == length &&
			memcmp(streams[i]->name, name, length) == 0)
			return streams[i];
	return NULL;
}

int stream_field_index(const struct stream *stream, const char *name, size_t length)
{
	for (int i = 0; stream->fields[i].name; i++)
		if (strlen(stream->fields[i].name) == length && memcmp(stream->fields[i].name, name, length) == 0)
			return i;
	return -1;
}

size_t stream_field_count(const struct stream *stream)
{
	size_t count = 0;
	while (stream->fields[count].name)
		count++;
	return count;
}

static void append_property(struct buffer *line, const struct stream_field *field)
{
	static const char *const types[] = {[FIELD_ID] = "string",
		[FIELD_WORD] = "string",
		[FIELD_TEXT] = "string",
		[FIELD_TIME] = "string",
		[FIELD_DAY] = "string",
		[FIELD_INTEGER] = "integer",
		[FIELD_DECIMAL] = "string",
		[FIELD_BOOLEAN] = "boolean",
		[FIELD_OBJECT] = "object",
		[FIELD_ARRAY] = "array"};
	json_member_begin(line, field->name, '{');
	json_key(line, "type");
	if (field->type == FIELD_RIGHTS) {
		json_begin(line, '[');
		if (!field->required)
			json_c_string(line, "null");
		json_c_string(line, "integer");
		json_c_string(line, "string");
		json_end(line, ']');
	} else if (field->required) {
		json_c_string(line, types[field->type]);
	} else {
		json_begin(line, '[');
		json_c_string(line, "null");
		json_c_string(line, types[field->type]);
		json_end(line, ']');
	}
	if (field->type == FIELD_TIME || field->type == FIELD_DAY) {
		json_member_text(line, "format", field->type == FIELD_TIME ? "date-time" : "date");
	}
	json_end(line, '}');
}

void stream_append_schema(struct buffer *line, const struct stream *stream)
{
	json_begin(line, '{');
	json_member_text(line, "type", "SCHEMA");
	json_member_text(line, "stream", stream->name);
	json_member_begin(line, "schema", '{');
	json_member_text(line, "type", "object");
	json_member_begin(line, "properties", '{');
	for (const struct stream_field *field = stream->fields; field->name; field++)
		append_property(line, field);
	json_end(line, '}');
	json_end(line, '}');
	json_member_begin(line, "key_properties", '[');
	for (const char *const *key = stream->keys; *key; key++)
		json_c_string(line, *key);
	json_end(line, ']');
	json_end(line, '}');
	json_finish(line);
	buffer_append_byte(line, '\n');
}

void stream_open_record(struct buffer *line, const char *name)
{
	buffer_append(line, STREAM_RECORD_BEFORE_NAME, sizeof STREAM_RECORD_BEFORE_NAME - 1);
	buffer_append_string(line, name);
	buffer_append(line, STREAM_RECORD_AFTER_NAME, sizeof STREAM_RECORD_AFTER_NAME - 1);
}

void stream_close_record(struct buffer *line)
{
	json_end(line, '}');
	json_finish(line);
	buffer_append_byte(line, '\n');
}

bool stream_is_none(const struct json_slice *member)
{
	return member->kind == JSON_STRING && (!member->length || json_slice_equals(member, STREAM_NO_TIME));
}

/* A quote within a text is escaped, so what is found is a member; and nothing within a record has a member of such a name. */
void stream_fill_key(const struct stream *stream, struct buffer *line, size_t from)
{
	for (const char *const *key = stream->keys; *key; key++) {
		enum field_type type = stream->fields[stream_field_index(stream, *key, strlen(*key))].type;
		const char *none = type == FIELD_INTEGER ? "0" : type == FIELD_TIME ? "\"" STREAM_NO_TIME "\"" : "\"\"";
		struct buffer filled = BUFFER_INIT;
		buffer_append_format(&filled, "\"%s\":", *key);
		size_t name_length = filled.length;
		buffer_append_string(&filled, "null");
		char *at =
			filled.failed || line->failed ? NULL : memmem(line->data + from, line->length - from, filled.data, filled.length);
		if (at) {
			size_t before = (size_t)(at - line->data) + name_length, after = before + strlen("null");
			buffer_reset(&filled);
			buffer_append_string(&filled, none);
			buffer_append(&filled, line->data + after, line->length - after);
			line->length = before;
			buffer_append(line, filled.data, filled.length);
		}
		line->failed |= filled.failed;
		buffer_release(&filled);
	}
}

void stream_begin_record(struct buffer *line, const struct stream *stream)
{
	stream_open_record(line, stream->name);
	json_begin(line, '{');
}

void stream_end_record(struct buffer *line, const char *time_extracted, size_t time_length)
{
	json_end(line, '}');
	if (time_extracted)
		json_member_string(line, "time_extracted", time_extracted, time_length);
	stream_close_record(line);
}

void stream_append_record(struct buffer *line, const struct stream *stream, const char *record, size_t length)
{
	stream_open_record(line, stream->name);
	buffer_append(line, record, length);
	buffer_append(line, "}\n", 2);
}
