/*
 * auth: gets an access token for a profile and prints it as the CONNECTION message that the fetchers read.
 *
 * Reads a profile and its private key; signs a JWT and exchanges it at the token service. The token is written to a pipe only: in a file
 * or on a terminal it is null, unless --show-token is given. --replay uses no key, network or token. --key-info prints the kind of key
 * and the public key to register at Docusign; --ca-info and --clock-info show what else a token depends on.
 *
 * Exit: 0; 64 usage; 65 damaged key file; 66 no such file; 69 the service does not respond; 70/71 a bug or no memory; 73/74 cannot
 * create or write; 75 the service wants fewer requests; 77 refused (wrong password, consent, invalid grant, proxy); 78 invalid profile or unusable key.
 */
#include "auth/key_info.h"
#include "auth/token.h"
#include "base/instant.h"
#include "base/sha256.h"
#include "config/connection.h"
#include "http/authorities.h"
#include "io/program.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *profile_option, *replay_directory, *key_file, *key_password, *key_alias, *cache_directory;
static int show_token, key_info, ca_info, clock_info, no_cache;

static struct poptOption table[] = {
	{"profile", 'p', POPT_ARG_STRING, &profile_option, 0, "the integration profile", "FILE"},
	{"replay", 0, POPT_ARG_STRING, &replay_directory, 0, "print a CONNECTION for the fetchers' --replay: no key, no network, no token",
		"DIR"},
	{"show-token", 0, POPT_ARG_NONE, &show_token, 0, "write the token even to a file or terminal", NULL},
	{"key-info", 0, POPT_ARG_NONE, &key_info, 0, "print the kind of key and its public key, and exit", NULL},
	{"ca-info", 0, POPT_ARG_NONE, &ca_info, 0, "print which certificate authorities are trusted, and exit", NULL},
	{"clock-info", 0, POPT_ARG_NONE, &clock_info, 0, "compare the clock with the token service's, and exit", NULL},
	{"key", 0, POPT_ARG_STRING, &key_file, 0, "the private key, instead of the profile's key_file", "FILE"},
	{"key-password", 0, POPT_ARG_STRING, &key_password, 0, "source of its password: file:PATH, fd:N or env:NAME", "SOURCE"},
	{"key-alias", 0, POPT_ARG_STRING, &key_alias, 0, "which key of a PKCS#12 or JKS file", "NAME"},
	{"cache", 0, POPT_ARG_STRING, &cache_directory, 0, "keep the token in this directory while it is valid", "DIR"},
	{"no-cache", 0, POPT_ARG_NONE, &no_cache, 0, "get a new token even if --cache has one", NULL},
	POPT_TABLEEND,
};

static const struct options_manual manual = {
	.program = "auth",
	.operands = "",
	.reads_no_input = true,
	.summary = "Gets an access token for a profile and prints the CONNECTION that the fetchers read.",
	.description = "The key is PEM (PKCS#1, PKCS#8, encrypted), PKCS#12 or JKS, recognized by content.\n\n"
		       "Examples:\n"
		       "  auth -p profiles/acme.json | fetch-subscriptions | fetch-datafeed --state state.json\n"
		       "  auth --key-info --key docusign.jks --key-password file:password.txt\n"
		       "  auth -p fixtures/acme/profiles/acme.json --replay fixtures/acme/nights/20250318T020000Z\n",
};

/* The command with which the fetchers renew an expired token: this program. */
static int set_token_command(struct connection *connection, const char *const arguments[], struct error *error)
{
	char self[4096];
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
	size_t count = 0;
	if (length < 0)
		return error_set_errno(error, EX_OSERR, "cannot read '/proc/self/exe'");
	self[length] = 0;
	while (arguments[count])
		count++;
	connection->token_command = calloc(count + 2, sizeof *connection->token_command);
	if (!connection->token_command)
		return error_set(error, EX_OSERR, "out of memory");
	connection->token_command[0] = strdup(self);
	for (size_t i = 0; i < count && connection->token_command[i]; i++)
		connection->token_command[i + 1] = strdup(arguments[i]);
	return connection->token_command[count] ? 0 : error_set(error, EX_OSERR, "out of memory");
}

