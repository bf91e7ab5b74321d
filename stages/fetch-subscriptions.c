/*
 * fetch-subscriptions: asks Docusign for the organization's accounts and plan items; and, for --billing, for its own count.
 *
 * Reads   CONNECTION (from auth); every other line is passed on as it is.
 * Writes  the CONNECTION, for fetch-datafeed; SCHEMA and RECORDs of the raw streams docusign_accounts and
 *         docusign_plan_items, each record as the service sent it; and of docusign_billing (billing_feed.h).
 * Asks    for the accounts of the asset groups, compliant ones first, then the organization's list, which adds accounts
 *         that are in no asset group (it wants a user's token: without one it is left out with a warning), then the plan items,
 *         then the billing of each account.
 * Exits   0; 64 usage, 65 bad input or response, 66 no recorded response, 69 service unavailable, 73/74 cannot create or
 *         write, 75 try again later, 77 refused.
 */
#include "fetch/account_list.h"
#include "fetch/billing_feed.h"
#include "fetch/fetch_options.h"
#include "fetch/raw_record.h"
#include "io/diag.h"
#include "io/options.h"
#include "io/output.h"

#include <string.h>
#include <unistd.h>

#define PROGRAM "fetch-subscriptions"

static const struct options_manual manual = {
	.program = PROGRAM,
	.operands = "",
	.summary = "Reads a CONNECTION on standard input and writes it again, followed by the organization's accounts and plan\n"
		   "items as the service sent them: SCHEMA and RECORD lines of docusign_accounts and docusign_plan_items.",
	.description =
		"The access token goes into a pipe only; written to a file or a terminal it is null, unless --show-token.\n"
		"With --billing also Docusign's own count: what each account has sent in its billing period, and its charges. That wants the\n"
		"token of a user (\"user_id\" in the profile) who administers the account and has consented to scope signature; an account that\n"
		"is refused is said, and left out.\n"
		"\n"
		"  auth -p profiles/acme.json | fetch-subscriptions | fetch-datafeed --state state.json\n"
		"  auth -p fixtures/acme/profiles/acme.json --replay fixtures/acme/nights/20250318T020000Z |\n"
		"    fetch-subscriptions --replay fixtures/acme/nights/20250318T020000Z\n",
};

struct run {
	struct connection connection;
	struct fetch_source *source;
	struct output output;
	struct account_list accounts;
	struct json_scanner *account, *organization;
	struct billing_feed billing;
	bool with_billing;
	unsigned long long records;
};

/* Asks and waits for the one response. */
static int send_request(struct run *run, const char *path, struct http_response *response, struct error *error)
{
	struct buffer url = BUFFER_INIT;
	buffer_append_string(&url, run->connection.api_base);
	buffer_append_format(&url, path, run->connection.organization_id);
	int result = buffer_check(&url, error);
	diag_progress("%s", url.data);
	if (result == 0)
		result = fetch_source_get(run->source, url.data, NULL, error);
	buffer_release(&url);
	int got = result == 0 ? fetch_source_next(run->source, response, error) : -1;
	return got == 0 ? error_set(error, EX_SOFTWARE, "a request has no answer") : got < 0 ? -1 : 0;
}

/* The response's array at `pointer`, each element given to `each`. */
static int for_each(const struct http_response *response, const char *pointer, struct run *run,
	int (*each)(void *run, const char *text, size_t length), struct error *error)
{
	struct json_slice array;
	struct json_scanner *scanner = json_scanner_new(&pointer, 1, error);
	if (!scanner)
		return -1;
	int result = json_scan(scanner, response->wrapped, response->wrapped_length, &array, error);
	if (result == 0 && array.kind != JSON_ARRAY)
		result = error_set(
			error, EX_DATAERR, "'%s' must be an array, it is %s", pointer + strlen("/body"), json_kind_name(array.kind));
	if (result == 0)
		result = json_scan_elements(scanner, &array, each, run, error);
	json_scanner_free(scanner);
	if (result > 0)
		result = error_set(
			error, result, "'%s' has an element that is not an object, or memory is short", pointer + strlen("/body"));
	return result < 0 ? error_prefix(error, "cannot use the answer of '%s'", response->url) : 0;
}

