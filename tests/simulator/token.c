#include "token.h"

#include "base/instant.h"
#include "clock.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS 16
#define GRANT_TYPE "urn:ietf:params:oauth:grant-type:jwt-bearer"
#define NO_VALID_KEYS "no_valid_keys_or_signatures"

static struct token_settings settings;
static EVP_PKEY *keys[KEYS];
static size_t key_count;
static struct token *tokens;
static size_t token_count;
static bool has_consented; /* a person opened the consent page */

void token_set(const struct token_settings *given)
{
	settings = *given;
}

int token_register_key(const char *pem, size_t length, struct error *error)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)length);
	EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
	BIO_free(bio);
	if (!key || key_count == KEYS || !EVP_PKEY_is_a(key, "RSA")) {
		EVP_PKEY_free(key);
		return error_set(error, EX_DATAERR, "cannot register a public key: it is not an RSA public key in PEM");
	}
	keys[key_count++] = key;
	return 0;
}

void token_release(void)
{
	while (key_count)
		EVP_PKEY_free(keys[--key_count]);
	free(tokens);
	tokens = NULL;
	token_count = 0;
}

/* base64url without padding (RFC 4648 section 5). Returns the length, or -1. */
static int decode_base64url(const char *text, size_t length, unsigned char *bytes, size_t size)
{
	char padded[8192];
	if (length + 4 > sizeof padded || size < length + 3)
		return -1;
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '=' || text[i] == '+' || text[i] == '/')
			return -1;
		padded[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
	}
	size_t padding = (4 - length % 4) % 4;
	memset(padded + length, '=', padding);
	int decoded = EVP_DecodeBlock(bytes, (const unsigned char *)padded, (int)(length + padding));
	return decoded < 0 || padding == 3 ? -1 : decoded - (int)padding;
}

static jv decode_part(const char *text, size_t length)
{
	unsigned char bytes[8192];
	int decoded = decode_base64url(text, length, bytes, sizeof bytes);
	return decoded < 0 ? jv_invalid() : jv_parse_sized((const char *)bytes, decoded);
}

static bool is_signed(const char *assertion, size_t signed_length, const char *signature)
{
	unsigned char bytes[8192];
	int length = decode_base64url(signature, strlen(signature), bytes, sizeof bytes);
	bool good = false;
	for (size_t i = 0; length > 0 && !good && i < key_count; i++) {
		EVP_MD_CTX *context = EVP_MD_CTX_new();
		good = context && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, keys[i]) == 1 &&
			EVP_DigestVerify(context, bytes, (size_t)length, (const unsigned char *)assertion, signed_length) == 1;
		EVP_MD_CTX_free(context);
	}
	return good;
}

/* "" when it is absent or no string. */
static const char *member(jv object, const char *key, char *text, size_t size)
{
	jv value = jv_get_kind(object) == JV_KIND_OBJECT ? jv_object_get(jv_copy(object), jv_string(key)) : jv_null();
	snprintf(text, size, "%s", jv_get_kind(value) == JV_KIND_STRING ? jv_string_value(value) : "");
	jv_free(value);
	return text;
}

static double number_member(jv object, const char *key)
{
	jv value = jv_object_get(jv_copy(object), jv_string(key));
	double number = jv_get_kind(value) == JV_KIND_NUMBER ? jv_number_value(value) : -1;
	jv_free(value);
	return number;
}

static bool is_audience(const char *audience)
{
	char with_port[2][32];
	snprintf(with_port[0], sizeof with_port[0], "127.0.0.1:%d", settings.port);
	snprintf(with_port[1], sizeof with_port[1], "localhost:%d", settings.port);
	return strcmp(audience, with_port[0]) == 0 || strcmp(audience, with_port[1]) == 0 || strcmp(audience, "127.0.0.1") == 0 ||
		strcmp(audience, "localhost") == 0 || strcmp(audience, "account.docusign.test") == 0;
}

static bool is_uuid(const char *text)
{
	size_t length = strspn(text, "0123456789abcdefABCDEF-");
	return length == 36 && !text[36] && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-';
}

