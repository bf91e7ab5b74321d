#include "config/connection.h"

#include "base/instant.h"
#include "json/json_write.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool connection_may_reveal(int descriptor, bool show_token)
{
	struct stat status;
	return show_token || (fstat(descriptor, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode)));
}

static void append_strings(struct buffer *line, const char *key, char **strings)
{
	json_key(line, key);
	if (!strings) {
		json_null(line);
		return;
	}
	json_begin(line, '[');
	for (; *strings; strings++)
		json_c_string(line, *strings);
	json_end(line, ']');
}

void connection_append(const struct connection *connection, bool reveal, struct buffer *line)
{
	const struct {
		const char *key, *value;
	} strings[] = {{"type", "CONNECTION"}, {"profile", connection->profile}, {"organization_id", connection->organization_id},
		{"api_base", connection->api_base}, {"esign_base", connection->esign_base}, {"feed", connection->feed},
		{"ca_bundle", connection->ca_bundle}, {"access_token", reveal ? connection->access_token : NULL}};
	json_begin(line, '{');
	for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
		json_member_text(line, strings[i].key, strings[i].value);
	}
	json_member_instant(line, "expires_at", connection->expires_at);
	json_member_day(line, "contract_start", connection->contract_start);
	json_member_integer(line, "renewal_months", connection->renewal_months);
	json_member_integer(line, "lookback_days", connection->lookback_days);
	json_member_integer(line, "concurrency", connection->concurrency);
	json_member_boolean(line, "download_consumption", connection->download_consumption);
	json_member_boolean(line, "download_billing", connection->download_billing);
	append_strings(line, "accounts", connection->accounts);
	append_strings(line, "token_command", connection->token_command);
	json_end(line, '}');
	json_finish(line);
	buffer_append_byte(line, '\n');
}

/* Copies a member that is a string; NULL for null or absent. */
static int get_string(jv object, const char *key, bool required, char **string, struct error *error)
{
	jv value = jv_object_get(jv_copy(object), jv_string(key));
	int result = 0;
	if (jv_get_kind(value) == JV_KIND_STRING) {
		*string = strdup(jv_string_value(value));
		if (!*string)
			result = error_set(error, EX_OSERR, "out of memory");
	} else if (required) {
		result = error_set(error, EX_DATAERR, "cannot use the CONNECTION: \"%s\" must be a string", key);
	}
	jv_free(value);
	return result;
}

static int get_integer(jv object, const char *key, int least, int most, int *number, struct error *error)
{
	jv value = jv_object_get(jv_copy(object), jv_string(key));
	double given = jv_get_kind(value) == JV_KIND_NUMBER ? jv_number_value(value) : -1;
	jv_free(value);
	if (given < least || given > most || given != (int)given)
		return error_set(
			error, EX_DATAERR, "cannot use the CONNECTION: \"%s\" must be a whole number from %d to %d", key, least, most);
	*number = (int)given;
	return 0;
}

static int get_strings(jv object, const char *key, char ***strings, struct error *error)
{
	jv value = jv_object_get(jv_copy(object), jv_string(key));
	int result = 0;
	if (jv_get_kind(value) == JV_KIND_ARRAY) {
		int count = jv_array_length(jv_copy(value));
		*strings = calloc((size_t)count + 1, sizeof **strings);
		if (!*strings)
			result = error_set(error, EX_OSERR, "out of memory");
		for (int i = 0; result == 0 && i < count; i++) {
			jv element = jv_array_get(jv_copy(value), i);
			if (jv_get_kind(element) != JV_KIND_STRING)
				result = error_set(error, EX_DATAERR, "cannot use the CONNECTION: \"%s\" must be strings", key);
			else if (!((*strings)[i] = strdup(jv_string_value(element))))
				result = error_set(error, EX_OSERR, "out of memory");
			jv_free(element);
		}
	}
	jv_free(value);
	return result;
}

int connection_parse(const char *line, size_t length, struct connection *connection, struct error *error)
{
	*connection = (struct connection){.expires_at = INSTANT_NONE};
	char *start = NULL, *expiry = NULL;
	int result = -1;
	jv object = jv_parse_sized(line, (int)length);
	if (jv_get_kind(object) != JV_KIND_OBJECT) {
		error_set(error, EX_DATAERR, "cannot read the CONNECTION: not a JSON object");
		goto out;
	}
	if (get_string(object, "profile", true, &connection->profile, error) < 0 ||
		get_string(object, "organization_id", true, &connection->organization_id, error) < 0 ||
		get_string(object, "api_base", true, &connection->api_base, error) < 0 ||
		get_string(object, "esign_base", false, &connection->esign_base, error) < 0 ||
		get_string(object, "feed", true, &connection->feed, error) < 0 ||
		get_string(object, "ca_bundle", false, &connection->ca_bundle, error) < 0 ||
		get_string(object, "access_token", false, &connection->access_token, error) < 0 ||
		get_string(object, "contract_start", true, &start, error) < 0 ||
		get_string(object, "expires_at", false, &expiry, error) < 0 ||
		get_integer(object, "renewal_months", 1, 60, &connection->renewal_months, error) < 0 ||
		get_integer(object, "lookback_days", 0, 366, &connection->lookback_days, error) < 0 ||
		get_integer(object, "concurrency", 1, 64, &connection->concurrency, error) < 0 ||
		get_strings(object, "accounts", &connection->accounts, error) < 0 ||
		get_strings(object, "token_command", &connection->token_command, error) < 0)
		goto out;
	jv download = jv_object_get(jv_copy(object), jv_string("download_consumption"));
	connection->download_consumption = jv_get_kind(download) != JV_KIND_FALSE;
	jv_free(download);
	download = jv_object_get(jv_copy(object), jv_string("download_billing"));
	connection->download_billing = jv_get_kind(download) == JV_KIND_TRUE;
	jv_free(download);
	if (day_parse(start, strlen(start), &connection->contract_start) < 0 ||
		(expiry && instant_parse(expiry, strlen(expiry), &connection->expires_at) < 0)) {
		error_set(error, EX_DATAERR, "cannot use the CONNECTION: \"contract_start\" or \"expires_at\" is not a time");
		goto out;
	}
	result = 0;
out:
	free(start);
	free(expiry);
	jv_free(object);
	if (result < 0)
		connection_release(connection);
	return result;
}

static void free_strings(char **strings)
{
	for (char **string = strings; string && *string; string++)
		free(*string);
	free(strings);
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
	char *strings[] = {connection->profile, connection->organization_id, connection->api_base, connection->esign_base, connection->feed,
		connection->ca_bundle, connection->access_token};
	for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
		free(strings[i]);
	free_strings(connection->accounts);
	free_strings(connection->token_command);
	*connection = (struct connection){.expires_at = INSTANT_NONE};
}
