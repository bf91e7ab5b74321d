#include "report/report_xlsx.h"

#include "base/instant.h"
#include "io/display.h"
#include "io/zip_files.h"
#include "report/report_accounts.h"
#include "report/report_sections.h"
#include "report/verdict.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xlsxwriter.h>

#define CELL_CHARACTERS 5000 /* of a text: a spreadsheet's cell has room for 32,767, and an escape is of up to 6 */
#define WIDEST 60
#define DIGITS 15 /* of a number that a double has exactly */
#define DECIMALS 6
#define SHEET_COLUMNS 16
#define LARGEST ((size_t)1 << 30)

struct book {
	const struct report *report;
	lxw_workbook *workbook;
	lxw_format *head, *date, *text, *numbers[DECIMALS + 1]; /* numbers: by digits after the point */
	lxw_worksheet *sheet;
	const char *sheet_name;
	lxw_row_t row;
	lxw_col_t column;
	size_t widths[SHEET_COLUMNS];
	lxw_error failure; /* the first */
	struct error *error;
};

/* ---- cells ---- */

static void end_cell(struct book *book, size_t width, lxw_error failure)
{
	if (book->failure == LXW_NO_ERROR)
		book->failure = failure;
	if (book->column < SHEET_COLUMNS && width > book->widths[book->column])
		book->widths[book->column] = width < WIDEST ? width : WIDEST;
	book->column++;
}

/* A spreadsheet reads _x0041_ as A: the underscore itself is written so. */
static void append_literally(struct buffer *literal, const struct buffer *text)
{
	for (const char *c = text->data; *c; c++) {
		bool is_escape = *c == '_' && c[1] == 'x' && strspn(c + 2, "0123456789abcdefABCDEF") >= 4 && c[6] == '_';
		buffer_append_string(literal, is_escape ? "_x005F_" : "");
		buffer_append(literal, c, is_escape ? 0 : 1);
	}
}

static void add_styled(struct book *book, const char *text, lxw_format *format)
{
	struct buffer shown = BUFFER_INIT, literal = BUFFER_INIT;
	if (text)
		display_append(&shown, text, strlen(text), CELL_CHARACTERS);
	append_literally(&literal, &shown);
	lxw_error failure = shown.failed || literal.failed ? LXW_ERROR_MEMORY_MALLOC_FAILED
		: shown.length ? worksheet_write_string(book->sheet, book->row, book->column, literal.data, format)
			       : LXW_NO_ERROR;
	end_cell(book, display_width(shown.data, shown.length), failure);
	buffer_release(&shown);
	buffer_release(&literal);
}

static void add_text(struct book *book, const char *text)
{
	add_styled(book, text, book->text);
}

/* The digits after the point of a plain decimal that a double has exactly; -1 for any other text. */
static int decimals_of(const char *text)
{
	const char *digits = text + (*text == '-');
	size_t whole = strspn(digits, "0123456789"), decimals = 0;
	const char *rest = digits + whole;
	if (*rest == '.') {
		decimals = strspn(rest + 1, "0123456789");
		rest += 1 + decimals;
		if (decimals == 0)
			return -1;
	}
	return whole == 0 || *rest || decimals > DECIMALS || whole + decimals > DIGITS ? -1 : (int)decimals;
}

static void add_figure(struct book *book, const char *text)
{
	int decimals = text ? decimals_of(text) : -1;
	if (decimals < 0) {
		add_text(book, text);
		return;
	}
	lxw_error failure = worksheet_write_number(book->sheet, book->row, book->column, strtod(text, NULL), book->numbers[decimals]);
	end_cell(book, strlen(text) * 4 / 3 + 1, failure);
}

static void add_integer(struct book *book, int64_t value)
{
	char text[24];
	snprintf(text, sizeof text, "%lld", (long long)value);
	add_figure(book, text);
}

/* A spreadsheet's calendar begins in 1900, with an error in its first months. */
static void add_day(struct book *book, int32_t day)
{
	lxw_datetime date = {0};
	char text[DAY_LENGTH + 1] = "";
	day_to_civil(day, &date.year, &date.month, &date.day);
	day_format(day, text);
	if (date.year > 1900)
		end_cell(book, DAY_LENGTH, worksheet_write_datetime(book->sheet, book->row, book->column, &date, book->date));
	else
		add_text(book, text);
}

