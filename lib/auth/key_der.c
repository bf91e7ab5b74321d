#include "auth/key_der.h"

#include "auth/legacy_crypto.h"
#include "auth/pbe_cost.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <string.h>

int key_der_refuse_public(const char *path, const char *what, struct error *error)
{
	return error_set(error, EX_CONFIG,
		"cannot sign with '%s': it has %s but no private key: use the private key that belongs to it (Docusign needs the public one)",
		path, what);
}

int key_der_refuse_password(const char *path, struct error *error)
{
	return error_set(error, EX_NOPERM, "cannot decrypt '%s': the password is wrong (or the file is damaged)", path);
}

bool key_der_is_truncated(const unsigned char *bytes, size_t length)
{
	if (length < 2)
		return true;
	if (bytes[1] < 0x80)
		return length - 2 < bytes[1];
	size_t width = bytes[1] & 0x7f, content = 0;
	if (width == 0 || width > 4)
		return false;
	if (length < 2 + width)
		return true;
	for (size_t i = 0; i < width; i++)
		content = content << 8 | bytes[2 + i];
	return content > length - 2 - width;
}

int key_der_require_password(const struct key_source *source, struct error *error)
{
	return source->password ? 0 : error_set(error, EX_NOPERM, "cannot decrypt '%s': it is protected by a password", source->path);
}

int key_der_use_pkcs8(const struct key_source *source, const PKCS8_PRIV_KEY_INFO *info, struct private_key *key, struct error *error)
{
	key->pkey = info ? EVP_PKCS82PKEY(info) : NULL;
	return key->pkey
		? 0
		: error_set(error, EX_DATAERR, "cannot read the private key of '%s': it is damaged or of an unknown type", source->path);
}

void key_der_use_certificate(X509 *certificate, struct private_key *key)
{
	if (!key->certificate && certificate && key->pkey && X509_check_private_key(certificate, key->pkey) == 1)
		key->certificate = certificate;
	else
		X509_free(certificate);
}

struct decryption {
	const char *password;
	const X509_SIG *encrypted;
	PKCS8_PRIV_KEY_INFO *plain;
};

static bool decrypt(void *context)
{
	struct decryption *decryption = context;
	decryption->plain = PKCS8_decrypt(decryption->encrypted, decryption->password, (int)strlen(decryption->password));
	return decryption->plain;
}

static int read_encrypted(const struct key_source *source, const X509_SIG *encrypted, struct private_key *key, struct error *error)
{
	struct decryption decryption = {.password = source->password, .encrypted = encrypted};
	if (key_der_require_password(source, error) < 0)
		return -1;
	const X509_ALGOR *algorithm;
	int64_t cost = 0;
	X509_SIG_get0(encrypted, &algorithm, NULL);
	int decrypted = pbe_cost_add(&cost, algorithm, error);
	if (decrypted == 0)
		decrypted = legacy_crypto_try(decrypt, &decryption, error);
	if (decrypted < 0)
		return error_prefix(error, "cannot decrypt '%s'", source->path);
	if (decrypted == 0)
		return key_der_refuse_password(source->path, error);
	int result = key_der_use_pkcs8(source, decryption.plain, key, error);
	PKCS8_PRIV_KEY_INFO_free(decryption.plain);
	return result;
}

/* Names the content if it is not a private key. */
static int refuse(const struct key_source *source, struct error *error)
{
	const unsigned char *at = source->bytes;
	X509 *certificate = d2i_X509(NULL, &at, (long)source->length);
	at = source->bytes;
	EVP_PKEY *public = d2i_PUBKEY(NULL, &at, (long)source->length);
	if (certificate)
		key_der_refuse_public(source->path, "a certificate", error);
	else if (public)
		key_der_refuse_public(source->path, "a public key", error);
	else if (key_der_is_truncated(source->bytes, source->length))
		error_set(error, EX_DATAERR,
			"cannot read '%s': it is truncated: its first bytes announce more than the %zu bytes there are", source->path,
			source->length);
	else
		error_set(error, EX_DATAERR,
			"cannot read '%s': it is DER, but has no readable private key: it is damaged or of another kind", source->path);
	X509_free(certificate);
	EVP_PKEY_free(public);
	return -1;
}

int key_der_read(const struct key_source *source, struct private_key *key, struct error *error)
{
	long length = (long)source->length;
	const unsigned char *at = source->bytes;
	int result;
	PKCS8_PRIV_KEY_INFO *plain = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, length);
	at = source->bytes;
	X509_SIG *encrypted = plain ? NULL : d2i_X509_SIG(NULL, &at, length);
	at = source->bytes;
	if (plain) {
		key->format = "DER PKCS#8";
		result = key_der_use_pkcs8(source, plain, key, error);
	} else if (encrypted) {
		key->format = "DER PKCS#8 encrypted";
		result = read_encrypted(source, encrypted, key, error);
	} else if ((key->pkey = d2i_PrivateKey(EVP_PKEY_RSA, NULL, &at, length)) ||
		(key->pkey = d2i_PrivateKey(EVP_PKEY_EC, NULL, &at, length))) {
		key->format = "DER PKCS#1";
		result = 0;
	} else {
		result = refuse(source, error);
	}
	PKCS8_PRIV_KEY_INFO_free(plain);
	X509_SIG_free(encrypted);
	ERR_clear_error();
	return result;
}
