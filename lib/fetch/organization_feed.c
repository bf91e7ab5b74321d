#include "fetch/organization_feed.h"

#include "fetch/raw_record.h"
#include "io/diag.h"
#include "stream/stream.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Sends a request and waits for its response. */
static int send_request(struct organization_feed *feed, const char *path, struct http_response *response, struct error *error)
{
	struct buffer url = BUFFER_INIT;
	buffer_append_string(&url, feed->connection->api_base);
	buffer_append_format(&url, path, feed->connection->organization_id);
	int result = buffer_check(&url, error);
	diag_progress("%s", url.data);
	if (result == 0)
		result = fetch_source_get(feed->source, url.data, NULL, NULL, NULL, error);
	buffer_release(&url);
	int got = result == 0 ? FETCH_SOURCE_ROOM : -1;
	while (got == FETCH_SOURCE_ROOM)
		got = fetch_source_next(feed->source, response, error);
	return got == 0 ? error_set(error, EX_SOFTWARE, "a request has no response") : got < 0 ? -1 : 0;
}

static int check_response(const struct http_response *response, struct error *error)
{
	if (response->error.status)
		*error = response->error;
	return response->error.status ? -1 : 0;
}

/* Of a request that names the organization: one that is not found is a mistake in the profile. */
static int check_organization(const struct organization_feed *feed, const struct http_response *response, struct error *error)
{
	if (response->status != 404 || response->limited)
		return check_response(response, error);
	return error_set(error, response->error.status, "cannot find organization '%s': is the profile's \"organization_id\" right? %s",
		feed->connection->organization_id, response->error.text);
}

/* The response's array at `pointer`, each element given to `each`. */
static int for_each(const struct http_response *response, const char *pointer, struct organization_feed *feed,
	int (*each)(void *context, const char *text, size_t length), struct error *error)
{
	struct json_slice array;
	struct json_scanner *scanner = json_scanner_new(&pointer, 1, error);
	if (!scanner)
		return -1;
	int result = json_scan(scanner, response->wrapped, response->wrapped_length, &array, error);
	if (result == 0 && array.kind != JSON_ARRAY)
		result = error_set(
			error, EX_DATAERR, "'%s' must be an array, but is %s", pointer + strlen("/body"), json_kind_name(array.kind));
	if (result == 0)
		result = json_scan_elements(scanner, &array, each, feed, error);
	json_scanner_free(scanner);
	if (result > 0)
		result = error_set(error, result, "out of memory");
	if (result == 0 && feed->skipped > 0)
		diag_warn("%zu elements of the response of '%s' are not objects: they are left out", feed->skipped, response->url);
	feed->skipped = 0;
	return result < 0 ? error_prefix(error, "cannot use the response of '%s'", response->url) : 0;
}

static int print_record(struct organization_feed *feed, const char *stream, const char *text, size_t length)
{
	if (*text != '{') {
		feed->skipped++;
		return 0;
	}
	struct raw_context context = {
		.stream = stream, .organization_id = feed->connection->organization_id, .time_extracted = fetch_source_now(feed->source)};
	raw_record_append(&feed->output->pending, &context, text, length);
	output_line_end(feed->output);
	feed->records++;
	return 0;
}

static int print_plan_item(void *context, const char *text, size_t length)
{
	return print_record(context, "docusign_plan_items", text, length);
}

/* What account_pointers point at. */
enum { GROUP_ACCOUNT_ID, OTHER_ACCOUNT_ID, SITE_NAME, ACCOUNT_FIELDS };

#define NOT_WANTED 2 /* an account that the profile's "accounts" leaves out: it is another's, and nothing is known of it here */

/* Returns what account_list_add() does; 1 for a record without an id, which normalize rejects; or NOT_WANTED. */
static int add_account(struct organization_feed *feed, const char *text, size_t length, int id)
{
	struct json_slice fields[ACCOUNT_FIELDS];
	if (*text != '{' || json_scan(feed->account, text, length, fields, NULL) < 0 || fields[id].kind != JSON_STRING)
		return 1;
	char account_id[ID_LIMIT + 1];
	snprintf(
		account_id, sizeof account_id, "%.*s", (int)(fields[id].length < ID_LIMIT ? fields[id].length : ID_LIMIT), fields[id].text);
	if (fields[id].length <= ID_LIMIT && !connection_wants(feed->connection, account_id))
		return NOT_WANTED;
	int is_new = account_list_add(&feed->accounts, fields[id].text, fields[id].length, NULL);
	const struct json_slice *site = &fields[SITE_NAME];
	if (is_new > 0 && feed->with_billing &&
		billing_feed_add(&feed->billing, feed->connection, feed->accounts.ids[feed->accounts.count - 1],
			site->kind == JSON_STRING ? site->text : NULL, site->length, NULL) < 0)
		return -1;
	return is_new;
}

static int print_group_account(void *context, const char *text, size_t length)
{
	int is_new = add_account(context, text, length, GROUP_ACCOUNT_ID);
	if (is_new < 0)
		return EX_OSERR;
	return is_new == NOT_WANTED ? 0 : print_record(context, "docusign_accounts", text, length);
}

