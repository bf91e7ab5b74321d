#include "report/report_table.h"

#include "base/instant.h"
#include "io/display.h"
#include "report/report_anomalies.h"
#include "report/report_evidence.h"
#include "report/report_sections.h"
#include "report/verdict.h"

#include <inttypes.h>
#include <string.h>

#define RESTATEMENTS_SHOWN 20
#define ANOMALIES_SHOWN 20 /* of a kind */
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- sections of rows ---- */

struct printing {
	const struct report *report;
	const struct text_page *page;
	bool is_certain; /* only then a status is good */
	struct buffer *output;
	struct error *error;
};

static enum text_style style_of_state(const char *state)
{
	return strcmp(state, "open") == 0 ? TEXT_DIM : TEXT_PLAIN;
}

static void add_cell(const struct printing *printing, struct text_table *table, const struct report_column *column,
	const struct report_row *row, enum text_style style)
{
	struct report_cell cell = {.text = BUFFER_INIT, .style = style};
	const char *text = report_cell_text(column, row, &cell);
	text_table_text(table, cell.style == TEXT_GOOD && !printing->is_certain ? TEXT_PLAIN : cell.style, text);
	table->texts.failed |= cell.text.failed;
	buffer_release(&cell.text);
}

static void add_heading(struct text_table *table, const struct report_section *section, const struct report_row *row, size_t first_name)
{
	struct buffer heading = BUFFER_INIT;
	report_append_heading(section, row, first_name, true, &heading);
	text_table_heading(table, heading.data, heading.length);
	buffer_release(&heading);
}

/* Returns how many rows there are; at most section->limit are added. `first_name`: of the headings; REPORT_NAME_COLUMNS: there are none. */
static size_t fill(const struct printing *printing, struct text_table *table, const struct report_section *section,
	const struct report_rows *rows, int64_t start, size_t first_column, size_t first_name)
{
	const struct report_column *columns[TEXT_TABLE_COLUMNS];
	const struct report_row *before = NULL;
	size_t count = 0, width = report_section_columns(section, rows, columns);
	for (size_t i = 0; i < rows->count; i++) {
		const struct report_row *row = report_row_at(rows, i);
		if (!report_section_has(section, row, start) || ++count > section->limit)
			continue;
		if (first_name < REPORT_NAME_COLUMNS && report_section_begins(section, row, before))
			add_heading(table, section, row, first_name);
		before = row;
		enum text_style style = section->is_dim_when_open ? style_of_state(report_row_text(row, "period_state")) : TEXT_PLAIN;
		for (size_t j = first_column; j < width; j++)
			add_cell(printing, table, columns[j], row, style);
	}
	return count;
}

static size_t make_heads(const struct report_section *section, const struct report_rows *rows, struct text_column heads[TEXT_TABLE_COLUMNS])
{
	const struct report_column *columns[TEXT_TABLE_COLUMNS];
	size_t width = report_section_columns(section, rows, columns);
	for (size_t i = 0; i < width; i++)
		heads[i] = columns[i]->head;
	return width;
}

/* Prints the rows of the period that starts at `start`, or all for INSTANT_NONE; nothing when there are none. */
static int print_rows(const struct printing *printing, const struct report_section *section, const struct report_rows *rows, int64_t start)
{
	const struct report *report = printing->report;
	struct text_column heads[TEXT_TABLE_COLUMNS];
	struct text_table table;
	struct buffer title = BUFFER_INIT;
	size_t width = make_heads(section, rows, heads);
	buffer_append_string(&title, section->title);
	if (start != INSTANT_NONE)
		report_append_days(report->groups_start, report->groups_end, &title);
	text_table_open(&table, heads, width);
	size_t count = fill(printing, &table, section, rows, start, 0, 0);
	int result = buffer_check(&title, printing->error);
	if (result == 0 && count)
		result = text_table_print_section(&table, title.data, count > section->limit ? count - section->limit : 0, printing->page,
			printing->output, printing->error);
	else
		text_table_release(&table);
	buffer_release(&title);
	return result;
}

/* Rows repeat model and metric, for grep; on a narrow terminal these are headings. */
static int print_position(const struct printing *printing)
{
	const struct report_rows *metrics = &printing->report->metrics;
	const struct report_section *section = &report_section_position;
	struct text_column heads[TEXT_TABLE_COLUMNS];
	struct text_table table;
	size_t first = 1; /* without the profile, where there is only one */
	for (size_t i = 1; i < metrics->count; i++)
		if (!report_rows_agree(report_row_at(metrics, i), report_row_at(metrics, 0), FIELD_LIST("profile")))
			first = 0;
	size_t width = make_heads(section, metrics, heads);
	text_table_open(&table, heads + first, width - first);
	fill(printing, &table, section, metrics, INSTANT_NONE, first, REPORT_NAME_COLUMNS);
	if (printing->page->is_terminal && text_table_width(&table) > printing->page->width) {
		text_table_release(&table);
		text_table_open(&table, heads + REPORT_NAME_COLUMNS, width - REPORT_NAME_COLUMNS);
		fill(printing, &table, section, metrics, INSTANT_NONE, REPORT_NAME_COLUMNS, first);
	}
	return text_table_print_section(&table, section->title, 0, printing->page, printing->output, printing->error);
}

