#include "auth/token.h"

#include "auth/jwt.h"
#include "base/instant.h"
#include "base/percent_encode.h"
#include "config/connection.h"
#include "http/http_post.h"
#include "io/atomic_file.h"
#include "json/json_write.h"

#include <fcntl.h>
#include <jv.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GRANT_TYPE "urn:ietf:params:oauth:grant-type:jwt-bearer"
#define SPARE_MS INT64_C(300000) /* a cached token must outlive the requests that begin with it */
#define CACHE_LIMIT 65536
#define CLOCK_TOLERANCE_S 60

void token_release(struct token *token)
{
	if (token->access_token)
		explicit_bzero(token->access_token, strlen(token->access_token));
	free(token->access_token);
	*token = (struct token){.access_token = NULL};
}

/* A string member of the reply, or "". Valid as long as the reply. */
static const char *member(jv reply, const char *key)
{
	jv value = jv_get_kind(reply) == JV_KIND_OBJECT ? jv_object_get(jv_copy(reply), jv_string(key)) : jv_invalid();
	const char *text = jv_get_kind(value) == JV_KIND_STRING ? jv_string_value(value) : "";
	jv_free(value);
	return text;
}

static int consent_required(const struct profile *profile, struct error *error)
{
	struct buffer url = BUFFER_INIT;
	buffer_append_format(&url, "https://%s/oauth/auth?response_type=code&scope=", profile->audience);
	percent_encode(&url, profile->scopes, strlen(profile->scopes));
	buffer_append_string(&url, "&client_id=");
	percent_encode(&url, profile->integration_key, strlen(profile->integration_key));
	buffer_append_string(&url, "&redirect_uri=");
	percent_encode(&url, "https://www.docusign.com", strlen("https://www.docusign.com"));
	error_set(error, EX_NOPERM,
		"cannot get a token for profile '%s': consent is required: open %s (redirect_uri must be one registered for the integration key)",
		profile->name, url.data);
	buffer_release(&url);
	return -1;
}

/* How far our clock is ahead of the service's, when it differs by more than the service forgives; 0 when it does not, or the service shows none. */
static int64_t seconds_ahead(int64_t server)
{
	int64_t difference = server == INSTANT_NONE ? 0 : (instant_of_clock() - server) / 1000;
	return llabs(difference) > CLOCK_TOLERANCE_S ? difference : 0;
}

static void append_difference(struct buffer *text, int64_t ahead)
{
	buffer_append_format(text, "this machine's clock is %lld seconds %s the service's: set it right", (long long)llabs(ahead),
		ahead > 0 ? "ahead of" : "behind");
}

static void explain_refusal(int64_t server, struct buffer *text)
{
	int64_t ahead = seconds_ahead(server);
	if (ahead)
		append_difference(text, ahead);
	else
		buffer_append_string(text,
			"the clocks agree, so check key_file against the key registered at Docusign (auth --key-info), "
			"integration_key, user_id and audience");
}

static int refused(const struct profile *profile, const struct http_reply *reply, jv body, struct error *error)
{
	bool is_admin_form = *member(body, "errorCode");
	const char *code = member(body, is_admin_form ? "errorCode" : "error");
	const char *description = member(body, is_admin_form ? "message" : "error_description");
	struct buffer clocks = BUFFER_INIT;
	/* A busy or broken service may send such an error too. */
	int status = reply->status == 429 ? EX_TEMPFAIL : reply->status >= 500 || reply->status == 200 ? EX_UNAVAILABLE : EX_NOPERM;
	if (strcmp(code, "consent_required") == 0)
		return consent_required(profile, error);
	if (strcmp(code, "invalid_grant") == 0 || strcmp(code, "no_valid_keys_or_signatures") == 0 ||
		strcmp(description, "no_valid_keys_or_signatures") == 0) {
		explain_refusal(reply->date, &clocks);
		error_set(error, EX_NOPERM, "cannot get a token for profile '%s': %s%s%s: %s", profile->name, code,
			*description ? ": " : "", description, clocks.data ? clocks.data : "");
		buffer_release(&clocks);
		return -1;
	}
	if (*code)
		return error_set(error, status, "cannot get a token for profile '%s': the service responds %s%s%s", profile->name, code,
			*description ? ": " : "", description);
	return error_set(error, status,
		"cannot get a token for profile '%s': https://%s/oauth/token responds HTTP %d: is the audience right?", profile->name,
		profile->audience, reply->status);
}

