/*
 * models: the software models of a workspace, and what models.csv lacks.
 *
 * suggest    Reads unrecognized_subscription records, as printed by reconcile. Prints CSV: the header of models.csv and a row for each
 *            identifier, the most units first, to be completed: the software model is empty. Standard error gets the name and units of each.
 * automatic  Reads subscription records. Prints the models.csv that --models names, and a row for each plan item that no row matches and
 *            that becomes a software model by Docusign's name for it (automatic_models.h).
 * list       Reads subscription and consumption records. Prints the rows of --models with the plan items that each maps, and the plan
 *            items that no row does: a table, CSV or model_identifier records.
 *
 * entitlements  Reads metric_result records. Prints CSV: the header of entitlements.csv and a row for each period in which a software model
 *            was used and nothing of it owned, to be completed: the purchased rights are empty. Standard error gets the units used.
 *
 * Everything else on standard input is ignored.
 *
 * Exit: 0; 64 usage; 65 bad input or models.csv; 66 no such file; 74 cannot write.
 */

#include "base/array.h"
#include "base/glob.h"
#include "base/instant.h"
#include "io/csv_write.h"
#include "io/program.h"
#include "licence/licence_cells.h"
#include "reconcile/automatic_models.h"
#include "reconcile/model_list.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *models_path, *format;

static struct poptOption table[] = {
	{"models", 'm', POPT_ARG_STRING, &models_path, 0, "automatic, list: the software models and the identifiers that map to them",
		"FILE.csv"},
	{"format", 'f', POPT_ARG_STRING, &format, 0, "list: table (the default), csv or ndjson", "FORMAT"},
	POPT_TABLEEND,
};

static const struct options_manual manual = {
	.program = "models",
	.operands = "suggest|automatic|list|entitlements",
	.summary = "Prints software models, and what models.csv lacks.",
	.description =
		"suggest    a row for models.csv for each unrecognized_subscription on standard input; the software model is left\n"
		"           empty, for you to fill in. Units without a plan item have no identifier to map\n"
		"automatic  the models.csv that --models names, and a row for each plan item of the subscription records that no row\n"
		"           matches and that becomes a software model by Docusign's name for it; without --models, as if there were no rows\n"
		"list       the rows of --models with the plan items and units of the subscription and consumption records that each\n"
		"           maps, and the plan items that no row does\n"
		"entitlements  a row for entitlements.csv for each period of the metric_result records in which a model was used and\n"
		"           nothing of it owned; the purchased rights are left empty, for you to fill in\n\n"
		"Examples:\n"
		"  reconcile -e entitlements.csv -m models.csv < consumption.ndjson | models suggest > suggested.csv\n"
		"  merge -l acme.db --emit all < /dev/null | models automatic --models models.csv > complete.csv\n",
};

enum { IDENTIFIER, IDENTIFIER_TYPE, DISPLAY_NAME, SUBSCRIPTIONS, UNITS_CONSUMED, FIELDS };
static const char *const fields[FIELDS] = {"/identifier", "/identifier_type", "/display_name", "/subscriptions", "/units_consumed"};

struct suggestion {
	const char *identifier, *type, *name;
	int64_t subscriptions, units;
};

struct suggestions {
	struct suggestion *list;
	size_t count;
	struct arena arena;
};

static const char *text_of(struct arena *arena, const struct json_slice *slice, struct error *error)
{
	char *copy = slice->kind == JSON_STRING ? strndup(slice->text, slice->length) : strdup("");
	const char *kept = copy ? licence_text(arena, copy, error) : NULL;
	if (!copy)
		error_set(error, EX_OSERR, "out of memory");
	free(copy);
	return kept;
}

static int add(struct suggestions *suggestions, const struct message *message, struct error *error)
{
	const struct json_slice *slices = message->fields;
	struct suggestion *new = array_grow((void **)&suggestions->list, &suggestions->count, sizeof *new, error);
	if (!new)
		return -1;
	new->identifier = text_of(&suggestions->arena, &slices[IDENTIFIER], error);
	new->type = text_of(&suggestions->arena, &slices[IDENTIFIER_TYPE], error);
	new->name = text_of(&suggestions->arena, &slices[DISPLAY_NAME], error);
	new->subscriptions = slices[SUBSCRIPTIONS].kind == JSON_NUMBER ? strtoll(slices[SUBSCRIPTIONS].text, NULL, 10) : 0;
	new->units = slices[UNITS_CONSUMED].kind == JSON_NUMBER ? strtoll(slices[UNITS_CONSUMED].text, NULL, 10) : 0;
	return new->identifier &&new->type &&new->name ? 0 : -1;
}