/* ---- other sections ---- */

#define TABLE_OPEN(table, columns) text_table_open(table, columns, COUNT(columns))

static void add_days(struct text_table *table, enum text_style style, int64_t start, int64_t end)
{
	struct buffer days = BUFFER_INIT;
	report_append_days(start, end, &days);
	text_table_cell(table, style, days.data, days.length);
	buffer_release(&days);
}

static void add_period_heading(struct text_table *table, const struct report_period *period)
{
	struct buffer heading = BUFFER_INIT;
	buffer_append_string(&heading, period->unit);
	if (period->profile)
		buffer_append_format(&heading, " · profile %s", period->profile);
	text_table_heading(table, heading.data, heading.length);
	buffer_release(&heading);
}

static void add_total(struct text_table *table, int64_t consumed, int64_t licensed)
{
	text_table_text(table, TEXT_STRONG, "total");
	text_table_text(table, TEXT_PLAIN, "");
	text_table_integer(table, TEXT_STRONG, consumed);
	text_table_integer(table, TEXT_STRONG, licensed);
	text_table_integer(table, TEXT_STRONG, consumed - licensed);
	text_table_text(table, TEXT_PLAIN, "");
}

/* Every unit of the input is in here once. */
static int print_units(const struct printing *printing)
{
	static const struct text_column columns[] = {{"period", false, false}, {"state", false, false}, {"units\nconsumed", true, false},
		{"in licence\nrows", true, false}, {"in no\nlicence row", true, false}, {"", false, true}};
	struct text_table table;
	int64_t consumed = 0, licensed = 0;
	const struct report *report = printing->report;
	const struct report_period *before = NULL;
	int result = 0;
	TABLE_OPEN(&table, columns);
	for (size_t i = 0; i < report->period_count && result == 0; i++) {
		const struct report_period *period = report_period_at(report, i);
		bool first = !before || !report_periods_agree(period, before);
		if (first && before)
			add_total(&table, consumed, licensed);
		if (first) {
			consumed = licensed = 0;
			add_period_heading(&table, period);
		}
		enum text_style style = style_of_state(period->state);
		add_days(&table, style, period->start, period->end);
		text_table_text(&table, style, period->state);
		text_table_integer(&table, style, period->consumed);
		text_table_integer(&table, style, period->licensed);
		text_table_integer(&table, style, period->consumed - period->licensed);
		text_table_text(&table, TEXT_DIM, period->index < 0 ? "before the contract start" : "");
		result = sum_add(&consumed, period->consumed, printing->error) < 0 ||
				sum_add(&licensed, period->licensed, printing->error) < 0
			? -1
			: 0;
		before = period;
	}
	if (before)
		add_total(&table, consumed, licensed);
	if (result == 0)
		return text_table_print_section(&table, "Units consumed", 0, printing->page, printing->output, printing->error);
	text_table_release(&table);
	return -1;
}

static int print_restatements(const struct printing *printing)
{
	static const struct text_column columns[] = {{"period", false, false}, {"account", false, true}, {"before", true, false},
		{"after", true, false}, {"delta", true, false}, {"cause", false, false}};
	const struct report *report = printing->report;
	struct text_table table;
	struct buffer text = BUFFER_INIT;
	size_t shown = report->restatement_count < RESTATEMENTS_SHOWN ? report->restatement_count : RESTATEMENTS_SHOWN;
	TABLE_OPEN(&table, columns);
	for (size_t i = 0; i < shown; i++) {
		const struct report_restatement *restatement = &report->restatements[i];
		add_days(&table, TEXT_PLAIN, restatement->start, restatement->end);
		buffer_reset(&text);
		report_append_account(report, restatement->account, &text);
		text_table_cell(&table, TEXT_PLAIN, text.data, text.length);
		text_table_integer(&table, TEXT_PLAIN, restatement->before);
		text_table_integer(&table, TEXT_PLAIN, restatement->after);
		buffer_reset(&text);
		buffer_append_format(&text, "%+" PRId64, restatement->delta);
		text_table_cell(&table, TEXT_PLAIN, text.data, text.length);
		text_table_text(&table, TEXT_PLAIN, restatement->cause);
	}
	int result =
		text_table_print_section(&table, "Restatements of what was reported", 0, printing->page, printing->output, printing->error);
	if (report->restatement_total > (int64_t)shown)
		buffer_append_format(printing->output, "… and %" PRId64 " smaller ones\n", report->restatement_total - (int64_t)shown);
	buffer_release(&text);
	return result;
}

