#include "auth/jwt.h"

#include "config/loopback.h"
#include "json/json_write.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <ctype.h>
#include <string.h>

/* RFC 7515 section 2: the URL-safe alphabet of RFC 4648, without the padding. */
static void append_base64url(struct buffer *text, const void *bytes, size_t count)
{
	char *start = buffer_reserve(text, (count + 2) / 3 * 4);
	if (!start)
		return;
	int length = EVP_EncodeBlock((unsigned char *)start, bytes, (int)count);
	while (length > 0 && start[length - 1] == '=')
		start[--length] = 0;
	for (int i = 0; i < length; i++)
		start[i] = start[i] == '+' ? '-' : start[i] == '/' ? '_' : start[i];
	text->length += (size_t)length;
}

int jwt_append_audience_host(struct buffer *host, const char *audience, struct error *error)
{
	const char *start = audience + strspn(audience, " \t");
	const char *scheme = strstr(start, "://");
	if (scheme)
		start = scheme + 3;
	size_t length = *start == '[' ? strcspn(start, "]/ \t") : strcspn(start, ":/?# \t");
	if (start[length] == ']')
		length++;
	if (length == 0 || memchr(start, '@', length))
		return error_set(
			error, EX_CONFIG, "cannot use the audience '%s': it is not a host name such as account.docusign.com", audience);
	size_t begin = host->length;
	for (size_t i = 0; i < length; i++)
		buffer_append_byte(host, (char)tolower((unsigned char)start[i]));
	/* A service on this machine is identified by its port too, as in Docusign's own clients. */
	const char *port = start + length;
	if (*port == ':' && host_is_loopback(host->data + begin, length))
		buffer_append(host, port, 1 + strspn(port + 1, "0123456789"));
	return buffer_check(host, error);
}

static void append_header(struct buffer *json, const struct jwt_claims *claims)
{
	json_begin(json, '{');
	json_member_text(json, "alg", "RS256");
	json_member_text(json, "typ", "JWT");
	if (claims->key_pair_id && *claims->key_pair_id) {
		json_member_text(json, "kid", claims->key_pair_id);
	}
	json_end(json, '}');
	json_finish(json);
}

static void append_claims(struct buffer *json, const struct jwt_claims *claims, const char *audience, int lifetime)
{
	/* Floors, also before 1970. */
	int64_t now = claims->issued_at / 1000 - (claims->issued_at % 1000 < 0), iat = now - JWT_BACKDATE_SECONDS;
	json_begin(json, '{');
	json_member_text(json, "iss", claims->integration_key);
	if (claims->user_id && *claims->user_id) {
		json_member_text(json, "sub", claims->user_id);
	}
	json_member_text(json, "aud", audience);
	json_member_integer(json, "iat", iat);
	json_member_integer(json, "exp", iat + lifetime);
	if (*claims->scopes)
		json_member_text(json, "scope", claims->scopes);
	json_end(json, '}');
	json_finish(json);
}

/* Appends "." and the signature over all of `assertion`. */
static int append_signature(struct buffer *assertion, size_t start, EVP_PKEY *pkey, struct error *error)
{
	struct buffer signature = BUFFER_INIT;
	size_t length = 0;
	int result = -1;
	const unsigned char *signed_part = (const unsigned char *)assertion->data + start;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	if (!context || EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, pkey) != 1 ||
		EVP_DigestSign(context, NULL, &length, signed_part, assertion->length - start) != 1)
		goto out;
	unsigned char *end = (unsigned char *)buffer_reserve(&signature, length);
	if (!end || EVP_DigestSign(context, end, &length, signed_part, assertion->length - start) != 1)
		goto out;
	buffer_append_byte(assertion, '.');
	append_base64url(assertion, end, length);
	result = 0;
out:
	EVP_MD_CTX_free(context);
	buffer_release(&signature);
	ERR_clear_error();
	return result < 0 ? error_set(error, EX_SOFTWARE, "cannot sign the assertion with the private key")
			  : buffer_check(assertion, error);
}

static int check(const struct jwt_claims *claims, EVP_PKEY *pkey, int lifetime, struct error *error)
{
	if (!claims->integration_key || !*claims->integration_key)
		return error_set(error, EX_CONFIG, "cannot make the assertion: the integration key is missing");
	if (!claims->audience || !*claims->audience)
		return error_set(error, EX_CONFIG, "cannot make the assertion: the audience is missing");
	if (!claims->scopes || (!*claims->scopes && claims->user_id && *claims->user_id))
		return error_set(
			error, EX_CONFIG, "cannot make the assertion: the scopes are missing"); /* an application may ask for none */
	if (lifetime < 1 || lifetime > JWT_LIFETIME_LIMIT)
		return error_set(error, EX_CONFIG, "cannot make the assertion: its lifetime of %d seconds is not from 1 to %d", lifetime,
			JWT_LIFETIME_LIMIT);
	if (!EVP_PKEY_is_a(pkey, "RSA"))
		return error_set(error, EX_CONFIG, "cannot make the assertion: RS256 needs an RSA key");
	return 0;
}

int jwt_sign(const struct jwt_claims *claims, EVP_PKEY *pkey, struct buffer *assertion, struct error *error)
{
	struct buffer audience = BUFFER_INIT, json = BUFFER_INIT;
	int lifetime = claims->lifetime_seconds ? claims->lifetime_seconds : JWT_LIFETIME_LIMIT;
	size_t start = assertion->length;
	int result = check(claims, pkey, lifetime, error);
	if (result < 0)
		goto out;
	result = jwt_append_audience_host(&audience, claims->audience, error);
	if (result < 0)
		goto out;
	append_header(&json, claims);
	append_base64url(assertion, json.data, json.length);
	buffer_append_byte(assertion, '.');
	result = buffer_check(&json, error);
	if (result < 0)
		goto out;
	buffer_reset(&json);
	append_claims(&json, claims, audience.data, lifetime);
	append_base64url(assertion, json.data, json.length);
	result =
		buffer_check(&json, error) < 0 || buffer_check(assertion, error) < 0 ? -1 : append_signature(assertion, start, pkey, error);
out:
	buffer_release(&audience);
	buffer_release(&json);
	return result;
}
