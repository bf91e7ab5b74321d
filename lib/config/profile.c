#include "config/profile.h"

#include "base/buffer.h"
#include "base/instant.h"
#include "config/loopback.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROFILE_LIMIT ((size_t)1 << 20)
#define DEFAULT_SCOPES "organization_read organization_sub_account_read asset_group_account_read account_read"

static int wrong(const struct profile *profile, const char *key, const char *wanted, struct error *error)
{
	return error_set(error, EX_CONFIG, "cannot use profile '%s': \"%s\" must be %s", profile->path, key, wanted);
}

/* Takes a value out of the object, so that what is left at the end is unknown. Invalid when absent or null. */
static jv take(jv *object, const char *key)
{
	jv value = jv_object_get(jv_copy(*object), jv_string(key));
	*object = jv_object_delete(*object, jv_string(key));
	if (jv_get_kind(value) != JV_KIND_NULL)
		return value;
	jv_free(value);
	return jv_invalid();
}

static int take_string(struct profile *profile, jv *object, const char *key, bool required, char **string, struct error *error)
{
	jv value = take(object, key);
	int result = 0;
	if (jv_get_kind(value) == JV_KIND_INVALID && !required) {
		*string = NULL;
	} else if (jv_get_kind(value) == JV_KIND_INVALID) {
		result = error_set(error, EX_CONFIG, "cannot use profile '%s': \"%s\" is missing", profile->path, key);
	} else if (jv_get_kind(value) != JV_KIND_STRING || !*jv_string_value(value)) {
		result = wrong(profile, key, "a string that is not empty", error);
	} else if (!(*string = strdup(jv_string_value(value)))) {
		result = error_set(error, EX_OSERR, "out of memory");
	}
	jv_free(value);
	return result;
}

static int take_integer(
	struct profile *profile, jv *object, const char *key, int least, int most, int fallback, int *number, struct error *error)
{
	jv value = take(object, key);
	int result = 0;
	double given = jv_get_kind(value) == JV_KIND_NUMBER ? jv_number_value(value) : -1;
	char wanted[64];
	snprintf(wanted, sizeof wanted, "a whole number from %d to %d", least, most);
	if (jv_get_kind(value) == JV_KIND_INVALID && fallback >= 0)
		*number = fallback;
	else if (jv_get_kind(value) == JV_KIND_INVALID)
		result = error_set(error, EX_CONFIG, "cannot use profile '%s': \"%s\" is missing", profile->path, key);
	else if (given < least || given > most || given != (int)given)
		result = wrong(profile, key, wanted, error);
	else
		*number = (int)given;
	jv_free(value);
	return result;
}

static int take_boolean(struct profile *profile, jv *object, const char *key, bool fallback, bool *truth, struct error *error)
{
	jv value = take(object, key);
	jv_kind kind = jv_get_kind(value);
	jv_free(value);
	*truth = kind == JV_KIND_INVALID ? fallback : kind == JV_KIND_TRUE;
	if (kind == JV_KIND_INVALID || kind == JV_KIND_TRUE || kind == JV_KIND_FALSE)
		return 0;
	return wrong(profile, key, "true or false", error);
}

static void lower(char *text)
{
	for (; text && *text; text++)
		*text = (char)tolower((unsigned char)*text);
}

/* A list of strings, joined by `separator` or kept as a NULL-terminated array. */
static int take_scopes(struct profile *profile, jv *object, struct error *error)
{
	jv value = take(object, "scopes");
	jv joined = jv_invalid();
	if (jv_get_kind(value) == JV_KIND_STRING)
		joined = jv_copy(value);
	else if (jv_get_kind(value) == JV_KIND_INVALID)
		joined = jv_string(profile->user_id ? "signature impersonation " DEFAULT_SCOPES : DEFAULT_SCOPES);
	else if (jv_get_kind(value) == JV_KIND_ARRAY) {
		joined = jv_string("");
		jv_array_foreach(value, i, scope)
		{
			bool good = jv_get_kind(joined) == JV_KIND_STRING && jv_get_kind(scope) == JV_KIND_STRING;
			if (good && i > 0)
				joined = jv_string_append_str(joined, " ");
			if (good)
				joined = jv_string_concat(joined, scope);
			else {
				jv_free(scope);
				jv_free(joined);
				joined = jv_invalid();
			}
		}
	}
	int result = -1;
	if (jv_get_kind(joined) != JV_KIND_STRING)
		wrong(profile, "scopes", "an array of strings", error);
	else if (!(profile->scopes = strdup(jv_string_value(joined))))
		error_set(error, EX_OSERR, "out of memory");
	else
		result = 0;
	jv_free(joined);
	jv_free(value);
	return result;
}

