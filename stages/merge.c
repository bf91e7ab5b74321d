/*
 * merge: keeps the ledger, the only state of the pipe.
 *
 * Reads canonical streams on standard input and stores them: envelopes (each once, in its latest version), accounts, subscriptions,
 * watermarks, Docusign's own count, and the results of a run. A STATE is stored in the same transaction as the records before it, and
 * printed once that is durable (group_commit.h). Everything else is copied unchanged. At the end it prints accounts, subscriptions,
 * watermarks, billing periods with our count beside Docusign's, and the daily partials of the accounts that --emit selects.
 *
 * Exit: 0; 64 usage; 65 bad input, nothing after the last STATE is kept; 66 no ledger to read; 73, 74 cannot write it;
 * 75 another program is writing it; 78 the ledger is of a newer version.
 */
#include "base/instant.h"
#include "config/policy.h"
#include "export/ledger_output.h"
#include "io/program.h"
#include "merge/group_commit.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

static char *ledger_path, *emit = "touched", *policy_path;
static int print_state, print_reported, print_undated, print_forecasts, commit_every = 4;

static struct poptOption table[] = {
	{"ledger", 'l', POPT_ARG_STRING, &ledger_path, 0, "the ledger; :memory: counts only the input", "FILE"},
	{"emit", 'e', POPT_ARG_STRING, &emit, 0,
		"the accounts to print: touched (changed since last reported; the default), all, since=DATE (all, from that day on), none",
		"WHICH"},
	{"commit-every", 'c', POPT_ARG_INT, &commit_every, 0,
		"hold STATEs back for at most this long while input continues, so that several share a commit (default: 4; 0: never)",
		"SECONDS"},
	{"policy", 0, POPT_ARG_STRING, &policy_path, 0, "the counting policy of the daily partials (default: all but drafts)", "FILE"},
	{"print-state", 0, POPT_ARG_NONE, &print_state, 0, "print the value of the last STATE and exit", NULL},
	{"print-reported", 0, POPT_ARG_NONE, &print_reported, 0, "print what was last reported and exit", NULL},
	{"print-forecasts", 0, POPT_ARG_NONE, &print_forecasts, 0,
		"print what forecasts of earlier runs said of the four and thirteen weeks after them, for forecast --past, and exit", NULL},
	{"print-undated", 0, POPT_ARG_NONE, &print_undated, 0,
		"print the number of envelopes past a draft without a sent time, which belong to no period, and exit", NULL},
	POPT_TABLEEND,
};

static const struct options_manual manual = {
	.program = "merge",
	.operands = "",
	.summary = "Stores the records on standard input in the ledger, each envelope once, and prints daily partials.",
	.description =
		"Merging the same records again, in any order or in pieces, gives the same ledger: the version with the newest\n"
		"modified_at wins. Records and the STATE after them are one transaction.\n\n"
		"Example, without a ledger file:\n"
		"  normalize < envelopes.ndjson | merge --ledger :memory: --emit all | aggregate-by-period --contract-start 2025-01-31\n",
};

struct emission {
	bool none, all;
	int32_t since;
};

static struct emission parse_emit(void)
{
	struct emission emission = {.since = INT32_MIN};
	if (strcmp(emit, "all") == 0)
		emission.all = true;
	else if (strcmp(emit, "none") == 0)
		emission.none = true;
	else if (strncmp(emit, "since=", 6) == 0 && day_parse(emit + 6, strlen(emit + 6), &emission.since) == 0)
		emission.all = true;
	else if (strcmp(emit, "touched") != 0)
		options_refuse("cannot use --emit '%s': it must be touched, all, since=YYYY-MM-DD or none", emit);
	return emission;
}

