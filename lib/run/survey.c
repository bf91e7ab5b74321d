#include "run/survey.h"

#include "config/connection.h"
#include "io/display.h"
#include "stream/record.h"

#include <stdio.h>
#include <string.h>

enum { ASSET_GROUP_ID, ACCOUNT_ID, ID, MODULES, ENVELOPES_SENT, PERIOD_START, FIELDS };
static const char *const pointers[FIELDS] = {
	"/assetGroupId", "/accountId", "/id", "/modules", "/account/billingPeriodEnvelopesSent", "/account/billingPeriodStartDate"};

struct survey {
	struct connection connection; /* the requested accounts; the rest is not set */
	struct message_reader reader;
	struct name_table asset_groups;
	int64_t accounts, plan_items, envelopes;
	char first_account[64], expires_at[64], billing[256];
};

static const char *text_of(const struct json_slice *slice, const char *otherwise, char *text, size_t size)
{
	if (slice->kind == JSON_STRING || slice->kind == JSON_NUMBER)
		snprintf(text, size, "%.*s", (int)slice->length, slice->text);
	else
		snprintf(text, size, "%s", otherwise);
	return text;
}

static int add_account(struct survey *survey, const struct json_slice fields[], struct error *error)
{
	const struct json_slice *group = &fields[ASSET_GROUP_ID], *id = &fields[fields[ACCOUNT_ID].kind == JSON_STRING ? ACCOUNT_ID : ID];
	char account[64];
	bool has_group = group->kind == JSON_STRING;
	survey->accounts++;
	text_of(id, "", account, sizeof account);
	for (char *at = account; *at; at++)
		*at = (char)(*at + ((unsigned char)(*at - 'A') < 26) * 32);
	if (!*survey->first_account && connection_wants(&survey->connection, account))
		snprintf(survey->first_account, sizeof survey->first_account, "%s", account);
	return name_table_number(&survey->asset_groups, has_group ? group->text : "", has_group ? group->length : 0, error) < 0 ? -1 : 0;
}

static int count_module(void *context, const char *text, size_t length)
{
	(void)text;
	(void)length;
	++*(int64_t *)context;
	return 0;
}

static int add_connection(struct survey *survey, const struct line *line, struct error *error)
{
	static const char *const expires_at[] = {"/expires_at"};
	struct json_scanner *scanner = json_scanner_new(expires_at, 1, error);
	struct json_slice slice;
	int result = scanner ? json_scan(scanner, line->text, line->length, &slice, error) : -1;
	if (result == 0)
		text_of(&slice, "", survey->expires_at, sizeof survey->expires_at);
	json_scanner_free(scanner);
	return result;
}

static int add(struct survey *survey, const struct message *message, struct error *error)
{
	const struct json_slice *fields = message->fields;
	char account[64], sent[32], start[48];
	if (message->type == MESSAGE_CONNECTION)
		return add_connection(survey, &message->line, error);
	survey->envelopes += message_is_record(message, "envelope");
	if (message_is_record(message, "docusign_accounts"))
		return add_account(survey, fields, error);
	if (message_is_record(message, "docusign_plan_items") && fields[MODULES].kind == JSON_ARRAY)
		return json_scan_elements(survey->reader.scanner, &fields[MODULES], count_module, &survey->plan_items, error);
	if (message_is_record(message, "docusign_billing"))
		snprintf(survey->billing, sizeof survey->billing, "account %s: %s envelopes billed since %s",
			text_of(&message->context_account_id, "?", account, sizeof account),
			text_of(&fields[ENVELOPES_SENT], "?", sent, sizeof sent), text_of(&fields[PERIOD_START], "?", start, sizeof start));
	return 0;
}

int survey_append(int descriptor, const char *name, const char *profile_path, struct buffer *text, struct error *error)
{
	struct profile profile;
	struct survey survey = {.accounts = 0};
	struct message message;
	int got;
	if (profile_load(profile_path, &profile, error) < 0)
		return -1;
	survey.connection.accounts = profile.accounts;
	got = message_reader_open(&survey.reader, descriptor, name, pointers, FIELDS, false, error);
	while (got >= 0 && (got = message_next(&survey.reader, &message, error)) > 0)
		got = add(&survey, &message, error);
	message_reader_release(&survey.reader);
	const char *const shown[][2] = {
		{"expires_at", survey.expires_at}, {"first_account", survey.first_account}, {"billing", survey.billing}};
	buffer_append_format(text, "accounts=%lld\nasset_groups=%zu\nplan_items=%lld\nenvelopes=%lld\n", (long long)survey.accounts,
		survey.asset_groups.count, (long long)survey.plan_items, (long long)survey.envelopes);
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		buffer_append_format(text, "%s=", shown[i][0]);
		display_append(text, shown[i][1], strlen(shown[i][1]), 0);
		buffer_append_byte(text, '\n');
	}
	name_table_release(&survey.asset_groups);
	profile_release(&profile);
	return got < 0 ? -1 : buffer_check(text, error);
}