static int take_accounts(struct profile *profile, jv *object, struct error *error)
{
	jv value = take(object, "accounts");
	int result = 0;
	if (jv_get_kind(value) == JV_KIND_ARRAY) {
		int count = jv_array_length(jv_copy(value));
		profile->accounts = calloc((size_t)count + 1, sizeof *profile->accounts);
		if (!profile->accounts)
			result = error_set(error, EX_OSERR, "out of memory");
		for (int i = 0; result == 0 && i < count; i++) {
			jv account = jv_array_get(jv_copy(value), i);
			if (jv_get_kind(account) != JV_KIND_STRING)
				result = wrong(profile, "accounts", "an array of account ids", error);
			else if (!(profile->accounts[i] = strdup(jv_string_value(account))))
				result = error_set(error, EX_OSERR, "out of memory");
			lower(profile->accounts[i]);
			jv_free(account);
		}
	} else if (jv_get_kind(value) != JV_KIND_INVALID) {
		result = wrong(profile, "accounts", "an array of account ids", error);
	}
	jv_free(value);
	return result;
}

static bool is_uuid(const char *text)
{
	for (int i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return text[36] == 0;
}

/* Does the text begin with a host that is this machine, up to a port or path? */
static bool is_loopback(const char *text)
{
	size_t length = *text == '[' ? strcspn(text, "]") : strcspn(text, ":/");
	if (text[length] == ']')
		length++;
	return host_is_loopback(text, length) && (!text[length] || text[length] == ':' || text[length] == '/');
}

static int check_identity(struct profile *profile, const char *integration_type, const char *contract_start, struct error *error)
{
	for (const char *at = profile->name; *at; at++)
		if (!isalnum((unsigned char)*at) && (!strchr("._-", *at) || at == profile->name))
			return wrong(profile, "name", "letters, digits, '.', '_' and '-', beginning with a letter or digit", error);
	if (strcmp(integration_type, "organization") != 0)
		return wrong(profile, "integration_type", "\"organization\"", error);
	if (!is_uuid(profile->organization_id))
		return wrong(profile, "organization_id", "the UUID of the Docusign organization", error);
	lower(profile->organization_id);
	if (day_parse(contract_start, strlen(contract_start), &profile->contract_start) < 0)
		return wrong(profile, "contract_start", "a date such as 2025-01-31", error);
	return 0;
}

/* Takes trailing slashes off. */
static bool is_base(char *url)
{
	size_t length = strlen(url);
	while (length > 0 && url[length - 1] == '/')
		url[--length] = 0;
	return strncmp(url, "https://", 8) == 0 || (strncmp(url, "http://", 7) == 0 && is_loopback(url + 7));
}

static int check_connection(struct profile *profile, struct error *error)
{
	if (!is_base(profile->api_base))
		return wrong(profile, "api_base", "an https URL (http only to this machine), such as https://api.docusign.net", error);
	if (!is_base(profile->esign_base) ||
		(strcmp(profile->esign_base, profile->api_base) != 0 && strncmp(profile->esign_base, "https://", 8) != 0))
		return wrong(profile, "esign_base", "an https URL, such as https://{site_name}.docusign.net, or what api_base is", error);
	char *host = strstr(profile->audience, "://");
	if (host)
		memmove(profile->audience, host + 3, strlen(host + 3) + 1);
	profile->audience[strcspn(profile->audience, "/")] = 0;
	char *port = strchr(profile->audience, ':');
	if (!*profile->audience || (port && !is_loopback(profile->audience)))
		return wrong(profile, "audience", "a host such as account.docusign.com", error);
	return 0;
}

static int take_all(struct profile *profile, jv *object, struct error *error)
{
	char *integration_type = NULL, *contract_start = NULL;
	int result = -1;
	const struct {
		const char *key;
		char **string;
		bool required;
	} strings[] = {
		{"name", &profile->name, true},
		{"integration_type", &integration_type, true},
		{"organization_id", &profile->organization_id, true},
		{"contract_start", &contract_start, true},
		{"api_base", &profile->api_base, true},
		{"esign_base", &profile->esign_base, false},
		{"audience", &profile->audience, true},
		{"integration_key", &profile->integration_key, true},
		{"key_pair_id", &profile->key_pair_id, false},
		{"key_file", &profile->key_file, true},
		{"key_password", &profile->key_password, false},
		{"key_alias", &profile->key_alias, false},
		{"user_id", &profile->user_id, false},
		{"feed", &profile->feed, false},
		{"ca_bundle", &profile->ca_bundle, false},
	};
	for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
		if (take_string(profile, object, strings[i].key, strings[i].required, strings[i].string, error) < 0)
			goto out;
	if (take_integer(profile, object, "renewal_months", 1, 60, -1, &profile->renewal_months, error) < 0 ||
		take_integer(profile, object, "lookback_days", 0, 366, 8, &profile->lookback_days, error) < 0 ||
		take_integer(profile, object, "concurrency", 1, 64, 8, &profile->concurrency, error) < 0 ||
		take_boolean(profile, object, "active", true, &profile->active, error) < 0 ||
		take_boolean(profile, object, "download_consumption", true, &profile->download_consumption, error) < 0 ||
		take_boolean(profile, object, "download_billing", false, &profile->download_billing, error) < 0 ||
		take_scopes(profile, object, error) < 0 || take_accounts(profile, object, error) < 0)
		goto out;
	if ((!profile->feed && !(profile->feed = strdup("datafeed"))) ||
		(!profile->esign_base && !(profile->esign_base = strdup(profile->api_base)))) {
		error_set(error, EX_OSERR, "out of memory");
		goto out;
	}
	result = check_identity(profile, integration_type, contract_start, error);
	if (result == 0)
		result = check_connection(profile, error);
out:
	free(integration_type);
	free(contract_start);
	return result;
}

int profile_load(const char *path, struct profile *profile, struct error *error)
{
	*profile = (struct profile){.path = strdup(path)};
	struct buffer text = BUFFER_INIT;
	jv object = jv_invalid();
	int result = -1;
	const char *slash = strrchr(path, '/');
	profile->directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup("");
	if (!profile->path || !profile->directory) {
		error_set(error, EX_OSERR, "out of memory");
		goto out;
	}
	if (buffer_append_file(&text, path, PROFILE_LIMIT, error) < 0)
		goto out;
	object = jv_parse_sized(text.data, (int)text.length);
	if (!jv_is_valid(object)) {
		jv reason = jv_invalid_get_msg(object);
		object = jv_invalid();
		error_set(error, EX_CONFIG, "cannot read profile '%s': not JSON: %s", path,
			jv_get_kind(reason) == JV_KIND_STRING ? jv_string_value(reason) : "it is empty");
		jv_free(reason);
		goto out;
	}
	if (jv_get_kind(object) != JV_KIND_OBJECT) {
		error_set(error, EX_CONFIG, "cannot read profile '%s': it must be a JSON object", path);
		goto out;
	}
	if (take_all(profile, &object, error) < 0)
		goto out;
	result = 0;
	jv_object_foreach(object, key, value)
	{
		if (result == 0)
			result = error_set(
				error, EX_CONFIG, "cannot use profile '%s': \"%s\" is not a key of a profile", path, jv_string_value(key));
		jv_free(key);
		jv_free(value);
	}
out:
	jv_free(object);
	buffer_release(&text);
	if (result < 0)
		profile_release(profile);
	return result;
}

void profile_release(struct profile *profile)
{
	char *strings[] = {profile->path, profile->directory, profile->name, profile->organization_id, profile->api_base,
		profile->esign_base, profile->audience, profile->integration_key, profile->key_pair_id, profile->key_file,
		profile->key_password, profile->key_alias, profile->user_id, profile->scopes, profile->feed, profile->ca_bundle};
	for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
		free(strings[i]);
	for (char **account = profile->accounts; account && *account; account++)
		free(*account);
	free(profile->accounts);
	*profile = (struct profile){.path = NULL};
}

char *profile_path(const struct profile *profile, const char *path)
{
	char *joined;
	if (*path == '/')
		return strdup(path);
	return asprintf(&joined, "%s%s", profile->directory, path) < 0 ? NULL : joined;
}