static int read_unrecognized(struct suggestions *suggestions, struct error *error)
{
	struct message_reader reader;
	struct message message;
	int got;
	if (message_reader_open(&reader, STDIN_FILENO, "standard input", fields, FIELDS, false, error) < 0)
		return -1;
	while ((got = message_next(&reader, &message, error)) > 0)
		if (message_is_record(&message, "unrecognized_subscription") && add(suggestions, &message, error) < 0) {
			got = -1;
			break;
		}
	message_reader_release(&reader);
	return got < 0 ? -1 : 0;
}

static int compare(const void *left, const void *right)
{
	const struct suggestion *a = left, *b = right;
	if (a->units != b->units)
		return a->units > b->units ? -1 : 1;
	return strcmp(a->identifier, b->identifier);
}

static void print_suggestions(const struct suggestions *suggestions, struct output *output, struct error *error)
{
	struct buffer *row = &output->pending, pattern = BUFFER_INIT;
	buffer_append_string(row, "publisher,product,version,edition,software_model,license_metric,unit,identifier_type,identifier\n");
	for (size_t i = 0; i < suggestions->count && !error->status; i++) {
		const struct suggestion *one = &suggestions->list[i];
		if (*one->identifier == '(') {
			diag_note("%" PRId64 " units have no plan item, so there is nothing to map", one->units);
			continue;
		}
		diag_note("%s is '%s', in %" PRId64 " subscription(s), with %" PRId64 " units", one->identifier, one->name,
			one->subscriptions, one->units);
		buffer_append_string(row, "Docusign,eSignature,,,,Envelope,envelope,");
		buffer_reset(&pattern);
		glob_append_escaped(&pattern, one->identifier);
		csv_write_cell(row, one->type, strlen(one->type), false);
		csv_write_end(row, false);
		csv_write_cell(row, pattern.data, pattern.length, false);
		buffer_append_byte(row, '\n');
		output_line_end(output);
		buffer_check(&pattern, error);
	}
	buffer_release(&pattern);
}

/* ---- entitlements ---- */

enum { MODEL, METRIC, PERIOD_START, PERIOD_END, OWNED, USED, METRIC_FIELDS };
static const char *const metric_fields[METRIC_FIELDS] = {
	"/software_model", "/license_metric", "/period_start", "/period_end", "/rights_owned", "/rights_used"};

static int64_t number_of(const struct json_slice *slice)
{
	return slice->kind == JSON_NUMBER ? strtoll(slice->text, NULL, 10) : -1;
}

/* The subscription_period of a right for that period; "" where there is no word for it, and the row's days say it all. */
static const char *term_of(int32_t start_day, int32_t end_day)
{
	int start[3], end[3];
	day_to_civil(start_day, &start[0], &start[1], &start[2]);
	day_to_civil(end_day, &end[0], &end[1], &end[2]);
	int months = (end[0] - start[0]) * 12 + end[1] - start[1];
	return months == 1 ? "Monthly" : months == 3 ? "Quarterly" : months == 12 ? "Annually" : "Entire";
}

static void append_day(struct buffer *row, int32_t day)
{
	char text[DAY_LENGTH];
	day_format(day, text);
	buffer_append(row, text, DAY_LENGTH);
	buffer_append_byte(row, ',');
}