static void add_days(struct book *book, int64_t start, int64_t end)
{
	add_day(book, instant_day(start));
	add_day(book, instant_day(end - 1));
}

static void end_row(struct book *book)
{
	book->row++;
	book->column = 0;
}

/* ---- sheets ---- */

static void begin_sheet(struct book *book, const char *name)
{
	book->sheet_name = name;
	book->row = 0;
	book->column = 0;
	memset(book->widths, 0, sizeof book->widths);
	book->sheet = workbook_get_worksheet_by_name(book->workbook, name);
}

static void add_heads(struct book *book, const char *const heads[])
{
	for (size_t i = 0; heads[i]; i++)
		add_styled(book, heads[i], book->head);
}

static void add_period_heads(struct book *book)
{
	add_heads(book, FIELD_LIST("first day", "last day"));
}

static void end_sheet(struct book *book)
{
	for (lxw_col_t i = 0; i < SHEET_COLUMNS; i++)
		if (book->widths[i])
			worksheet_set_column(book->sheet, i, i, (double)book->widths[i] + 2, NULL);
	worksheet_set_landscape(book->sheet);
	worksheet_fit_to_pages(book->sheet, 1, 0);
}

/* After the heads and all rows. */
static void end_table(struct book *book, lxw_col_t columns)
{
	worksheet_freeze_panes(book->sheet, 1, 0);
	worksheet_repeat_rows(book->sheet, 0, 0);
	if (book->row > 1)
		worksheet_autofilter(book->sheet, 0, 0, book->row - 1, columns - 1);
	end_sheet(book);
}

static bool is_period(const struct report_column *column)
{
	return strcmp(column->field, "period_start") == 0;
}

/* A head on one line: "rights owned", "over-licensed". */
static void add_column_head(struct book *book, const struct report_column *column)
{
	char head[64];
	size_t length = 0;
	if (is_period(column)) {
		add_period_heads(book);
		return;
	}
	for (const char *c = column->head.title; *c && length < sizeof head - 1; c++)
		if (*c != '\n' || c[-1] != '-')
			head[length++] = *c == '\n' ? ' ' : *c;
	head[length] = 0;
	add_styled(book, head, book->head);
}

static void add_column_cell(struct book *book, const struct report_column *column, const struct report_row *row)
{
	struct report_cell cell = {.text = BUFFER_INIT};
	if (is_period(column)) {
		add_days(book, row->start, row->end);
		return;
	}
	const char *text = report_cell_text(column, row, &cell), *kind = strrchr(column->field, '_');
	int32_t day;
	if (text && kind && strcmp(kind, "_day") == 0 && day_parse(text, strlen(text), &day) == 0) {
		add_day(book, day);
		return;
	}
	if (cell.text.failed)
		book->failure = LXW_ERROR_MEMORY_MALLOC_FAILED;
	if (column->head.right)
		add_figure(book, text);
	else
		add_text(book, text);
	buffer_release(&cell.text);
}

/* What is a heading in the table is columns here, so that each row can be sorted and filtered. */
static void add_section(struct book *book, const char *name, const struct report_section *section, const struct report_rows *rows)
{
	const struct report_section *names = section == &report_section_position ? NULL : &report_section_position;
	const struct report_column *shown[TEXT_TABLE_COLUMNS];
	const size_t width = report_section_columns(section, rows, shown);
	begin_sheet(book, name);
	for (size_t i = 0; names && i < REPORT_NAME_COLUMNS; i++)
		add_column_head(book, &names->columns[i]);
	if (section->required_field)
		add_heads(book, FIELD_LIST("currency"));
	for (size_t i = 0; i < width; i++)
		add_column_head(book, shown[i]);
	const lxw_col_t columns = book->column;
	end_row(book);
	for (size_t i = 0; i < rows->count && book->failure == LXW_NO_ERROR; i++) {
		const struct report_row *row = report_row_at(rows, i);
		if (!report_section_has(section, row, INSTANT_NONE))
			continue;
		for (size_t j = 0; names && j < REPORT_NAME_COLUMNS; j++)
			add_column_cell(book, &names->columns[j], row);
		if (section->required_field)
			add_text(book, report_row_text(row, "currency"));
		for (size_t j = 0; j < width; j++)
			add_column_cell(book, shown[j], row);
		end_row(book);
	}
	end_table(book, columns);
}