static int merge_all(struct group_commit *group, struct message_reader *reader, struct error *error)
{
	struct message message;
	int got;
	while ((got = group_commit_wait(group, reader, error)) == 0 && (got = message_next(reader, &message, error)) > 0 &&
		!output_failed(group->output)) {
		if (group_commit_add(group, &message, error) < 0) {
			if (error->status == EX_DATAERR)
				error_prefix(
					error, "cannot read '%s' line %llu", reader->lines.name, (unsigned long long)message.line_number);
			got = -1;
			break;
		}
		if (group->envelopes->received)
			diag_progress("%llu envelope records", group->envelopes->received);
	}
	if (got < 0 && error->status == EX_DATAERR) {
		struct error failure = ERROR_INIT;
		if (group_commit_recover(group, &failure) < 0)
			*error = failure;
	}
	return got == 0 ? group_commit_finish(group, error) : -1;
}

/* They are in no partial, which nobody would notice. */
static void warn_of_undated(struct ledger *ledger, struct error *error)
{
	int64_t undated = ledger_envelopes_undated(ledger, error);
	const char *where = ledger->in_memory ? "" : " (envtally export --stream envelope lists them: sent_at is null)";
	if (undated == 1)
		diag_warn("1 envelope past a draft has no sent time: it belongs to no period%s", where);
	else if (undated > 1)
		diag_warn("%" PRId64 " envelopes past a draft have no sent time: they belong to no period%s", undated, where);
}

static void merge(struct ledger *ledger, struct emission emission, struct output *output, struct error *error)
{
	const struct stream *const list[] = {&stream_envelope_method, &stream_account, &stream_subscription, &stream_watermark,
		&stream_billing_period, &stream_consumption, &stream_restatement, &stream_job_result, NULL};
	struct record_fields fields = {.count = 0};
	struct message_reader reader = {.scanner = NULL};
	struct ledger_envelopes envelopes = {.ledger = NULL};
	struct ledger_records records;
	struct group_commit group;
	ledger_records_open(&records, ledger, options_now(), &fields);
	group_commit_open(&group, &envelopes, &records, output, commit_every * INT64_C(1000));
	if (record_fields_build(&fields, list, error) < 0 ||
		message_reader_open(&reader, STDIN_FILENO, "standard input", fields.pointers, fields.count, false, error) < 0 ||
		ledger_envelopes_open(&envelopes, ledger, options_now(), error) < 0)
		goto out;
	reader.envelopes_first = true;
	int result = merge_all(&group, &reader, error);
	diag_info("%llu envelope records, %llu of them new or newer", envelopes.received, envelopes.stored);
	diag_metric_records("envelope", envelopes.received);
	if (result == 0 && !emission.none && ledger_print(ledger, emission.all, emission.since, output, error) == 0)
		warn_of_undated(ledger, error);
out:
	message_reader_release(&reader);
	group_commit_release(&group);
	ledger_envelopes_release(&envelopes);
	ledger_records_release(&records);
}

static void print_saved(struct ledger *ledger, struct output *output, struct error *error)
{
	if (print_reported) {
		ledger_print_reported(ledger, output, error);
	} else if (print_forecasts) {
		ledger_print_forecasts(ledger, output, error);
	} else if (print_undated) {
		int64_t undated = ledger_envelopes_undated(ledger, error);
		if (undated >= 0)
			buffer_append_format(&output->pending, "%" PRId64 "\n", undated);
	} else {
		ledger_print_state(ledger, output, error);
	}
}

static void run(const char **operands, struct output *output, struct error *error)
{
	struct ledger ledger;
	struct policy policy = {.name = NULL};
	(void)operands;
	if (!ledger_path)
		options_refuse("cannot merge without a ledger: --ledger FILE, or --ledger :memory:");
	if (commit_every < 0 || commit_every > 3600)
		options_refuse("cannot use --commit-every %d: it must be 0 to 3600 seconds", commit_every);
	struct emission emission = parse_emit();
	bool reading = print_state || print_reported || print_undated || print_forecasts;
	if (policy_load(policy_path, &policy, error) == 0 &&
		ledger_open(&ledger, ledger_path, reading ? LEDGER_READ : LEDGER_WRITE, error) == 0) {
		ledger.policy = &policy;
		if (reading)
			print_saved(&ledger, output, error);
		else
			merge(&ledger, emission, output, error);
		ledger_close(&ledger);
	}
	policy_release(&policy);
}

int main(int argc, const char **argv)
{
	return program_run(argc, argv, table, &manual, run);
}