static int print_entitlement(const struct json_slice *slices, int64_t number, struct output *output, struct error *error)
{
	struct buffer *row = &output->pending;
	int64_t start, end;
	if (slices[MODEL].kind != JSON_STRING || slices[METRIC].kind != JSON_STRING)
		return error_set(
			error, EX_DATAERR, "cannot read 'standard input': a metric_result has no software model or license metric");
	if (!json_slice_instant(&slices[PERIOD_START], &start) || !json_slice_instant(&slices[PERIOD_END], &end))
		return error_set(error, EX_DATAERR, "cannot read 'standard input': a metric_result has no period");
	int32_t first = (int32_t)instant_day(start), after = (int32_t)instant_day(end);
	diag_note("%.*s from %.10s: %" PRId64 " used, none owned", (int)slices[MODEL].length, slices[MODEL].text, slices[PERIOD_START].text,
		number_of(&slices[USED]));
	buffer_append_format(row, "NEW-%" PRId64 ",", number);
	csv_write_cell(row, slices[MODEL].text, slices[MODEL].length, false);
	buffer_append_string(row, ",Generic,Subscription,Consumption,");
	csv_write_cell(row, slices[METRIC].text, slices[METRIC].length, false);
	buffer_append_format(row, ",%s,", term_of(first, after));
	append_day(row, first);
	append_day(row, after - 1);
	buffer_append_string(row, ",,,,active\n");
	output_line_end(output);
	return 0;
}

static int print_entitlements(struct output *output, struct error *error)
{
	struct message_reader reader;
	struct message message;
	int64_t number = 0;
	int got;
	if (message_reader_open(&reader, STDIN_FILENO, "standard input", metric_fields, METRIC_FIELDS, false, error) < 0)
		return -1;
	buffer_append_string(&output->pending,
		"entitlement_id,software_model,agreement_type,license_type,metric_group,license_metric,"
		"subscription_period,start_date,end_date,purchased_rights,unit_cost,total_cost,currency,status\n");
	while ((got = message_next(&reader, &message, error)) > 0) {
		if (message_is_record(&message, "metric_result") && number_of(&message.fields[OWNED]) == 0 &&
			number_of(&message.fields[USED]) > 0 && print_entitlement(message.fields, ++number, output, error) < 0) {
			got = -1;
			break;
		}
	}
	message_reader_release(&reader);
	return got < 0 ? -1 : 0;
}

/* ---- automatic, list ---- */

static enum model_list_format parse_format(void)
{
	static const char *const formats[] = {[MODEL_LIST_TABLE] = "table", [MODEL_LIST_CSV] = "csv", [MODEL_LIST_NDJSON] = "ndjson"};
	for (size_t i = 0; format && i < sizeof formats / sizeof *formats; i++)
		if (strcmp(format, formats[i]) == 0)
			return (enum model_list_format)i;
	if (format)
		options_refuse("cannot use --format '%s': it must be table, csv or ndjson", format);
	return MODEL_LIST_TABLE;
}

static void print_models(bool is_automatic, enum model_list_format as, struct output *output, struct error *error)
{
	struct model_list list = {.has_units = false};
	struct models models = {.count = 0};
	if ((!models_path || models_load(models_path, &models, diag_complain, error) == 0) &&
		model_list_read(&list, STDIN_FILENO, "standard input", error) == 0) {
		if (is_automatic)
			automatic_models_complete(&list.items, &models, models_path, &output->pending, error);
		else
			model_list_print(&list, &models, as, output, error);
	}
	models_release(&models);
	model_list_release(&list);
}

static void run(const char **operands, struct output *output, struct error *error)
{
	struct suggestions suggestions = {.count = 0};
	bool is_automatic = operands[0] && strcmp(operands[0], "automatic") == 0, is_list = operands[0] && strcmp(operands[0], "list") == 0;
	bool is_entitlements = operands[0] && strcmp(operands[0], "entitlements") == 0;
	if (!operands[0] || (!is_automatic && !is_list && !is_entitlements && strcmp(operands[0], "suggest") != 0) || operands[1])
		options_refuse("cannot do that: models takes one operand, suggest, automatic, list or entitlements");
	if (is_list && !models_path)
		options_refuse("cannot list software models without --models FILE");
	if (is_automatic || is_list)
		print_models(is_automatic, parse_format(), output, error);
	else if (is_entitlements)
		print_entitlements(output, error);
	else if (read_unrecognized(&suggestions, error) == 0) {
		if (suggestions.count)
			qsort(suggestions.list, suggestions.count, sizeof *suggestions.list, compare);
		print_suggestions(&suggestions, output, error);
	}
	free(suggestions.list);
	arena_release(&suggestions.arena);
}

int main(int argc, const char **argv)
{
	return program_run(argc, argv, table, &manual, run);
}