static int print_identifiers(const struct printing *printing)
{
	static const struct text_column columns[] = {{"identifier", false, true}, {"type", false, false}, {"name", false, true},
		{"subscriptions", true, false}, {"units", true, false}};
	const struct report *report = printing->report;
	struct text_table table;
	TABLE_OPEN(&table, columns);
	for (size_t i = 0; i < report->identifier_count; i++) {
		const struct report_identifier *identifier = &report->identifiers[i];
		text_table_text(&table, TEXT_PLAIN, identifier->identifier);
		text_table_text(&table, TEXT_PLAIN, identifier->type);
		text_table_text(&table, TEXT_PLAIN, identifier->display_name);
		if (identifier->subscriptions < 0)
			text_table_text(&table, TEXT_PLAIN, "");
		else
			text_table_integer(&table, TEXT_PLAIN, identifier->subscriptions);
		text_table_integer(&table, TEXT_PLAIN, identifier->units);
	}
	return text_table_print_section(
		&table, "Unrecognized subscription identifiers", 0, printing->page, printing->output, printing->error);
}

static int print_sends(const struct printing *printing, const struct report_anomalies *anomalies)
{
	static const struct text_column columns[] = {{"day", false, false}, {"software model", false, true}, {"metric", false, true},
		{"units beyond\nthe usual", true, false}, {"most units\nthat day by", false, true}, {"its\nunits", true, false}};
	struct text_table table;
	struct buffer text = BUFFER_INIT;
	size_t count = anomalies->send_count, shown = count < ANOMALIES_SHOWN ? count : ANOMALIES_SHOWN;
	TABLE_OPEN(&table, columns);
	for (size_t i = 0; i < shown; i++) {
		const struct report_send *send = &anomalies->sends[i];
		char day[DAY_LENGTH + 1] = "";
		day_format(send->day, day);
		text_table_text(&table, TEXT_PLAIN, day);
		text_table_text(&table, TEXT_PLAIN, report_row_text(send->forecast, "software_model"));
		text_table_text(&table, TEXT_PLAIN, report_row_text(send->forecast, "license_metric"));
		text_table_integer(&table, TEXT_PLAIN, send->units);
		buffer_reset(&text);
		if (send->account && send->account_number != RECORD_NO_NAME)
			report_append_account(printing->report, send->account_number, &text);
		else
			buffer_append_string(&text, send->account ? send->account : "");
		text_table_cell(&table, TEXT_PLAIN, text.data, text.length);
		if (send->account)
			text_table_integer(&table, TEXT_PLAIN, send->account_units);
		else
			text_table_text(&table, TEXT_PLAIN, "");
	}
	buffer_release(&text);
	int result = text_table_print_section(&table, "One-off sends", count - shown, printing->page, printing->output, printing->error);
	buffer_append_string(printing->output, printing->page->is_markdown ? "\n" REPORT_SENDERS "`" : REPORT_SENDERS);
	report_send_command(anomalies->sends, printing->output);
	buffer_append_string(printing->output, printing->page->is_markdown ? "`\n" : "\n");
	return result;
}

static int print_changes(const struct printing *printing, const struct report_anomalies *anomalies)
{
	static const struct text_column columns[] = {{"account", false, true}, {"usual\nfour weeks", true, false},
		{"last\nfour weeks", true, false}, {"known up to", false, false}, {"use", false, false}};
	struct text_table table;
	struct buffer account = BUFFER_INIT;
	size_t count = anomalies->change_count, shown = count < ANOMALIES_SHOWN ? count : ANOMALIES_SHOWN;
	TABLE_OPEN(&table, columns);
	for (size_t i = 0; i < shown; i++) {
		const struct report_change *change = &anomalies->changes[i];
		char day[DAY_LENGTH + 1] = "";
		buffer_reset(&account);
		report_append_account(printing->report, change->account, &account);
		day_format(change->until, day);
		text_table_cell(&table, TEXT_PLAIN, account.data, account.length);
		text_table_integer(&table, TEXT_PLAIN, change->usual);
		text_table_integer(&table, TEXT_PLAIN, change->last);
		text_table_text(&table, TEXT_PLAIN, day);
		text_table_text(&table, TEXT_PLAIN, report_change_word(change));
	}
	buffer_release(&account);
	return text_table_print_section(
		&table, "Accounts whose use has changed", count - shown, printing->page, printing->output, printing->error);
}

