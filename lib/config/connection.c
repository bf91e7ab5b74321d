#include "config/connection.h"

#include "base/instant.h"
#include "config/settings.h"
#include "json/json_write.h"

#include <string.h>
#include <sys/stat.h>

bool connection_accepts_token(char *token)
{
	size_t length = strlen(token);
	for (size_t i = 0; i < length; i++)
		if (token[i] <= ' ' || token[i] >= 0x7f)
			return false;
	return length > 0;
}

#define AT(member) .offset = offsetof(struct connection, member)

static const struct setting table[] = {
	{"profile", SETTING_STRING, AT(profile), .required = true},
	{"organization_id", SETTING_STRING, AT(organization_id), .required = true},
	{"api_base", SETTING_STRING, AT(api_base), .required = true},
	{"esign_base", SETTING_STRING, AT(esign_base)},
	{"feed_base", SETTING_STRING, AT(feed_base)},
	{"audience", SETTING_STRING, AT(audience)},
	{"feed", SETTING_STRING, AT(feed), .required = true},
	{"ca_bundle", SETTING_STRING, AT(ca_bundle)},
	{"proxy_login", SETTING_STRING, AT(proxy_login)},
	{"headroom", SETTING_STRING, AT(headroom)},
	{"access_token", SETTING_STRING, AT(access_token), .accepts = connection_accepts_token,
		.expected = "a token: printable ASCII without blanks"},
	{"expires_at", SETTING_INSTANT, AT(expires_at)},
	{"contract_start", SETTING_DAY, AT(contract_start), .required = true},
	{"renewal_months", SETTING_INTEGER, AT(renewal_months), .required = true, .least = 1, .most = 60},
	{"lookback_days", SETTING_INTEGER, AT(lookback_days), .required = true, .least = 0, .most = LOOKBACK_MOST_DAYS},
	{"concurrency", SETTING_INTEGER, AT(concurrency), .required = true, .least = 1, .most = 64},
	{"limit_share", SETTING_INTEGER, AT(limit_share), .least = 1, .most = 100, .otherwise = 100},
	{"download_consumption", SETTING_BOOLEAN, AT(download_consumption), .otherwise = true},
	{"download_billing", SETTING_BOOLEAN, AT(download_billing)},
	{"accounts", SETTING_STRINGS, AT(accounts)},
	{"token_command", SETTING_STRINGS, AT(token_command)},
	{.key = NULL},
};

bool connection_may_reveal(int descriptor, bool show_token)
{
	struct stat status;
	return show_token || (fstat(descriptor, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode)));
}

void connection_append(const struct connection *connection, bool reveal, struct buffer *line)
{
	struct connection shown = *connection;
	if (!reveal)
		shown.access_token = NULL;
	json_begin(line, '{');
	json_member_text(line, "type", "CONNECTION");
	settings_append(table, &shown, line);
	json_end(line, '}');
	json_finish(line);
	buffer_append_byte(line, '\n');
}

int connection_parse(const char *line, size_t length, struct connection *connection, struct error *error)
{
	struct settings settings = {.what = "the CONNECTION", .status = EX_DATAERR, .null_is_absent = true};
	*connection = (struct connection){.expires_at = INSTANT_NONE};
	if (settings_parse(&settings, line, length, error) < 0)
		return -1;
	int result = settings_read(&settings, table, connection, error);
	settings_finish(&settings, -1, NULL); /* whatever its other keys are */
	if (result < 0)
		connection_release(connection);
	return result;
}

bool connection_wants(const struct connection *connection, const char *account_id)
{
	char **wanted = connection->accounts;
	while (wanted && *wanted && strcasecmp(*wanted, account_id) != 0)
		wanted++;
	return !wanted || *wanted;
}

void connection_release(struct connection *connection)
{
	if (connection->access_token)
		explicit_bzero(connection->access_token, strlen(connection->access_token));
	settings_release(table, connection);
	*connection = (struct connection){.expires_at = INSTANT_NONE};
}
