/*
 * fuzz_reconcile: canonical streams against the licence files of fixtures/acme. What reconcile prints, report takes: as a table, page, CSV
 * and verdict.
 */
#include "fuzz.h"

#define main reconcile_main
#include "../../stages/reconcile.c"
#undef main

#include "report/report_csv.h"
#include "report/report_html.h"
#include "report/report_table.h"

#define NOW INT64_C(1743472800000)

/* reconcile needs no more of it than that it is there. */
static const char entitlements[] =
	"entitlement_id,software_model,license_metric,subscription_period,start_date,end_date,purchased_rights,total_cost,currency,allocation_type,"
	"allocation_value\n"
	"E1,Pro,Envelope,Quarterly,2024-01-31,2024-04-29,3,7.05,USD,,\nE2,Pro,Envelope,Annually,2025-01-31,2027-01-30,2,2200.00,USD,account,a1\n"
	"E3,Business,Envelope,Annually,2024-01-31,,unlimited,9000.00,USD,,\n";
static const char models[] = "publisher,product,software_model,license_metric,unit,identifier_type,identifier\n"
			     "Docusign,eSignature,Pro,Envelope,envelope,plan_item_id,p*\n"
			     "Docusign,eSignature,Business,Envelope,envelope,subscription_name,*\n";
static const char rules[] =
	"rule_type,identifier,profile,reason,start_date,end_date\naccount,a9,,Test,,\nidentifier,px,,Test,2025-01-31,2026-01-30\n";

static void check_report(const struct buffer *lines)
{
	struct report report;
	struct error error = ERROR_INIT;
	struct output output;
	struct buffer text = BUFFER_INIT;
	const struct text_page page = {.width = 100};
	report_open(&report, "fuzz", NOW);
	fuzz_stdin(lines->data, lines->length);
	if (report_read(&report, STDIN_FILENO, "output", &error) == 0) {
		FUZZ_CHECK(report_sort(&report, &error) == 0);
		FUZZ_CHECK(report_table_print(&report, &page, &text, &error) == 0);
		FUZZ_CHECK(!memchr(text.data, '\x1b', text.length) && !memchr(text.data, 0, text.length));
		fuzz_output(&output);
		FUZZ_CHECK(report_csv_print(&report, &output, &error) == 0);
		buffer_release(&output.pending);
	} else {
		FUZZ_CHECK(error.status == EX_DATAERR);
	}
	report_release(&report);
	buffer_release(&text);
}

void fuzz_reconcile(const uint8_t *bytes, size_t length)
{
	static struct licence licence;
	struct reconcile_input input = {.accounts = NULL};
	struct output lines;
	const struct position_options options = {
		.group_by = 1u << GROUP_ACCOUNT, .trace = true, .settles_by_period = length % 2, .now = NOW};
	struct error error = ERROR_INIT;
	if (!licence.models.count) {
		const struct licence_files given = {.entitlements = fuzz_file(0, entitlements, sizeof entitlements - 1),
			.models = fuzz_file(1, models, sizeof models - 1),
			.exclusions = fuzz_file(2, rules, sizeof rules - 1)};
		FUZZ_CHECK(licence_load(&licence, &given, diag_complain, &error) == 0);
	}
	fuzz_output(&lines);
	fuzz_stdin(bytes, length);
	if (pass_on(&input, &licence.models, &lines, &error) == 0 && reconcile_input_finish(&input, NOW, &error) == 0 &&
		position_print(&licence, &input, &options, warn, &lines, &lines, &error) == 0)
		check_report(&lines.pending);
	else
		FUZZ_CHECK(error.status == EX_DATAERR);
	reconcile_input_release(&input);
	fuzz_close(&lines);
}