static bool lacks_consent(const char *user_id, const char *scopes)
{
	char padded_scopes[440], padded[100];
	snprintf(padded_scopes, sizeof padded_scopes, " %s ", scopes);
	for (char **word = settings.no_consent; !has_consented && word && *word; word++) {
		snprintf(padded, sizeof padded, " %s ", *word);
		if (strcasecmp(*word, user_id) == 0 || strstr(padded_scopes, padded))
			return true;
	}
	return false;
}

/* What is wrong with the times by one clock, or NULL. */
static const char *judge_times(double issued_at, double expires_at, double now)
{
	if (issued_at > now)
		return NO_VALID_KEYS;
	if (expires_at <= now)
		return "expired_grant";
	return expires_at - issued_at > 3600 || issued_at < 0 ? NO_VALID_KEYS : NULL;
}

/* Returns NULL when the claims are good, else the description; `*error` is set when it is not invalid_grant. */
static const char *judge(jv header, jv claims, struct token *token, const char **error)
{
	char text[400];
	if (strcmp(member(header, "alg", text, sizeof text), "RS256") != 0)
		return NO_VALID_KEYS;
	member(header, "kid", text, sizeof text);
	if (*text && settings.key_pair_id && *settings.key_pair_id && strcasecmp(text, settings.key_pair_id) != 0)
		return NO_VALID_KEYS;
	member(claims, "iss", text, sizeof text);
	if (!*text || (settings.integration_key && *settings.integration_key && strcasecmp(text, settings.integration_key) != 0))
		return "issuer_not_found";
	if (!is_audience(member(claims, "aud", text, sizeof text)))
		return "invalid_audience";
	double issued_at = number_member(claims, "iat"), expires_at = number_member(claims, "exp");
	const char *fault = judge_times(issued_at, expires_at, (double)(clock_service() / 1000));
	/* A client may sign by the clock of its run: under a simulated clock that one is good too. */
	if (fault && clock_is_set() && !judge_times(issued_at, expires_at, (double)(clock_now() / 1000)))
		fault = NULL;
	if (fault)
		return fault;
	member(claims, "sub", token->user_id, sizeof token->user_id);
	if (!*member(claims, "scope", token->scopes, sizeof token->scopes) && *token->user_id) {
		*error = "invalid_request";
		return "scope";
	}
	if (*token->user_id && !is_uuid(token->user_id))
		return "user_not_found";
	if (lacks_consent(token->user_id, token->scopes)) {
		*error = "consent_required";
		return NULL;
	}
	return NULL;
}

static bool verify(const char *assertion, struct token *token, const char **error, const char **description)
{
	const char *first = strchr(assertion, '.'), *second = first ? strchr(first + 1, '.') : NULL;
	*error = "invalid_grant";
	*description = NO_VALID_KEYS;
	if (!second || strlen(assertion) > 8000)
		return false;
	jv header = decode_part(assertion, (size_t)(first - assertion));
	jv claims = decode_part(first + 1, (size_t)(second - first - 1));
	if (jv_get_kind(header) == JV_KIND_OBJECT && jv_get_kind(claims) == JV_KIND_OBJECT &&
		is_signed(assertion, (size_t)(second - assertion), second + 1)) {
		const char *other = NULL;
		*description = judge(header, claims, token, &other);
		if (other)
			*error = other;
		else if (!*description)
			*error = NULL;
	}
	jv_free(header);
	jv_free(claims);
	return !*error;
}

/* As long as Docusign's own, so that a client's buffers are tried; random. */
static void make_value(char *value)
{
	unsigned char random[480];
	RAND_bytes(random, sizeof random);
	EVP_EncodeBlock((unsigned char *)value, random, sizeof random);
	for (; *value; value++)
		*value = *value == '+' ? '-' : *value == '/' ? '_' : *value;
}

static struct token *add_token(const struct token *made)
{
	struct token *grown = reallocarray(tokens, token_count + 1, sizeof *tokens);
	if (!grown)
		return NULL;
	tokens = grown;
	tokens[token_count] = *made;
	return &tokens[token_count++];
}

