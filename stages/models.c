/*
 * models: `models suggest` prints rows for models.csv, to be completed, for identifiers that match no software model; `models automatic`
 * prints a models.csv in which each plan item is a software model by Docusign's name for it.
 *
 * Reads unrecognized_subscription records, as printed by reconcile; ignores everything else. Prints CSV: the header of models.csv and a
 * row for each identifier, the most units first. The software model is left empty, for the user to fill in. Standard error gets the name
 * and units of each identifier.
 *
 * `automatic` reads subscription records instead. The publisher is Docusign, the product that of products[] whose word the name has, else
 * eSignature, and the license metric Envelope. A plan item without a name gets no row.
 *
 * Exit: 0; 64 usage; 65 bad input; 74 cannot write.
 */

#include "base/array.h"
#include "base/name_table.h"
#include "io/program.h"
#include "licence/licence_cells.h"
#include "stream/message.h"

#include <csv.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct poptOption table[] = {
	POPT_TABLEEND,
};

static const struct options_manual manual = {
	.program = "models",
	.operands = "suggest|automatic",
	.summary =
		"suggest: prints a row for models.csv, to be completed, for each unrecognized_subscription on standard input. automatic: "
		"prints a models.csv by Docusign's names for the plan items of the subscription records.",
	.description = "The software model is left empty, for you to fill in. Units without a plan item have no identifier to map.\n\n"
		       "Example:\n"
		       "  reconcile -e entitlements.csv -m models.csv < consumption.ndjson | models suggest > suggested.csv\n"
		       "  merge -l acme.db --emit all < /dev/null | models automatic > models.csv\n",
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

static void put_cell(struct buffer *row, const char *text)
{
	size_t length = strlen(text), size = csv_write(NULL, 0, text, length);
	bool is_plain = !strpbrk(text, ",\"\r\n");
	char *end = is_plain ? NULL : buffer_reserve(row, size);
	if (is_plain)
		buffer_append(row, text, length);
	else if (end) {
		csv_write(end, size, text, length);
		row->length += size;
	}
}

/* Escapes the characters that are special in a glob. */
static void put_pattern(struct buffer *row, const char *text, struct error *error)
{
	struct buffer pattern = BUFFER_INIT;
	for (; *text; text++)
		if (strchr("*?[", *text))
			buffer_append_format(&pattern, "[%c]", *text);
		else
			buffer_append_byte(&pattern, *text);
	if (buffer_check(&pattern, error) == 0)
		put_cell(row, pattern.data);
	buffer_release(&pattern);
}

static void print_suggestions(const struct suggestions *suggestions, struct output *output, struct error *error)
{
	struct buffer *row = &output->pending;
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
		put_cell(row, one->type);
		buffer_append_byte(row, ',');
		put_pattern(row, one->identifier, error);
		buffer_append_byte(row, '\n');
		output_line_end(output);
	}
}

/* ---- automatic ---- */

enum { PLAN_ITEM_ID, PLAN_ITEM_NAME, SUBSCRIPTION_FIELDS };
static const char *const subscription_fields[SUBSCRIPTION_FIELDS] = {"/plan_item_id", "/plan_item_name"};

/* Products of Docusign by a word that names of their plan items have. */
static const char *const products[][2] = {{"CLM", "CLM"}, {"Monitor", "Monitor"}, {"Notary", "Notary"}, {"Rooms", "Rooms"},
	{"Identify", "Identify"}, {"Navigator", "Navigator"}, {"Maestro", "Maestro"}};

static const char *product_of(const char *name)
{
	for (size_t i = 0; i < sizeof products / sizeof *products; i++)
		if (strstr(name, products[i][0]))
			return products[i][1];
	return "eSignature";
}

static void print_automatic(const char *id, const char *name, struct output *output, struct error *error)
{
	struct buffer *row = &output->pending;
	buffer_append_format(row, "Docusign,%s,,,", product_of(name));
	put_cell(row, name);
	buffer_append_string(row, ",Envelope,envelope,plan_item_id,");
	put_pattern(row, id, error);
	buffer_append_string(row, ",automatic\n");
	output_line_end(output);
}

/* A row for each plan item, by its latest name, in the order in which they come. */
static void print_models(struct output *output, struct error *error)
{
	struct message_reader reader;
	struct message message;
	struct name_table ids = {.count = 0};
	struct arena arena = {.chunks = NULL};
	const char **names = NULL;
	size_t count = 0;
	if (message_reader_open(&reader, STDIN_FILENO, "standard input", subscription_fields, SUBSCRIPTION_FIELDS, false, error) < 0)
		return;
	while (message_next(&reader, &message, error) > 0) {
		const struct json_slice *id = &message.fields[PLAN_ITEM_ID], *name = &message.fields[PLAN_ITEM_NAME];
		if (!message_is_record(&message, "subscription") || id->kind != JSON_STRING || name->kind != JSON_STRING || !name->length)
			continue;
		ptrdiff_t number = name_table_number(&ids, id->text, id->length, error);
		const char **place = number < 0 ? NULL : array_at((void **)&names, &count, sizeof *names, (size_t)number, error);
		if (!place || !(*place = text_of(&arena, name, error)))
			break;
	}
	message_reader_release(&reader);
	if (!error->status)
		buffer_append_string(&output->pending,
			"publisher,product,version,edition,software_model,license_metric,unit,identifier_type,identifier,origin\n");
	for (size_t i = 0; i < count && !error->status; i++)
		print_automatic(ids.names[i].text, names[i], output, error);
	name_table_release(&ids);
	arena_release(&arena);
	free(names);
}

static void run(const char **operands, struct output *output, struct error *error)
{
	struct suggestions suggestions = {.count = 0};
	bool is_automatic = operands[0] && strcmp(operands[0], "automatic") == 0;
	if (!operands[0] || (!is_automatic && strcmp(operands[0], "suggest") != 0) || operands[1])
		options_refuse("cannot do that: models takes one operand, suggest or automatic");
	if (is_automatic)
		print_models(output, error);
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
