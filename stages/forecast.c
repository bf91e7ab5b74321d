/*
 * forecast: estimates the use of open periods at their end, and when their rights run out. doc/forecast.md has the method.
 *
 * Reads consumption with its days, account, subscription, watermark and metric_result records (from reconcile) of one profile, in any order; where there
 * are daily_consumption records (from merge --emit all), these in place of consumption; copies all of its input unchanged. At the end it prints a forecast record for each metric_result whose period
 * contains the clock and whose use is known; with --past, also how well those of earlier runs did. Rights that run out in fewer than --warn-days days give a warning on stderr and in the record,
 * not an error.
 *
 * Exit: 0; 64 usage; 65 bad input or licence file; 66 no such file; 74 cannot write.
 */
#include "base/instant.h"
#include "config/policy.h"
#include "forecast/burn_down.h"
#include "forecast/rights_changes.h"
#include "io/program.h"
#include "stream/stream.h"
#include "json/json_write.h"

#include <fcntl.h>
#include <unistd.h>

static char *models_path, *entitlements_path, *exclusions_path, *excluded_path, *policy_path, *past_path;
static int warn_days = 30;

static struct poptOption table[] = {
	{"models", 'm', POPT_ARG_STRING, &models_path, 0, "software models and the identifiers that map to them", "FILE.csv"},
	{"entitlements", 'e', POPT_ARG_STRING, &entitlements_path, 0,
		"what was bought: no warning if an enterprise-wide agreement covers the day", "FILE.csv"},
	{"exclusions", 'x', POPT_ARG_STRING, &exclusions_path, 0, "identifiers and accounts to exclude", "FILE.csv"},
	{"excluded", 0, POPT_ARG_STRING, &excluded_path, 0, "daily partials of excluded users, from exclude and merge", "FILE"},
	{"policy", 0, POPT_ARG_STRING, &policy_path, 0, "the policy, which says how the contract settles (default: by the day)", "FILE"},
	{"past", 0, POPT_ARG_STRING, &past_path, 0,
		"what forecasts of earlier runs said (merge --print-forecasts): how well they did is told", "FILE"},
	{"warn-days", 'w', POPT_ARG_INT, &warn_days, 0, "warn if rights run out in fewer days than this (default: 30; 0: never)", "N"},
	POPT_TABLEEND,
};

static const struct options_manual manual = {
	.program = "forecast",
	.operands = "",
	.summary = "Forecasts the use of open periods at their end, with a range, and the day on which their rights run out.",
	.description = "Warnings do not affect the exit status; `envtally status --check` fails on them.\n\n"
		       "Example:\n"
		       "  merge --ledger acme.db --emit all < /dev/null | aggregate-by-period -p profiles/acme.json |\n"
		       "    reconcile --entitlements licence/entitlements.csv --models licence/models.csv |\n"
		       "    forecast --entitlements licence/entitlements.csv --models licence/models.csv --warn-days 60 | report\n",
};

static int load(struct licence *licence, struct error *error)
{
	if (models_load(models_path, &licence->models, diag_complain, error) < 0 ||
		(entitlements_path && entitlements_load(entitlements_path, &licence->entitlements, diag_complain, error) < 0) ||
		(exclusions_path && exclusions_load(exclusions_path, &licence->exclusions, diag_complain, error) < 0))
		return -1;
	const struct exclusion *rule = exclusions_user_rule(&licence->exclusions);
	return rule && !excluded_path
		? error_set(error, EX_DATAERR,
			  "cannot apply '%s' line %zu: daily partials have no users; it needs --excluded FILE, made by `envtally exclude`",
			  exclusions_path, rule->row)
		: 0;
}

static int load_policy(struct daily_consumption *daily, struct error *error)
{
	struct policy policy;
	if (policy_load(policy_path, &policy, error) < 0)
		return -1;
	daily->settles_by_period = policy.settlement == SETTLEMENT_PERIOD;
	policy_release(&policy);
	return 0;
}