/* The connection borrows the profile's strings. */
static struct connection connection_of(const struct profile *profile)
{
	return (struct connection){.profile = profile->name,
		.organization_id = profile->organization_id,
		.api_base = profile->api_base,
		.esign_base = profile->esign_base,
		.feed_base = profile->feed_base,
		.audience = profile->audience,
		.contract_start = profile->contract_start,
		.renewal_months = profile->renewal_months,
		.lookback_days = profile->lookback_days,
		.concurrency = profile->concurrency,
		.limit_share = profile->limit_share,
		.download_consumption = profile->download_consumption,
		.download_billing = profile->download_billing,
		.accounts = profile->accounts,
		.expires_at = INSTANT_NONE};
}

static void warn_of_password_source(const char *source)
{
	if (source && strncmp(source, "env:", 4) == 0)
		diag_warn("the key's password comes from the environment, which other programs may see: file: or fd: are safer");
}

/* The keys of profiles, which stay where they are; not one that --key names to look at it. */
static void warn_of_mode(const char *path)
{
	if (key_file_is_open_to_others(path))
		diag_warn("other users of this machine can read the key '%s': chmod 600 it", path);
}

static int print_key_info(const struct profile *profile, struct output *output, struct error *error)
{
	struct buffer warning = BUFFER_INIT;
	char *path = profile->path && !key_file ? profile_path(profile, profile->key_file) : strdup(key_file ? key_file : "");
	const struct key_options options = {.password_source = key_password ? key_password : profile->key_password,
		.base_directory = key_password ? NULL : profile->directory,
		.alias = key_alias ? key_alias : profile->key_alias,
		.now = options_now()};
	int result = path ? key_info_append_file(&output->pending, &warning, path, &options, error)
			  : error_set(error, EX_OSERR, "out of memory");
	if (result == 0)
		warn_of_password_source(options.password_source);
	if (result == 0 && !key_file)
		warn_of_mode(path);
	if (result == 0 && warning.length)
		diag_warn("%s", warning.data);
	buffer_release(&warning);
	free(path);
	return result;
}

static int print_authorities(const struct profile *profile, struct output *output, struct error *error)
{
	char *own = profile->ca_bundle ? profile_path(profile, profile->ca_bundle) : NULL;
	int result = profile->ca_bundle && !own ? error_set(error, EX_OSERR, "out of memory")
						: authorities_append(own, instant_of_clock(), &output->pending, error);
	free(own);
	buffer_append_byte(&output->pending, '\n');
	return result;
}

static int print_clock(const struct profile *profile, struct output *output, struct error *error)
{
	int result = token_service_clock(profile, &output->pending, error);
	buffer_append_byte(&output->pending, '\n');
	return result;
}

static int get_token(const struct profile *profile, struct token *token, struct error *error)
{
	struct private_key key = PRIVATE_KEY_INIT;
	struct buffer warning = BUFFER_INIT;
	const struct key_options options = {.password_source = key_password ? key_password : profile->key_password,
		.base_directory = key_password ? NULL : profile->directory,
		.alias = key_alias ? key_alias : profile->key_alias,
		.now = instant_of_clock()};
	char *path = key_file ? strdup(key_file) : profile_path(profile, profile->key_file);
	int result = path ? key_file_load(path, &options, &key, error) : error_set(error, EX_OSERR, "out of memory");
	if (result == 0) {
		warn_of_password_source(options.password_source);
		warn_of_mode(path);
		key_file_warning(path, &key, &warning);
	}
	if (warning.length)
		diag_warn("%s", warning.data);
	int cached = 0;
	if (result == 0 && cache_directory && !no_cache)
		result = cached = token_load_cached(cache_directory, profile, &key, token, error);
	if (result == 0)
		result = token_request(profile, &key, token, error);
	if (result == 0 && !cached)
		diag_info("new token; this machine's clock is %lld s ahead of the service's", (long long)(token->clock_ahead_ms / 1000));
	if (result == 0 && cache_directory && !cached)
		result = token_save_cached(cache_directory, profile, &key, token, error);
	private_key_release(&key);
	buffer_release(&warning);
	free(path);
	return result < 0 ? -1 : 0;
}