/* An account of the organization's list, when no asset group named it. */
static int print_other_account(void *context, const char *text, size_t length)
{
	int is_new = add_account(context, text, length, OTHER_ACCOUNT_ID);
	if (is_new < 0)
		return EX_OSERR;
	return is_new && is_new != NOT_WANTED ? print_record(context, "docusign_accounts", text, length) : 0;
}

static int print_organization(void *context, const char *text, size_t length)
{
	struct organization_feed *feed = context;
	struct json_slice slices[2];
	if (*text != '{' || json_scan(feed->organization, text, length, slices, NULL) < 0) {
		feed->skipped++;
		return 0;
	}
	const char *ours = feed->connection->organization_id;
	bool is_ours = slices[0].kind == JSON_STRING && slices[0].length == strlen(ours) &&
		strncasecmp(slices[0].text, ours, slices[0].length) == 0;
	if (!is_ours || slices[1].kind != JSON_ARRAY)
		return 0;
	int result = json_scan_elements(feed->organization, &slices[1], print_other_account, feed, NULL);
	return result < 0 ? EX_DATAERR : result;
}

static int fetch_accounts(struct organization_feed *feed, struct error *error)
{
	static const char *const paths[] = {"/Management/v2/organizations/%s/assetGroups/accounts?compliant=true",
		"/Management/v2/organizations/%s/assetGroups/accounts?compliant=false"};
	struct http_response response;
	static const char *const members[] = {"accountId", "accountName", "externalAccountId", "siteId", "siteName", "assetGroupId",
		"compliant", "id", "name", "external_account_id", "site_id"};
	raw_schema_append(&feed->output->pending, "docusign_accounts", members, sizeof members / sizeof *members);
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		if (send_request(feed, paths[i], &response, error) < 0 || check_organization(feed, &response, error) < 0)
			return -1;
		if (for_each(&response, "/body/assetGroupAccounts", feed, print_group_account, error) < 0)
			return -1;
	}
	if (send_request(feed, "/Management/v2/organizations", &response, error) < 0)
		return -1;
	if (!response.limited && (response.status == 401 || response.status == 403)) {
		diag_warn("accounts outside all asset groups remain unknown: the list of organizations requires a user's token "
			  "(HTTP %d)",
			response.status);
		return 0;
	}
	return check_response(&response, error) < 0 ? -1 : for_each(&response, "/body/organizations", feed, print_organization, error);
}

static int fetch_plan_items(struct organization_feed *feed, struct error *error)
{
	struct http_response response;
	static const char *const members[] = {"plan_id", "plan_name", "subscription_id", "subscription_name", "asset_group_id",
		"asset_group_name", "associated_accounts_count", "modules"};
	raw_schema_append(&feed->output->pending, "docusign_plan_items", members, sizeof members / sizeof *members);
	if (send_request(feed, "/Management/v2/organizations/%s/planItems", &response, error) < 0 ||
		check_organization(feed, &response, error) < 0)
		return -1;
	return for_each(&response, "/body", feed, print_plan_item, error);
}

static int open_billing(struct organization_feed *feed, struct error *error)
{
	const struct buffer none = BUFFER_INIT;
	const struct shard all = {.count = 0};
	bool asks_all = !feed->state || feed->rule.whom == ASK_ALL;
	int64_t most = feed->rule.requests_most;
	feed->billing.rule =
		(struct fetch_rule){.whom = asks_all ? ASK_ALL : ASK_DUE, .requests_most = most ? fetch_turns_billing_part(most) : 0};
	return bookmarks_load(&feed->billing.bookmarks, BILLING_STREAM, feed->state, &none, &all, error);
}

static int run_billing(struct organization_feed *feed, struct error *error)
{
	if (billing_feed_run(&feed->billing, feed->source, feed->connection, feed->output, &feed->records, error) < 0)
		return -1;
	if (feed->state) {
		bookmarks_append_state(&feed->billing.bookmarks, &feed->output->pending);
		output_line_end(feed->output);
	}
	return 0;
}

int organization_feed_run(struct organization_feed *feed, struct error *error)
{
	static const char *const account_pointers[ACCOUNT_FIELDS] = {
		[GROUP_ACCOUNT_ID] = "/accountId", [OTHER_ACCOUNT_ID] = "/id", [SITE_NAME] = "/siteName"};
	static const char *const organization_pointers[] = {"/id", "/accounts"};
	if ((feed->with_billing && open_billing(feed, error) < 0) ||
		!(feed->account = json_scanner_new(account_pointers, ACCOUNT_FIELDS, error)) ||
		!(feed->organization = json_scanner_new(organization_pointers, 2, error)) || fetch_accounts(feed, error) < 0 ||
		fetch_plan_items(feed, error) < 0)
		return -1;
	return feed->with_billing ? run_billing(feed, error) : 0;
}

void organization_feed_release(struct organization_feed *feed)
{
	json_scanner_free(feed->account);
	json_scanner_free(feed->organization);
	billing_feed_release(&feed->billing);
	account_list_release(&feed->accounts);
}
