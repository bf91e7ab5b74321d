/*
 * models: `models suggest` prints rows for models.csv, to be completed, for identifiers that match no software model.
 *
 * Reads unrecognized_subscription records, as printed by reconcile; ignores everything else. Prints CSV: the header of models.csv and a
 * row for each identifier, the most units first. The software model is left empty, for the user to fill in. Standard error gets the name
 * and units of each identifier.
 *
 * Exit: 0; 64 usage; 65 bad input; 74 cannot write.
 */

#include "base/array.h"
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
	.operands = "suggest",
	.summary = "Prints a row for models.csv, to be completed, for each unrecognized_subscription on standard input.",
	.description = "The software model is left empty, for you to fill in. Units without a plan item have no identifier to map.\n\n"
		       "Example:\n"
		       "  reconcile -e entitlements.csv -m models.csv < consumption.ndjson | models suggest > suggested.csv\n",
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

static void run(const char **operands, struct output *output, struct error *error)
{
	struct suggestions suggestions = {.count = 0};
	if (!operands[0] || strcmp(operands[0], "suggest") != 0 || operands[1])
		options_refuse("cannot do that: models takes one operand, suggest");
	if (read_unrecognized(&suggestions, error) == 0) {
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
