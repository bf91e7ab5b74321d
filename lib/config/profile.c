#include "config/profile.h"

#include "base/buffer.h"
#include "base/file_name.h"
#include "config/loopback.h"
#include "config/secret.h"
#include "config/settings.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROFILE_LIMIT ((size_t)1 << 20) /* bytes of the file */
#define FEED_BASE "an https URL, or the same as api_base"
#define ESIGN_BASE "an https URL, such as https://{site_name}.docusign.net, or the same as api_base"
#define PASSWORD_SOURCES "where the key's password is: file:PATH, fd:N or env:NAME, never the password itself"
#define DEFAULT_SCOPES "organization_read organization_sub_account_read asset_group_account_read account_read"

/* ---- what strings must be; some are rewritten to the form that the programs use ---- */

static bool accept_name(char *text)
{
	return file_name_is_plain(text, strlen(text));
}

static bool accept_in_lower_case(char *text)
{
	for (; *text; text++)
		*text = (char)tolower((unsigned char)*text);
	return true;
}

static bool accept_uuid(char *text)
{
	for (int i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return !text[36] && accept_in_lower_case(text);
}

/* Does the text begin with a host that is this machine, up to a port or path? */
static bool is_loopback(const char *text)
{
	size_t length = *text == '[' ? strcspn(text, "]") : strcspn(text, ":/");
	if (text[length] == ']')
		length++;
	return host_is_loopback(text, length) && (!text[length] || text[length] == ':' || text[length] == '/');
}

/* Without trailing slashes. */
static bool accept_base(char *url)
{
	size_t length = strlen(url);
	while (length > 0 && url[length - 1] == '/')
		url[--length] = 0;
	return strncmp(url, "https://", 8) == 0 || (strncmp(url, "http://", 7) == 0 && is_loopback(url + 7));
}

/* Without a scheme and a path. */
static bool accept_audience(char *text)
{
	char *host = strstr(text, "://");
	if (host)
		memmove(text, host + 3, strlen(host + 3) + 1);
	text[strcspn(text, "/")] = 0;
	return *text && !strchr(text, '@') && (!strchr(text, ':') || is_loopback(text));
}

static bool accept_password_source(char *text)
{
	const char *rest;
	return password_source_parse(text, &rest) != PASSWORD_UNKNOWN;
}

/* Without the prefix. */
static bool accept_file(char *text)
{
	const char *path;
	if (password_source_parse(text, &path) != PASSWORD_FILE)
		return false;
	memmove(text, path, strlen(path) + 1);
	return true;
}

#define AT(member) .offset = offsetof(struct profile, member)

static const char *const integration_types[] = {"organization", NULL};
static const char *const profile_types[] = {"docusign_subscription", "Docusign subscription", "subscription", NULL}; /* one and the same */

static const struct setting table[] = {
	{"name", SETTING_STRING, AT(name), .required = true, .accepts = accept_name, .expected = FILE_NAME_EXPECTED},
	{"integration_type", SETTING_WORD, AT(integration_type), .required = true, .words = integration_types},
	{"display_name", SETTING_STRING, AT(display_name)},
	{"profile_type", SETTING_WORD, AT(profile_type), .words = profile_types},
	{"organization_id", SETTING_STRING, AT(organization_id), .required = true, .accepts = accept_uuid,
		.expected = "the UUID of the Docusign organization"},
	{"contract_start", SETTING_DAY, AT(contract_start), .required = true},
	{"renewal_months", SETTING_INTEGER, AT(renewal_months), .required = true, .least = 1, .most = 60},
	{"active", SETTING_BOOLEAN, AT(active), .otherwise = true},
	{"download_consumption", SETTING_BOOLEAN, AT(download_consumption), .otherwise = true},
	{"download_billing", SETTING_BOOLEAN, AT(download_billing)},
	{"api_base", SETTING_STRING, AT(api_base), .required = true, .accepts = accept_base,
		.expected = "an https URL (http only to this machine), such as https://api.docusign.net"},
	{"feed_base", SETTING_STRING, AT(feed_base), .accepts = accept_base, .expected = FEED_BASE},
	{"esign_base", SETTING_STRING, AT(esign_base), .accepts = accept_base, .expected = ESIGN_BASE},
	{"audience", SETTING_STRING, AT(audience), .required = true, .accepts = accept_audience,
		.expected = "a host such as account.docusign.com"},
	{"integration_key", SETTING_STRING, AT(integration_key), .required = true},
	{"key_pair_id", SETTING_STRING, AT(key_pair_id)},
	{"key_file", SETTING_STRING, AT(key_file), .required = true},
	{"key_password", SETTING_STRING, AT(key_password), .accepts = accept_password_source, .expected = PASSWORD_SOURCES},
	{"key_alias", SETTING_STRING, AT(key_alias)},
	{"user_id", SETTING_STRING, AT(user_id)},
	{"feed", SETTING_STRING, AT(feed)},
	{"lookback_days", SETTING_INTEGER, AT(lookback_days), .least = 0, .most = LOOKBACK_MOST_DAYS, .otherwise = 8},
	{"concurrency", SETTING_INTEGER, AT(concurrency), .least = 1, .most = 64, .otherwise = 8},
	{"limit_share", SETTING_INTEGER, AT(limit_share), .least = 1, .most = 100, .otherwise = 100},
	{"ca_bundle", SETTING_STRING, AT(ca_bundle)},
	{"proxy_login", SETTING_STRING, AT(proxy_login), .accepts = accept_file,
		.expected = "file:PATH; the file's first line is NAME:PASSWORD"},
	{"accounts", SETTING_STRINGS, AT(accounts), .accepts = accept_in_lower_case, .expected = "an array of account ids"},
	{.key = NULL},
};

/* Scopes are an array, or one string with blanks between them. */
static const struct setting scopes_text[] = {{"scopes", SETTING_TEXT, AT(scopes), .required = true}, {.key = NULL}};
static const struct setting scopes_list[] = {{"scopes", SETTING_STRINGS, .offset = 0}, {.key = NULL}};

static int read_scopes(struct settings *settings, struct profile *profile, struct error *error)
{
	if (settings_kind(settings, "scopes") == JV_KIND_STRING)
		return settings_read(settings, scopes_text, profile, error);
	struct buffer joined = BUFFER_INIT;
	char **list = NULL;
	bool is_absent = settings_kind(settings, "scopes") == JV_KIND_INVALID || settings_kind(settings, "scopes") == JV_KIND_NULL;
	if (settings_read(settings, scopes_list, &list, error) < 0)
		return -1;
	for (char **scope = list; scope && *scope; scope++)
		buffer_append_format(&joined, "%s%s", scope == list ? "" : " ", *scope);
	/* An empty array: the token is asked for without scopes. */
	if (is_absent)
		buffer_append_string(&joined, profile->user_id ? "signature impersonation " DEFAULT_SCOPES : DEFAULT_SCOPES);
	settings_release(scopes_list, &list);
	profile->scopes = joined.failed ? NULL : strdup(joined.data);
	buffer_release(&joined);
	return profile->scopes ? 0 : error_set(error, EX_OSERR, "out of memory");
}

static int complete(struct settings *settings, struct profile *profile, struct error *error)
{
	if (!profile->feed && !(profile->feed = strdup("datafeed")))
		return error_set(error, EX_OSERR, "out of memory");
	const struct {
		const char *key, *base, *expected;
	} bases[] = {{"esign_base", profile->esign_base, ESIGN_BASE}, {"feed_base", profile->feed_base, FEED_BASE}};
	for (size_t i = 0; i < sizeof bases / sizeof *bases; i++)
		if (bases[i].base && strcmp(bases[i].base, profile->api_base) != 0 && strncmp(bases[i].base, "https://", 8) != 0)
			return settings_wrong(settings, error, bases[i].key, "must be %s", bases[i].expected);
	return 0;
}

/* ---- secrets ---- */

/* What `value` of a key is, is not repeated. */
static int refuse_secret(const struct settings *settings, const char *key, jv value, struct error *error)
{
	bool is_text = jv_get_kind(value) == JV_KIND_STRING;
	if (strcmp(key, "key_password") == 0 || (!secret_has_name(key) && !(is_text && secret_has_form(jv_string_value(value)))))
		return 0;
	return settings_wrong(settings, error, key,
		"holds a secret, and a profile must not: remove it; the key belongs in a file (key_file), its password in another (key_password: "
		"file:PATH or fd:N)");
}

static int refuse_secrets(const struct settings *settings, struct error *error)
{
	int result = 0;
	jv_object_foreach(settings->object, key, value)
	{
		if (result == 0)
			result = refuse_secret(settings, jv_string_value(key), value, error);
		jv_free(key);
		jv_free(value);
	}
	return result;
}

static struct settings settings_of(const char *path)
{
	return (struct settings){.what = "profile", .name = path, .manual = "doc/profile.md", .status = EX_CONFIG, .null_is_absent = true};
}

/* What must be right before anything else is done with a profile: where its password is, and its name. */
static const struct setting first[] = {
	{"key_password", SETTING_STRING, AT(key_password), .accepts = accept_password_source, .expected = PASSWORD_SOURCES},
	{"name", SETTING_STRING, AT(name), .accepts = accept_name, .expected = FILE_NAME_EXPECTED}, {.key = NULL}};

int profile_check_first(const char *path, struct error *error)
{
	struct settings settings = settings_of(path);
	struct profile profile = {.path = NULL};
	if (settings_open(&settings, PROFILE_LIMIT, error) < 0)
		return -1;
	int result = refuse_secrets(&settings, error);
	if (result == 0)
		result = settings_read(&settings, first, &profile, error);
	settings_release(first, &profile);
	jv_free(settings.object);
	return result;
}

/* ---- a new profile ---- */

/* What Docusign shows as a UUID was often mistyped: a new profile has it as one. */
#define UUID_SHOWN .accepts = accept_uuid, .expected = "a UUID such as 3f6b8d21-77c4-4e0d-a5b9-c81d2e4f6a70, as Docusign Admin shows it"
static const struct setting uuids[] = {{"integration_key", SETTING_STRING, AT(integration_key), UUID_SHOWN},
	{"key_pair_id", SETTING_STRING, AT(key_pair_id), UUID_SHOWN}, {"user_id", SETTING_STRING, AT(user_id), UUID_SHOWN}, {.key = NULL}};

static const struct setting *find_setting(const struct setting *table, const char *key)
{
	while (table->key && strcmp(table->key, key) != 0)
		table++;
	return table;
}

int profile_check_member(const char *key, jv value, struct error *error)
{
	struct settings settings = settings_of(NULL);
	struct profile profile = {.path = NULL};
	const struct setting *setting = find_setting(uuids, key);
	settings.object = jv_object_set(jv_object(), jv_string(key), value);
	if (!setting->key)
		setting = find_setting(table, key);
	const struct setting one[] = {*setting, {.key = NULL}};
	bool is_secret = refuse_secrets(&settings, error) < 0;
	int result = is_secret ? -1 : settings_read(&settings, one, &profile, error);
	result = settings_finish(&settings, result, error);
	settings_release(one, &profile);
	if (result < 0 && error && (is_secret || strcmp(key, "key_password") == 0))
		error->status = EX_USAGE;
	return result;
}

/* ---- a profile ---- */

int profile_load(const char *path, struct profile *profile, struct error *error)
{
	struct settings settings = settings_of(path);
	const char *slash = strrchr(path, '/');
	*profile = (struct profile){.path = strdup(path), .directory = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup("")};
	int result = profile->path && profile->directory ? 0 : error_set(error, EX_OSERR, "out of memory");
	if (result == 0 && (result = settings_open(&settings, PROFILE_LIMIT, error)) == 0) {
		if (refuse_secrets(&settings, error) < 0 || settings_read(&settings, table, profile, error) < 0 ||
			read_scopes(&settings, profile, error) < 0 || complete(&settings, profile, error) < 0)
			result = -1;
		result = settings_finish(&settings, result, error);
	}
	if (result < 0)
		profile_release(profile);
	return result;
}

void profile_release(struct profile *profile)
{
	settings_release(table, profile);
	settings_release(scopes_text, profile);
	free(profile->path);
	free(profile->directory);
	*profile = (struct profile){.path = NULL};
}

char *profile_path(const struct profile *profile, const char *path)
{
	char *joined;
	if (*path == '/')
		return strdup(path);
	return asprintf(&joined, "%s%s", profile->directory, path) < 0 ? NULL : joined;
}

int profile_optional_path(const struct profile *profile, const char *path, char **result, struct error *error)
{
	*result = path ? profile_path(profile, path) : NULL;
	return path && !*result ? error_set(error, EX_OSERR, "out of memory") : 0;
}