/* The limits are those of the integration key at this service. */
static int name_headroom(const struct profile *profile, char **path, struct error *error)
{
	struct buffer name = BUFFER_INIT;
	char hash[SHA256_HEX_LENGTH + 1];
	buffer_append_format(&name, "%s\n%s", profile->integration_key, profile->api_base);
	int result = buffer_check(&name, error);
	if (result == 0)
		result = sha256_hex(name.data, name.length, hash, error);
	if (result == 0 && asprintf(path, "%s/headroom-%s.ndjson", cache_directory, hash) < 0) {
		*path = NULL;
		result = error_set(error, EX_OSERR, "out of memory");
	}
	buffer_release(&name);
	return result;
}

static int print_connection(const struct profile *profile, struct output *output, struct error *error)
{
	struct connection connection = connection_of(profile);
	struct token token = {.access_token = NULL};
	char *absolute = realpath(profile_option, NULL);
	const char *const arguments[] = {"-p", absolute, "--no-cache", cache_directory ? "--cache" : NULL, cache_directory, NULL};
	int result = -1;
	if (profile_optional_path(profile, profile->ca_bundle, &connection.ca_bundle, error) < 0 ||
		profile_optional_path(profile, profile->proxy_login, &connection.proxy_login, error) < 0)
		goto out;
	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): a profile that was loaded has a feed. */
	bool is_file = strchr(profile->feed, '/') || strstr(profile->feed, ".json");
	connection.feed = is_file ? profile_path(profile, profile->feed) : strdup(profile->feed);
	if (!connection.feed)
		goto out;
	if (!replay_directory && (get_token(profile, &token, error) < 0 || set_token_command(&connection, arguments, error) < 0))
		goto out;
	if (!replay_directory && cache_directory && name_headroom(profile, &connection.headroom, error) < 0)
		goto out;
	connection.access_token = token.access_token;
	connection.expires_at = token.access_token ? token.expires_at : INSTANT_NONE;
	bool reveal = connection_may_reveal(STDOUT_FILENO, show_token);
	if (token.access_token && !reveal)
		diag_note("the token is omitted because standard output is not a pipe (--show-token writes it anyway)");
	connection_append(&connection, reveal, &output->pending);
	result = 0;
out:
	if (result < 0 && !error->status)
		error_set(error, EX_OSERR, "out of memory");
	for (char **argument = connection.token_command; argument && *argument; argument++)
		free(*argument);
	free(connection.token_command);
	free(connection.ca_bundle);
	free(connection.proxy_login);
	free(connection.headroom);
	free(connection.feed);
	free(absolute);
	token_release(&token);
	return result;
}

static void run(const char **operands, struct output *output, struct error *error)
{
	struct profile profile = {.path = NULL};
	(void)operands;
	if (!profile_option && !(key_info && key_file))
		options_refuse("cannot connect without a profile: -p FILE");
	int result = profile_option ? profile_load(profile_option, &profile, error) : 0;
	if (result == 0)
		result = key_info    ? print_key_info(&profile, output, error)
			: ca_info    ? print_authorities(&profile, output, error)
			: clock_info ? print_clock(&profile, output, error)
				     : print_connection(&profile, output, error);
	if (result < 0) {
		explicit_bzero(output->pending.data, output->pending.length);
		buffer_reset(&output->pending);
	}
	profile_release(&profile);
}

int main(int argc, const char **argv)
{
	program_hide_memory();
	return program_run(argc, argv, table, &manual, run);
}