static int print_anomalies(const struct printing *printing)
{
	struct report_anomalies anomalies;
	int result = report_anomalies_build(&anomalies, printing->report, printing->error);
	if (result == 0 && anomalies.change_count)
		result = print_changes(printing, &anomalies);
	if (result == 0 && anomalies.send_count)
		result = print_sends(printing, &anomalies);
	report_anomalies_release(&anomalies);
	return result;
}

static void add_fact(void *context, const char *name, const char *value)
{
	text_table_text(context, TEXT_PLAIN, name);
	text_table_text(context, TEXT_PLAIN, value);
}

static int print_evidence(const struct printing *printing)
{
	static const struct text_column columns[] = {{"evidence", false, false}, {"", false, false}};
	static const struct text_column file_columns[] = {{"file", false, false}, {"SHA-256", false, false}};
	const struct report_evidence *evidence = printing->report->evidence;
	struct text_table table;
	struct buffer command = BUFFER_INIT;
	TABLE_OPEN(&table, columns);
	report_evidence_facts(printing->report, add_fact, &table);
	for (size_t i = 0; i < REPORT_CHECKS; i++) {
		buffer_reset(&command);
		report_check_append(&report_checks[i], evidence->run, &command);
		add_fact(&table, command.data, report_checks[i].shows);
	}
	buffer_release(&command);
	if (text_table_print_section(&table, "Evidence, and how to check it", 0, printing->page, printing->output, printing->error) < 0)
		return -1;
	TABLE_OPEN(&table, file_columns);
	for (size_t i = 0; i < evidence->count; i++)
		add_fact(&table, evidence->files[i].name, evidence->files[i].sha256);
	return text_table_print_section(&table, "Inputs and recordings", 0, printing->page, printing->output, printing->error);
}

static void print_verdict(void *context, enum verdict verdict, const struct buffer *sentence)
{
	const struct printing *printing = context;
	enum text_style style = verdict == VERDICT_COMPLIANT ? TEXT_GOOD : TEXT_BAD;
	text_append_styled(printing->output, printing->page, style, sentence->data, sentence->length);
	text_end_sentence(printing->output, printing->page);
	printing->output->failed |= sentence->failed;
}

static void print_sentence(void *context, bool is_bad, const char *sentence)
{
	const struct printing *printing = context;
	text_append_styled(printing->output, printing->page, is_bad ? TEXT_BAD : TEXT_PLAIN, sentence, strlen(sentence));
	text_end_sentence(printing->output, printing->page);
}

int report_table_print(const struct report *report, const struct text_page *page, struct buffer *output, struct error *error)
{
	char now[INSTANT_LENGTH];
	size_t start = output->length;
	struct buffer title = BUFFER_INIT;
	struct printing printing = {report, page, report_is_certain(report), output, error};
	instant_format(report->now, now);
	display_append(&title, report->title, strlen(report->title), 0);
	text_append_styled(output, page, TEXT_STRONG, title.data, title.length);
	buffer_append_format(output, ", as of %.10s %.8s UTC. Periods are shown from their first to their last day.", now, now + 11);
	text_end_sentence(output, page);
	buffer_release(&title);
	report_verdict(report, print_verdict, &printing);
	text_wrap(output, page, start);
	if (print_position(&printing) < 0 || print_rows(&printing, &report_section_declared, &report->declared, INSTANT_NONE) < 0 ||
		print_rows(&printing, &report_section_without, &report->without, INSTANT_NONE) < 0 ||
		print_rows(&printing, &report_section_forecasts, &report->forecasts, INSTANT_NONE) < 0 ||
		print_rows(&printing, &report_section_costs, &report->metrics, INSTANT_NONE) < 0 ||
		print_rows(&printing, &report_section_remediations, &report->remediations, INSTANT_NONE) < 0 ||
		print_rows(&printing, &report_section_groups, &report->groups, report->groups_start) < 0 ||
		print_rows(&printing, &report_section_billings, &report->billings, INSTANT_NONE) < 0 ||
		(report->period_count && print_units(&printing) < 0) ||
		print_rows(&printing, &report_section_charges, &report->charges, report->groups_start) < 0 ||
		print_anomalies(&printing) < 0 || (report->restatement_total && print_restatements(&printing) < 0) ||
		print_rows(&printing, &report_section_rights, &report->rights, INSTANT_NONE) < 0 ||
		(report->identifier_count && print_identifiers(&printing) < 0) ||
		print_rows(&printing, &report_section_ineffective, &report->ineffective, INSTANT_NONE) < 0 ||
		(report->evidence && print_evidence(&printing) < 0))
		return -1;
	start = output->length;
	buffer_append_byte(output, '\n');
	report_summarize(report, print_sentence, &printing);
	text_wrap(output, page, start);
	return buffer_check(output, error);
}