/* Copies standard input to `output`, and adds what the forecast needs to `daily`. */
static int pass_on(struct daily_consumption *daily, struct output *output, struct error *error)
{
	struct message_reader reader;
	struct message message;
	int got;
	if (daily_consumption_reader_open(&reader, STDIN_FILENO, "standard input", error) < 0)
		return -1;
	while ((got = message_next(&reader, &message, error)) > 0 && !output_failed(output)) {
		if (daily_consumption_add(daily, &reader, &message, error) < 0) {
			got = -1;
			break;
		}
		output_line(output, message.line.text, message.line.length);
	}
	message_reader_release(&reader);
	return got < 0 ? -1 : 0;
}

static int subtract_excluded(struct daily_consumption *daily, struct error *error)
{
	struct message_reader reader;
	struct message message;
	int got = 0;
	if (!excluded_path)
		return 0;
	int descriptor = open(excluded_path, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0)
		return error_set_errno(error, EX_NOINPUT, "cannot open '%s'", excluded_path);
	if (daily_consumption_reader_open(&reader, descriptor, excluded_path, error) < 0) {
		close(descriptor);
		return -1;
	}
	while ((got = message_next(&reader, &message, error)) > 0)
		if (daily_consumption_subtract(daily, &reader, &message, error) < 0) {
			got = -1;
			break;
		}
	message_reader_release(&reader);
	close(descriptor);
	return got < 0 ? -1 : 0;
}

static void warn_about(const struct burn_down *burn_down)
{
	struct day_text day = day_text(burn_down->exhausted_on);
	if (burn_down->has_run_out)
		diag_warn("rights of '%s', '%s' ran out on %s", burn_down->position->software_model, burn_down->position->license_metric,
			day.text);
	else
		diag_warn("rights of '%s', '%s' are expected to run out on %s, in %d days", burn_down->position->software_model,
			burn_down->position->license_metric, day.text, burn_down->days_left);
}

static int print_forecasts(struct daily_consumption *daily, struct output *output, struct error *error)
{
	for (size_t i = 0; i < daily->position_count && !output_failed(output); i++) {
		const struct open_position *position = &daily->positions[i];
		struct burn_down burn_down;
		if (burn_down_compute(&burn_down, daily, position, warn_days, error) < 0)
			return -1;
		if (burn_down.partials != position->used)
			diag_warn(
				"daily partials of '%s', '%s' add up to %lld units in its period, but its position has %lld: is part of the input missing?",
				position->software_model, position->license_metric, (long long)burn_down.partials,
				(long long)position->used);
		if (burn_down.warning)
			warn_about(&burn_down);
		if (i == 0)
			stream_append_schema(&output->pending, &stream_forecast);
		stream_begin_record(&output->pending, &stream_forecast);
		burn_down_append(&burn_down, daily->now, &output->pending);
		json_key(&output->pending, "rights_changes");
		if (rights_changes_append(&output->pending, daily, position, error) < 0) {
			burn_down_release(&burn_down);
			return -1;
		}
		json_member_integer_or_null(&output->pending, "previous_units_to_date", burn_down.has_previous, burn_down.previous_units);
		json_key(&output->pending, "past_forecasts");
		past_forecasts_append(&burn_down.past, &output->pending);
		stream_end_record(&output->pending, NULL, 0);
		output_line_end(output);
		burn_down_release(&burn_down);
	}
	return buffer_check(&output->pending, error);
}

static void run(const char **operands, struct output *output, struct error *error)
{
	struct licence licence = {.models = {.count = 0}};
	struct daily_consumption daily;
	struct past_forecasts past = {.count = 0};
	(void)operands;
	if (!models_path)
		options_refuse("cannot forecast without software models: --models FILE");
	if (warn_days < 0)
		options_refuse("cannot use --warn-days %d: it must be 0 or more", warn_days);
	daily_consumption_open(&daily, &licence, options_now());
	daily.past = &past;
	if (load_policy(&daily, error) == 0 && load(&licence, error) == 0 &&
		(!past_path || past_forecasts_read(&past, past_path, &licence.models, error) == 0) && pass_on(&daily, output, error) == 0 &&
		subtract_excluded(&daily, error) == 0 && daily_consumption_finish(&daily, error) == 0)
		print_forecasts(&daily, output, error);
	past_forecasts_release(&past);
	daily_consumption_release(&daily);
	licence_release(&licence);
}

int main(int argc, const char **argv)
{
	return program_run(argc, argv, table, &manual, run);
}