static int accept_token(const struct profile *profile, const struct http_reply *reply, jv body, struct token *token, struct error *error)
{
	const char *access_token = member(body, "access_token");
	if (!*access_token && (*member(body, "error") || *member(body, "errorCode")))
		return refused(profile, reply, body, error);
	jv lifetime = jv_object_get(jv_copy(body), jv_string("expires_in"));
	double seconds = jv_get_kind(lifetime) == JV_KIND_NUMBER ? jv_number_value(lifetime)
		: jv_get_kind(lifetime) == JV_KIND_STRING        ? strtod(jv_string_value(lifetime), NULL)
								 : 0;
	jv_free(lifetime);
	/* Written so that no number (NaN) is refused, too. */
	if (!*access_token || !(seconds > 0 && seconds <= 366 * 86400))
		return error_set(error, EX_UNAVAILABLE,
			"cannot get a token for profile '%s': the response has no access_token and expires_in", profile->name);
	token->access_token = strdup(access_token);
	if (!token->access_token)
		return error_set(error, EX_OSERR, "out of memory");
	if (!connection_accepts_token(token->access_token))
		return error_set(error, EX_UNAVAILABLE,
			"cannot get a token for profile '%s': the response's access_token is not printable ASCII without blanks",
			profile->name);
	token->expires_at = instant_of_clock() + (int64_t)(seconds * 1000);
	token->clock_ahead_ms = reply->date == INSTANT_NONE ? 0 : instant_of_clock() - reply->date;
	return 0;
}

static int read_reply(const struct profile *profile, const struct http_reply *reply, struct token *token, struct error *error)
{
	jv body = jv_parse_sized(reply->body.data, (int)reply->body.length);
	int result = reply->status == 200 && jv_get_kind(body) == JV_KIND_OBJECT ? accept_token(profile, reply, body, token, error)
										 : refused(profile, reply, body, error);
	jv_free(body);
	return result;
}

/* POSTs the form to the profile's token service. */
static int post(const struct profile *profile, const char *form, struct http_reply *reply, struct error *error)
{
	struct buffer url = BUFFER_INIT;
	char *ca_bundle = NULL, *proxy_login = NULL;
	buffer_append_format(&url, "https://%s/oauth/token", profile->audience);
	int result = buffer_check(&url, error);
	if (result == 0)
		result = profile_optional_path(profile, profile->ca_bundle, &ca_bundle, error);
	if (result == 0)
		result = profile_optional_path(profile, profile->proxy_login, &proxy_login, error);
	if (result == 0) {
		const struct http_target target = {.url = url.data, .ca_bundle = ca_bundle, .proxy_login = proxy_login};
		result = http_post_form(&target, form, reply, error);
	}
	free(ca_bundle);
	free(proxy_login);
	buffer_release(&url);
	return result;
}

int token_service_clock(const struct profile *profile, struct buffer *text, struct error *error)
{
	struct http_reply reply = HTTP_REPLY_INIT;
	struct buffer difference = BUFFER_INIT;
	int result = post(profile, "", &reply, error); /* the response does not matter */
	int64_t ahead = seconds_ahead(reply.date);
	if (result == 0 && reply.date == INSTANT_NONE)
		buffer_append_format(text, "not known: %s shows none", profile->audience);
	else if (result == 0 && ahead == 0)
		buffer_append_format(text, "within %d s of that of %s", CLOCK_TOLERANCE_S, profile->audience);
	else if (result == 0) {
		append_difference(&difference, ahead);
		result = error_set(error, EX_CONFIG, "cannot sign tokens for '%s': %s", profile->audience, difference.data);
	}
	buffer_release(&difference);
	http_reply_release(&reply);
	return result < 0 ? -1 : buffer_check(text, error);
}