/* The decoded value of a form field (application/x-www-form-urlencoded), at most `size` - 1 bytes. */
static const char *form_field(const char *form, const char *name, char *value, size_t size)
{
	size_t length = strlen(name), n = 0;
	while (*form && !(strncmp(form, name, length) == 0 && form[length] == '=')) {
		form += strcspn(form, "&");
		form += *form == '&';
	}
	if (*form)
		form += length + 1;
	for (; *form && *form != '&' && n + 1 < size; form++) {
		unsigned byte;
		if (*form == '%' && sscanf(form + 1, "%2x", &byte) == 1 && form[1] && form[2]) {
			value[n++] = (char)byte;
			form += 2;
		} else {
			value[n++] = *form == '+' ? ' ' : *form;
		}
	}
	value[n] = 0;
	return value;
}

/* For a test that shows the assertions of this run's throw-away key to another implementation. */
static void keep_assertion(const char *assertion)
{
	FILE *file = settings.assertion_file ? fopen(settings.assertion_file, "ae") : NULL;
	if (!file)
		return;
	fprintf(file, "%s\n", assertion);
	fclose(file);
}

void token_grant(const struct request *request, bool quotes_expiry, struct answer *answer)
{
	char grant_type[100], assertion[8192];
	const char *error, *description;
	struct token token = {0};
	answer_header(answer, "Cache-Control", "no-store");
	answer_header(answer, "Pragma", "no-cache");
	form_field(request->body, "grant_type", grant_type, sizeof grant_type);
	keep_assertion(form_field(request->body, "assertion", assertion, sizeof assertion));
	if (strcmp(grant_type, GRANT_TYPE) != 0) {
		answer_admin_error(answer, 400, "invalid_grant", "unsupported_grant_type");
	} else if (!verify(assertion, &token, &error, &description)) {
		answer_admin_error(answer, 400, error, description);
	} else {
		make_value(token.value);
		token.expires_at = clock_monotonic() + (int64_t)settings.token_seconds * 1000;
		add_token(&token);
		answer_json(answer, 200,
			JV_OBJECT(jv_string("access_token"), jv_string(token.value), jv_string("token_type"), jv_string("Bearer"),
				jv_string("expires_in"),
				quotes_expiry ? jv_string_fmt("%d", settings.token_seconds) : jv_number(settings.token_seconds)));
	}
}

void token_consent(const struct request *request, struct answer *answer)
{
	const char *scope = request_parameter(request, "scope"), *client = request_parameter(request, "client_id");
	const char *type = request_parameter(request, "response_type");
	answer->content_type = "text/html; charset=utf-8";
	if (!scope || !client || !type || strcmp(type, "code") != 0 || !request_parameter(request, "redirect_uri")) {
		answer->status = 400;
		buffer_append_string(&answer->body,
			"<!doctype html><title>Consent</title><p>response_type=code, scope, client_id and "
			"redirect_uri are needed.\n");
		return;
	}
	has_consented = true;
	buffer_append_string(&answer->body, "<!doctype html><title>Consent</title><p>Consent is given.\n");
}

static struct token *find(const struct request *request)
{
	if (strncasecmp(request->authorization, "Bearer ", 7) != 0)
		return NULL;
	for (size_t i = token_count; i-- > 0;)
		if (strcmp(tokens[i].value, request->authorization + 7) == 0)
			return &tokens[i];
	return NULL;
}

const struct token *token_find(const struct request *request)
{
	const struct token *token = find(request);
	return token && !token->revoked && clock_monotonic() < token->expires_at ? token : NULL;
}

void token_revoke(const struct request *request)
{
	struct token *token = find(request);
	if (token)
		token->revoked = true;
}

bool token_has_scope(const struct token *token, const char *scope)
{
	char scopes[420], padded[100];
	snprintf(scopes, sizeof scopes, " %s ", token->scopes);
	snprintf(padded, sizeof padded, " %s ", scope);
	return strstr(scopes, padded);
}