/* A row for each account and period in which it has units. */
static void add_account_rows(struct book *book, const struct report_accounts *table)
{
	const struct report *report = book->report;
	for (size_t i = 0; i < table->row_count; i++)
		for (size_t j = 0; j < table->column_count && book->failure == LXW_NO_ERROR; j++) {
			const struct report_period *period = report_period_at(report, table->first + j);
			int64_t units = table->cells[i * (table->column_count + 1) + j];
			if (units == 0)
				continue;
			add_text(book, report->accounts[table->accounts[i]].name);
			add_text(book, report->account_ids.names[table->accounts[i]].text);
			add_text(book, period->profile);
			add_text(book, period->unit);
			add_days(book, period->start, period->end);
			add_text(book, period->state);
			add_integer(book, units);
			end_row(book);
		}
}

static int add_accounts(struct book *book)
{
	int result = 0;
	begin_sheet(book, "Accounts");
	add_heads(book, FIELD_LIST("account", "account id", "profile", "unit"));
	add_period_heads(book);
	add_heads(book, FIELD_LIST("state", "units consumed"));
	lxw_col_t columns = book->column;
	end_row(book);
	for (size_t first = 0; first < book->report->period_count && result == 0;) {
		struct report_accounts table = {.row_limit = SIZE_MAX, .column_limit = SIZE_MAX};
		result = report_accounts_build(&table, book->report, first, book->error);
		if (result == 0)
			add_account_rows(book, &table);
		first = table.end;
		report_accounts_release(&table);
	}
	end_table(book, columns);
	return result;
}

static void add_restatements(struct book *book)
{
	const struct report *report = book->report;
	int64_t others = report->restatement_net;
	begin_sheet(book, "Restatements");
	add_heads(book, FIELD_LIST("account", "account id"));
	add_period_heads(book);
	add_heads(book, FIELD_LIST("before", "after", "delta", "cause"));
	lxw_col_t columns = book->column;
	end_row(book);
	for (size_t i = 0; i < report->restatement_count; i++) {
		const struct report_restatement *restatement = &report->restatements[i];
		add_text(book, report->accounts[restatement->account].name);
		add_text(book, report->account_ids.names[restatement->account].text);
		add_days(book, restatement->start, restatement->end);
		add_integer(book, restatement->before);
		add_integer(book, restatement->after);
		add_integer(book, restatement->delta);
		add_text(book, restatement->cause);
		others -= restatement->delta;
		end_row(book);
	}
	if (report->restatement_total > (int64_t)report->restatement_count) {
		char text[60];
		snprintf(text, sizeof text, "%lld smaller ones",
			(long long)(report->restatement_total - (int64_t)report->restatement_count));
		add_text(book, text);
		book->column = 6;
		add_integer(book, others);
		end_row(book);
	}
	end_table(book, columns);
}

static void add_line(struct book *book, const char *line)
{
	add_text(book, line);
	end_row(book);
}

static void add_verdict(void *context, enum verdict verdict, const struct buffer *sentence)
{
	struct book *book = context;
	(void)verdict;
	add_line(book, sentence->data);
	if (sentence->failed)
		book->failure = LXW_ERROR_MEMORY_MALLOC_FAILED;
}

static void add_sentence(void *context, bool is_bad, const char *sentence)
{
	(void)is_bad;
	add_line(context, sentence);
}

static void add_summary(struct book *book)
{
	char now[INSTANT_LENGTH], line[80];
	instant_format(book->report->now, now);
	snprintf(line, sizeof line, "as of %.10s %.8s UTC", now, now + 11);
	begin_sheet(book, "Summary");
	add_styled(book, book->report->title, book->head);
	end_row(book);
	add_line(book, line);
	report_verdict(book->report, add_verdict, book);
	report_summarize(book->report, add_sentence, book);
	end_sheet(book);
}

/* ---- the workbook ---- */

static lxw_format *make_format(struct book *book, const char *number_format)
{
	lxw_format *format = workbook_add_format(book->workbook);
	if (!format)
		book->failure = LXW_ERROR_MEMORY_MALLOC_FAILED;
	else if (number_format)
		format_set_num_format(format, number_format);
	return format;
}

static void set_formats(struct book *book)
{
	char number_format[] = "#,##0.000000";
	book->head = make_format(book, NULL);
	book->text = make_format(book, "@");
	book->date = make_format(book, "yyyy-mm-dd");
	for (int i = DECIMALS; i >= 0; i--) {
		number_format[i ? 6 + i : 5] = 0;
		book->numbers[i] = make_format(book, number_format);
	}
	if (book->head)
		format_set_bold(book->head);
}