static int print_record(struct run *run, const char *stream, const char *text, size_t length)
{
	if (*text != '{')
		return EX_DATAERR;
	struct raw_context context = {
		.stream = stream, .organization_id = run->connection.organization_id, .time_extracted = fetch_source_now(run->source)};
	raw_record_append(&run->output.pending, &context, text, length);
	output_line_end(&run->output);
	run->records++;
	return 0;
}

static int print_plan_item(void *run, const char *text, size_t length)
{
	return print_record(run, "docusign_plan_items", text, length);
}

/* What account_pointers point at. */
enum { GROUP_ACCOUNT_ID, OTHER_ACCOUNT_ID, SITE_NAME, ACCOUNT_FIELDS };

/* Returns what account_list_add() does; 1 for a record without an id: that says normalize. */
static int add_account(struct run *run, const char *text, size_t length, int id)
{
	struct json_slice fields[ACCOUNT_FIELDS];
	if (*text != '{' || json_scan(run->account, text, length, fields, NULL) < 0 || fields[id].kind != JSON_STRING)
		return 1;
	int is_new = account_list_add(&run->accounts, fields[id].text, fields[id].length, NULL);
	const struct json_slice *site = &fields[SITE_NAME];
	if (is_new > 0 && run->with_billing &&
		billing_feed_add(&run->billing, &run->connection, run->accounts.ids[run->accounts.count - 1],
			site->kind == JSON_STRING ? site->text : NULL, site->length, NULL) < 0)
		return -1;
	return is_new;
}

static int print_group_account(void *context, const char *text, size_t length)
{
	return add_account(context, text, length, GROUP_ACCOUNT_ID) < 0 ? EX_OSERR
									: print_record(context, "docusign_accounts", text, length);
}

/* An account of the organization's list, when no asset group named it. */
static int print_other_account(void *context, const char *text, size_t length)
{
	int is_new = add_account(context, text, length, OTHER_ACCOUNT_ID);
	if (is_new < 0)
		return EX_OSERR;
	return is_new ? print_record(context, "docusign_accounts", text, length) : 0;
}

static int print_organization(void *context, const char *text, size_t length)
{
	struct run *run = context;
	struct json_slice slices[2];
	if (*text != '{' || json_scan(run->organization, text, length, slices, NULL) < 0)
		return EX_DATAERR;
	const char *ours = run->connection.organization_id;
	bool is_ours = slices[0].kind == JSON_STRING && slices[0].length == strlen(ours) &&
		strncasecmp(slices[0].text, ours, slices[0].length) == 0;
	if (!is_ours || slices[1].kind != JSON_ARRAY)
		return 0;
	int result = json_scan_elements(run->organization, &slices[1], print_other_account, run, NULL);
	return result < 0 ? EX_DATAERR : result;
}

static int fetch_accounts(struct run *run, struct error *error)
{
	static const char *const paths[] = {"/Management/v2/organizations/%s/assetGroups/accounts?compliant=true",
		"/Management/v2/organizations/%s/assetGroups/accounts?compliant=false"};
	struct http_response response;
	raw_schema_append(&run->output.pending, "docusign_accounts");
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		if (send_request(run, paths[i], &response, error) < 0)
			return -1;
		if (response.error.status) {
			*error = response.error;
			return -1;
		}
		if (for_each(&response, "/body/assetGroupAccounts", run, print_group_account, error) < 0)
			return -1;
	}
	if (send_request(run, "/Management/v2/organizations", &response, error) < 0)
		return -1;
	if (response.status == 401 || response.status == 403) {
		diag_warn("accounts that are in no asset group stay unknown: the list of organizations wants a user's token "
			  "(HTTP %d)",
			response.status);
		return 0;
	}
	if (response.error.status) {
		*error = response.error;
		return -1;
	}
	return for_each(&response, "/body/organizations", run, print_organization, error);
}