int token_request(const struct profile *profile, const struct private_key *key, struct token *token, struct error *error)
{
	const struct jwt_claims claims = {.integration_key = profile->integration_key,
		.audience = profile->audience,
		.user_id = profile->user_id,
		.scopes = profile->scopes,
		.key_pair_id = profile->key_pair_id,
		.issued_at = instant_of_clock()};
	struct buffer assertion = BUFFER_INIT, form = BUFFER_INIT;
	struct http_reply reply = HTTP_REPLY_INIT;
	int result = -1;
	*token = (struct token){.access_token = NULL};
	if (jwt_sign(&claims, key->pkey, &assertion, error) < 0)
		goto out;
	buffer_append_string(&form, "grant_type=");
	percent_encode(&form, GRANT_TYPE, strlen(GRANT_TYPE));
	buffer_append_string(&form, "&assertion=");
	buffer_append(&form, assertion.data, assertion.length);
	if (buffer_check(&form, error) < 0 || post(profile, form.data, &reply, error) < 0)
		goto out;
	result = read_reply(profile, &reply, token, error);
out:
	http_reply_release(&reply);
	buffer_release_secret(&assertion);
	buffer_release_secret(&form);
	return result;
}

/* The cache */

/* The file's name: a digest of all that makes a token another one. */
static int cache_path(
	const char *directory, const struct profile *profile, const struct private_key *key, struct buffer *path, struct error *error)
{
	const char *const parts[] = {profile->audience, profile->integration_key, profile->user_id ? profile->user_id : "", profile->scopes,
		profile->key_pair_id ? profile->key_pair_id : ""};
	unsigned char *spki = NULL, digest[EVP_MAX_MD_SIZE];
	unsigned digest_length = 0;
	int spki_length = i2d_PUBKEY(key->pkey, &spki);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool good = context && spki_length > 0 && EVP_DigestInit_ex(context, EVP_sha256(), NULL);
	for (size_t i = 0; good && i < sizeof parts / sizeof *parts; i++)
		good = EVP_DigestUpdate(context, parts[i], strlen(parts[i]) + 1);
	good = good && EVP_DigestUpdate(context, spki, (size_t)spki_length) && EVP_DigestFinal_ex(context, digest, &digest_length);
	EVP_MD_CTX_free(context);
	OPENSSL_free(spki);
	if (!good)
		return error_set(error, EX_SOFTWARE, "cannot name the token's cache: the digest failed");
	buffer_append_format(path, "%s/token-", directory);
	for (unsigned i = 0; i < digest_length; i++)
		buffer_append_format(path, "%02x", digest[i]);
	buffer_append_string(path, ".json");
	return buffer_check(path, error);
}

/* Reads a cache file that belongs to the user and that nobody else can read. */
static int read_cache(const char *path, struct token *token, struct error *error)
{
	struct stat status;
	struct buffer text = BUFFER_INIT;
	int result = 0;
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (descriptor < 0)
		return 0;
	if (fstat(descriptor, &status) < 0 || status.st_uid != geteuid() || (status.st_mode & 077) ||
		buffer_append_descriptor(&text, descriptor, CACHE_LIMIT, path, NULL) < 0) {
		close(descriptor);
		buffer_release_secret(&text);
		return 0;
	}
	close(descriptor);
	jv object = jv_parse_sized(text.data, (int)text.length);
	const char *access_token = member(object, "access_token"), *expires_at = member(object, "expires_at");
	if (*access_token && instant_parse(expires_at, strlen(expires_at), &token->expires_at) == 0 &&
		token->expires_at - SPARE_MS > instant_of_clock()) {
		token->access_token = strdup(access_token);
		result = token->access_token ? 1 : error_set(error, EX_OSERR, "out of memory");
	}
	jv_free(object);
	buffer_release_secret(&text);
	return result;
}

int token_load_cached(
	const char *directory, const struct profile *profile, const struct private_key *key, struct token *token, struct error *error)
{
	struct buffer path = BUFFER_INIT;
	*token = (struct token){.access_token = NULL};
	int result = cache_path(directory, profile, key, &path, error);
	if (result == 0)
		result = read_cache(path.data, token, error);
	buffer_release(&path);
	return result;
}

int token_save_cached(
	const char *directory, const struct profile *profile, const struct private_key *key, const struct token *token, struct error *error)
{
	struct buffer path = BUFFER_INIT;
	struct atomic_file file;
	int result = cache_path(directory, profile, key, &path, error);
	if (result == 0 && (result = atomic_file_open(&file, path.data, 0600, error)) == 0) {
		struct buffer *line = &file.output.pending;
		json_begin(line, '{');
		json_member_text(line, "access_token", token->access_token);
		json_member_instant(line, "expires_at", token->expires_at);
		json_end(line, '}');
		json_finish(line);
		buffer_append_byte(line, '\n');
		result = atomic_file_commit(&file, error);
	}
	buffer_release(&path);
	return result;
}