static int fill(struct book *book)
{
	const struct report *report = book->report;
	const struct {
		const char *name;
		const struct report_section *section; /* NULL: it is always there */
		const struct report_rows *rows;
	} sheets[] = {{"Position", NULL, NULL}, {"Costs", NULL, NULL}, {"Accounts", NULL, NULL}, {"Restatements", NULL, NULL},
		{"Restated rights", &report_section_rights, &report->rights}, {"Summary", NULL, NULL},
		{"Declared", &report_section_declared, &report->declared}, {"Chargeback", &report_section_charges, &report->charges}};
	lxw_doc_properties properties = {.title = (char *)"Docusign licence position", .created = (time_t)(report->now / 1000)};
	workbook_set_properties(book->workbook, &properties);
	set_formats(book);
	for (size_t i = 0; i < sizeof sheets / sizeof *sheets; i++)
		if ((!sheets[i].section || sheets[i].rows->count) && !workbook_add_worksheet(book->workbook, sheets[i].name))
			book->failure = LXW_ERROR_MEMORY_MALLOC_FAILED;
	if (book->failure != LXW_NO_ERROR)
		return 0;
	add_section(book, "Position", &report_section_position, &report->metrics);
	add_section(book, "Costs", &report_section_costs, &report->metrics);
	for (size_t i = 0; i < sizeof sheets / sizeof *sheets; i++)
		if (sheets[i].section && sheets[i].rows->count)
			add_section(book, sheets[i].name, sheets[i].section, sheets[i].rows);
	if (add_accounts(book) < 0)
		return -1;
	add_restatements(book);
	add_summary(book);
	return 0;
}

/* The library does not notice that a disk is full: a part that it could not write ends early, within its root element. */
static int check_part(void *context, const char *bytes, size_t length, struct error *error)
{
	const char *root = memmem(bytes, length, "\n<", 2), *folder = context;
	size_t name = root ? strcspn(root + 2, " >") : 0;
	const char *end = bytes + length - (length && bytes[length - 1] == '\n');
	if (root && end - root > (ptrdiff_t)name + 5 && memcmp(end - name - 3, "</", 2) == 0 && memcmp(end - name - 1, root + 2, name) == 0)
		return 0;
	return error_set(error, EX_IOERR,
		"cannot make the workbook: its temporary files are incomplete: is '%s' full? TMPDIR names another folder", folder);
}

static int refuse(const struct book *book)
{
	if (book->failure == LXW_ERROR_WORKSHEET_INDEX_OUT_OF_RANGE)
		return error_set(book->error, EX_DATAERR, "cannot make the workbook: sheet '%s' would have more than %d rows",
			book->sheet_name, LXW_ROW_MAX);
	return error_set(book->error, EX_OSERR, "cannot make the workbook: %s", lxw_strerror(book->failure));
}

/* The library writes to a file that it names itself: one in memory, so that nothing is left behind. */
int report_xlsx_print(const struct report *report, struct output *output, struct error *error)
{
	char path[40];
	int descriptor = memfd_create("workbook", MFD_CLOEXEC);
	if (descriptor < 0)
		return error_set(error, EX_OSERR, "cannot make the workbook: %s", strerror(errno));
	snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
	char *folder = getenv("TMPDIR");
	struct buffer file = BUFFER_INIT;
	lxw_workbook_options options = {.tmpdir = folder};
	struct book book = {.report = report, .workbook = workbook_new_opt(path, &options), .error = error};
	int result = book.workbook ? fill(&book) : error_set(error, EX_OSERR, "out of memory");
	if (book.workbook) {
		lxw_error failure = workbook_close(book.workbook);
		book.failure = book.failure == LXW_NO_ERROR ? failure : book.failure;
	}
	if (result == 0 && book.failure != LXW_NO_ERROR)
		result = refuse(&book);
	if (result == 0)
		result = buffer_append_descriptor(&file, descriptor, LARGEST, "the workbook", error);
	if (result == 0)
		result = zip_files_read(file.data, file.length, SIZE_MAX, check_part, (void *)(folder ? folder : "/tmp"), error);
	if (result == 0)
		buffer_append(&output->pending, file.data, file.length);
	if (result == 0)
		result = buffer_check(&output->pending, error);
	buffer_release(&file);
	close(descriptor);
	return result;
}