static int fetch_plan_items(struct run *run, struct error *error)
{
	struct http_response response;
	raw_schema_append(&run->output.pending, "docusign_plan_items");
	if (send_request(run, "/Management/v2/organizations/%s/planItems", &response, error) < 0)
		return -1;
	if (response.error.status) {
		*error = response.error;
		return -1;
	}
	return for_each(&response, "/body", run, print_plan_item, error);
}

/* Passes standard input on; the CONNECTION in its place, its token only where it may be seen. */
static int read_input(struct run *run, bool reveal, struct error *error)
{
	struct message_reader reader;
	struct message message;
	bool connected = false;
	int got;
	if (message_reader_open(&reader, STDIN_FILENO, "standard input", NULL, 0, false, error) < 0)
		return -1;
	while ((got = message_next(&reader, &message, error)) > 0 && !output_failed(&run->output)) {
		if (message.type != MESSAGE_CONNECTION) {
			output_line(&run->output, message.line.text, message.line.length);
		} else if ((got = fetch_read_connection(&reader, &message, &run->connection, &connected, error)) < 0) {
			break;
		} else {
			connection_append(&run->connection, reveal, &run->output.pending);
			output_line_end(&run->output);
		}
	}
	message_reader_release(&reader);
	return got < 0 ? -1 : fetch_check_connection(PROGRAM, connected, error);
}

static int fetch(struct run *run, const struct fetch_source_options *options, struct error *error)
{
	static const char *const account_pointers[ACCOUNT_FIELDS] = {
		[GROUP_ACCOUNT_ID] = "/accountId", [OTHER_ACCOUNT_ID] = "/id", [SITE_NAME] = "/siteName"};
	static const char *const organization_pointers[] = {"/id", "/accounts"};
	if (!(run->account = json_scanner_new(account_pointers, ACCOUNT_FIELDS, error)) ||
		!(run->organization = json_scanner_new(organization_pointers, 2, error)) ||
		!(run->source = fetch_source_open(options, &run->connection, error)))
		return -1;
	int result = fetch_accounts(run, error);
	if (result == 0)
		result = fetch_plan_items(run, error);
	if (result == 0 && run->with_billing)
		result = billing_feed_run(&run->billing, run->source, &run->connection, &run->output, &run->records, error);
	struct error closing = ERROR_INIT;
	if (fetch_source_close(run->source, result == 0, &closing) < 0 && result == 0) {
		*error = closing;
		result = -1;
	}
	return result;
}

int main(int argc, const char **argv)
{
	int show_token = 0, with_billing = 0;
	struct poptOption table[] = {
		{NULL, 0, POPT_ARG_INCLUDE_TABLE, fetch_options_table, 0, NULL, NULL},
		{"billing", 0, POPT_ARG_NONE, &with_billing, 0,
			"also Docusign's own count and charges of each account; the profile's download_billing does the same", NULL},
		{"show-token", 0, POPT_ARG_NONE, &show_token, 0, "write the access token even to a file or a terminal", NULL},
		POPT_TABLEEND,
	};
	struct run run = {.connection = {.expires_at = 0}};
	struct error error = ERROR_INIT;
	options_parse(argc, argv, table, &manual);
	struct fetch_source_options options = fetch_options_source(PROGRAM);

	output_open(&run.output, STDOUT_FILENO, "standard output");
	int result = read_input(&run, connection_may_reveal(STDOUT_FILENO, show_token), &error);
	run.with_billing = with_billing || run.connection.download_billing;
	if (result == 0)
		result = fetch(&run, &options, &error);
	if (output_close(&run.output, result == 0 ? &error : NULL) < 0)
		result = -1;

	diag_metric_records(PROGRAM, run.records);
	json_scanner_free(run.account);
	json_scanner_free(run.organization);
	billing_feed_release(&run.billing);
	account_list_release(&run.accounts);
	connection_release(&run.connection);
	if (result == 0)
		return 0;
	diag_error(&error);
	return error.status;
}
