/*
 * report: the licence position for people: a table, a page, CSV, a workbook, or the verdict alone.
 *
 * Reads the output of reconcile and forecast: metric_result, forecast, group_result, remediation, consumption, restatement, rights_restatement,
 * unrecognized_subscription, account and subscription records; ignores everything else. Prints the report, or writes it to --output FILE,
 * which is created only when it is complete. The same input and clock give the same bytes.
 *
 * Exit: 0, even if something is Not Compliant or there is nothing to report; 64 usage; 65 bad input; 73, 74 cannot write.
 */
#include "base/file_name.h"
#include "io/atomic_file.h"
#include "io/display.h"
#include "io/program.h"
#include "report/report_csv.h"
#include "report/report_html.h"
#include "report/report_table.h"
#include "report/report_xlsx.h"
#include "report/verdict.h"
#include "run/run_evidence.h"

#include <string.h>
#include <unistd.h>

static char *format = "table", *title = "Docusign licence position", *output_path, *verdict_path, *previous, *previous_manifest,
	    *evidence_folder, *run_id;
static int partial, plain_cells, one_page;

static struct poptOption table[] = {
	{"format", 'f', POPT_ARG_STRING, &format, 0, "table (the default), md, html, csv, xlsx or verdict", "FORMAT"},
	{"output", 'o', POPT_ARG_STRING, &output_path, 0, "write to this file instead of standard output", "FILE"},
	{"verdict", 0, POPT_ARG_STRING, &verdict_path, 0, "also write the verdict to this file", "FILE"},
	{"partial", 0, POPT_ARG_NONE, &partial, 0, "some accounts could not be read: the verdict is not better than Incomplete", NULL},
	{"title", 0, POPT_ARG_STRING, &title, 0, "the title", "TEXT"},
	{"previous", 0, POPT_ARG_STRING, &previous, 0, "the run before: html links to its report, ../RUN/report.html", "RUN"},
	{"evidence", 0, POPT_ARG_STRING, &evidence_folder, 0, "md, html: say what the run in this folder was made of, and how to check it",
		"FOLDER"},
	{"run", 0, POPT_ARG_STRING, &run_id, 0, "with --evidence: the name of the run", "RUN"},
	{"previous-manifest", 0, POPT_ARG_STRING, &previous_manifest, 0, "with --evidence: the SHA-256 of the manifest of the run before",
		"HEX"},
	{"one-page", 0, POPT_ARG_NONE, &one_page, 0, "html: the first screen alone, one sheet of paper", NULL},
	{"plain-cells", 0, POPT_ARG_NONE, &plain_cells, 0, "csv: no apostrophe before a text that a spreadsheet would run as a formula",
		NULL},
	POPT_TABLEEND,
};

static const struct options_manual manual = {
	.program = "report",
	.operands = "",
	.summary = "Prints the licence position on standard input for people: rights owned and used, units, restatements, "
		   "unrecognized identifiers.",
	.description =
		"table  text; on a terminal fitted to its width, and coloured unless NO_COLOR is set\n"
		"md     the same as Markdown, with tables of GitHub's kind; text is another name of table\n"
		"html   a self-contained page, to read, print or send\n"
		"csv    the metric_result records (RFC 4180). A name that a spreadsheet would run as a formula (it starts with\n"
		"       = + - @, a tab or a carriage return, and is no number) is preceded by an apostrophe; not with --plain-cells\n"
		"xlsx   a workbook: sheets Position, Costs, Accounts, Restatements, Summary, and where there is some Declared and\n"
		"       Chargeback; figures are numbers, days are dates\n"
		"verdict  one line: Not Compliant, Incomplete, At risk or Compliant, and the figures\n\n"
		"Periods are shown with their last day.\n\n"
		"Examples, without and with licence files:\n"
		"  normalize < envelopes.ndjson | merge --ledger :memory: --emit all |\n"
		"    aggregate-by-period --contract-start 2025-01-31 | report\n"
		"  reconcile -e entitlements.csv -m models.csv < consumption.ndjson | report --format html -o report.html\n",
};

typedef int report_printer(const struct report *report, struct output *output, struct error *error);

static int print_table(const struct report *report, struct output *output, struct error *error)
{
	struct text_page page;
	text_page_open(&page, output->descriptor);
	return report_table_print(report, &page, &output->pending, error);
}

static int print_markdown(const struct report *report, struct output *output, struct error *error)
{
	const struct text_page page = {.is_markdown = true};
	return report_table_print(report, &page, &output->pending, error);
}

static void add_sentence(void *context, enum verdict verdict, const struct buffer *sentence)
{
	struct buffer *line = context;
	(void)verdict;
	buffer_append_string(line, line->length ? " " : "");
	buffer_append(line, sentence->data, sentence->length);
	line->failed |= sentence->failed;
}

static int print_verdict(const struct report *report, struct output *output, struct error *error)
{
	struct buffer line = BUFFER_INIT;
	report_verdict(report, add_sentence, &line);
	buffer_append_byte(&line, '\n');
	int result = buffer_check(&line, error);
	if (result == 0)
		buffer_append(&output->pending, line.data, line.length);
	buffer_release(&line);
	return result;
}

static report_printer *parse_format(void)
{
	static const struct {
		const char *name;
		report_printer *print;
	} formats[] = {{"table", print_table}, {"text", print_table}, {"md", print_markdown}, {"html", report_html_print},
		{"csv", report_csv_print}, {"xlsx", report_xlsx_print}, {"verdict", print_verdict}};
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (strcmp(format, formats[i].name) == 0)
			return formats[i].print;
	options_refuse("cannot use --format '%s': it must be table, md, html, csv, xlsx or verdict", format);
}

static void print_file(const struct report *report, const char *path, report_printer *print, struct error *error)
{
	struct atomic_file file;
	if (atomic_file_open(&file, path, 0644, error) < 0)
		return;
	if (print(report, &file.output, error) == 0)
		atomic_file_commit(&file, error);
	else
		atomic_file_abandon(&file);
}

static const char *none_if_empty(const char *text)
{
	return text && *text ? text : NULL;
}

static void check_options(report_printer *print, const struct output *output)
{
	if (one_page && print != report_html_print)
		options_refuse("cannot use --one-page with --format '%s': it must be html", format);
	if (!display_is_utf8(title, strlen(title)))
		options_refuse("cannot use --title: it must be UTF-8");
	if (output_path && !*output_path)
		options_refuse("cannot use --output '': it must be the path of a file");
	if (print == report_xlsx_print && !output_path && isatty(output->descriptor))
		options_refuse("cannot write a workbook to a terminal: redirect it to a file");
	if (previous && *previous && !file_name_is_plain(previous, strlen(previous)))
		options_refuse("cannot use --previous '%s': it must be the name of a run", previous);
}

static int read_evidence(struct report *report, struct run_evidence *evidence, struct error *error)
{
	if (!evidence_folder)
		return 0;
	int result = run_evidence_read(evidence, evidence_folder, error);
	evidence->evidence.run = none_if_empty(run_id);
	evidence->evidence.previous = none_if_empty(previous);
	evidence->evidence.previous_manifest = none_if_empty(previous_manifest);
	report->evidence = &evidence->evidence;
	return result;
}

static void run(const char **operands, struct output *output, struct error *error)
{
	struct report report;
	struct run_evidence evidence = {.version = BUFFER_INIT};
	(void)operands;
	report_printer *print = parse_format();
	check_options(print, output);
	report_open(&report, title, options_now());
	report.is_partial = partial;
	report.has_plain_cells = plain_cells;
	report.is_one_page = one_page;
	report.previous = none_if_empty(previous);
	if (read_evidence(&report, &evidence, error) == 0 && report_read(&report, STDIN_FILENO, "standard input", error) == 0 &&
		report_sort(&report, error) == 0) {
		if (report_is_empty(&report))
			diag_note(
				"nothing to report: the input has no metric_result, consumption, restatement or unrecognized_subscription");
		if (verdict_path)
			print_file(&report, verdict_path, print_verdict, error);
		if (output_path)
			print_file(&report, output_path, print, error);
		else
			print(&report, output, error);
	}
	run_evidence_release(&evidence);
	report_release(&report);
}

int main(int argc, const char **argv)
{
	return program_run(argc, argv, table, &manual, run);
}
