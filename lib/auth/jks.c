#include "auth/jks.h"

#include "base/array.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SALT_LENGTH 20
#define SUN_KEY_PROTECTOR "1.3.6.1.4.1.42.2.17.1.1"

/* The rest of the file. After a failed read `at` stays where it is, and everything read is 0. */
struct cursor {
	const unsigned char *bytes;
	size_t length;
	size_t at;
	bool failed;
};

static const unsigned char *read_bytes(struct cursor *cursor, size_t count)
{
	if (cursor->failed || count > cursor->length - cursor->at) {
		cursor->failed = true;
		return NULL;
	}
	const unsigned char *start = cursor->bytes + cursor->at;
	cursor->at += count;
	return start;
}

static uint64_t read_integer(struct cursor *cursor, size_t width)
{
	const unsigned char *bytes = read_bytes(cursor, width);
	uint64_t value = 0;
	for (size_t i = 0; bytes && i < width; i++)
		value = value << 8 | bytes[i];
	return value;
}

static const unsigned char *read_counted(struct cursor *cursor, size_t width, size_t *length)
{
	*length = (size_t)read_integer(cursor, width);
	return read_bytes(cursor, *length);
}

/* Returns the certificate, or NULL when it is of another type than X.509 (or the cursor has failed). */
static const unsigned char *read_certificate(struct cursor *cursor, uint32_t version, size_t *length)
{
	bool x509 = true;
	if (version == 2) {
		size_t type_length;
		const unsigned char *type = read_counted(cursor, 2, &type_length);
		x509 = type && ((type_length == 5 && memcmp(type, "X.509", 5) == 0) || (type_length == 4 && memcmp(type, "X509", 4) == 0));
	}
	const unsigned char *certificate = read_counted(cursor, 4, length);
	return x509 ? certificate : NULL;
}

static int add_entry(struct jks *jks, const struct jks_entry *entry, const unsigned char *alias, size_t alias_length, struct error *error)
{
	struct jks_entry *added = array_grow((void **)&jks->entries, &jks->count, sizeof *added, error);
	if (!added)
		return -1;
	*added = *entry;
	added->alias = strndup((const char *)alias, alias_length);
	return added->alias ? 0 : error_set(error, EX_OSERR, "out of memory");
}

static int read_key_entry(struct cursor *cursor, struct jks *jks, struct error *error)
{
	struct jks_entry entry = {0};
	size_t alias_length;
	const unsigned char *alias = read_counted(cursor, 2, &alias_length);
	entry.created_at = (int64_t)read_integer(cursor, 8);
	entry.protected_key = read_counted(cursor, 4, &entry.protected_key_length);
	uint64_t chain_length = read_integer(cursor, 4);
	for (uint64_t i = 0; i < chain_length && !cursor->failed; i++) {
		size_t length;
		const unsigned char *certificate = read_certificate(cursor, jks->version, &length);
		if (i == 0 && certificate) {
			entry.certificate = certificate;
			entry.certificate_length = length;
		}
	}
	return cursor->failed ? 0 : add_entry(jks, &entry, alias, alias_length, error);
}

static void skip_trusted_entry(struct cursor *cursor, struct jks *jks)
{
	size_t length;
	read_counted(cursor, 2, &length);
	read_integer(cursor, 8);
	read_certificate(cursor, jks->version, &length);
	jks->trusted_certificates++;
}

int jks_read(const unsigned char *bytes, size_t length, struct jks *jks, struct error *error)
{
	*jks = (struct jks){.bytes = bytes};
	struct cursor cursor = {.bytes = bytes, .length = length};
	if (read_integer(&cursor, 4) != JKS_MAGIC)
		return error_set(error, EX_DATAERR, "it is not a JKS key store");
	jks->version = (uint32_t)read_integer(&cursor, 4);
	if (!cursor.failed && jks->version != 1 && jks->version != 2)
		return error_set(error, EX_DATAERR, "it is a JKS key store of version %" PRIu32 ", and only 1 and 2 exist", jks->version);
	uint64_t count = read_integer(&cursor, 4);
	for (uint64_t i = 0; i < count && !cursor.failed; i++) {
		uint64_t tag = read_integer(&cursor, 4);
		if (cursor.failed)
			break;
		if (tag == 1) {
			if (read_key_entry(&cursor, jks, error) < 0)
				goto fail;
		} else if (tag == 2) {
			skip_trusted_entry(&cursor, jks);
		} else {
			error_set(error, EX_DATAERR, "the JKS key store is damaged: entry %" PRIu64 " has the unknown kind %" PRIu64, i + 1,
				tag);
			goto fail;
		}
	}
	jks->digest_at = cursor.at;
	read_bytes(&cursor, JKS_DIGEST_LENGTH);
	if (cursor.failed) {
		error_set(error, EX_DATAERR, "the JKS key store is truncated or damaged: what byte %zu announces goes beyond its %zu bytes",
			cursor.at, length);
		goto fail;
	}
	if (cursor.at != length) {
		error_set(error, EX_DATAERR, "the JKS key store is damaged: %zu bytes follow its end", length - cursor.at);
		goto fail;
	}
	return 0;
fail:
	jks_release(jks);
	return -1;
}

/* OPENSSL_utf82uni() gives UTF-16BE and a terminator of two bytes; text that is not UTF-8 is read as Latin-1. */
static int hash_password(EVP_MD_CTX *hash, const char *password)
{
	int length;
	unsigned char *utf16;
	if (!OPENSSL_utf82uni(password, (int)strlen(password), &utf16, &length))
		return 0;
	int done = EVP_DigestInit_ex(hash, EVP_sha1(), NULL) && EVP_DigestUpdate(hash, utf16, (size_t)length - 2);
	OPENSSL_clear_free(utf16, (size_t)length);
	return done;
}

int jks_verify(const struct jks *jks, const char *password, struct error *error)
{
	static const char whitener[] = "Mighty Aphrodite";
	unsigned char digest[JKS_DIGEST_LENGTH];
	EVP_MD_CTX *hash = EVP_MD_CTX_new();
	int done = hash && hash_password(hash, password) && EVP_DigestUpdate(hash, whitener, sizeof whitener - 1) &&
		EVP_DigestUpdate(hash, jks->bytes, jks->digest_at) && EVP_DigestFinal_ex(hash, digest, NULL);
	EVP_MD_CTX_free(hash);
	if (!done)
		return error_set(error, EX_OSERR, "cannot compute the key store's SHA-1 digest");
	return CRYPTO_memcmp(digest, jks->bytes + jks->digest_at, sizeof digest) == 0;
}

/* KeyProtector.recover(): `data` is salt, encrypted key, check. */
static int recover(const unsigned char *data, size_t length, const char *password, struct buffer *key, struct error *error)
{
	unsigned char block[JKS_DIGEST_LENGTH];
	size_t key_length = length - SALT_LENGTH - JKS_DIGEST_LENGTH;
	const unsigned char *encrypted = data + SALT_LENGTH, *check = encrypted + key_length;
	unsigned char *plain = (unsigned char *)buffer_reserve(key, key_length);
	EVP_MD_CTX *after_password = EVP_MD_CTX_new(), *hash = EVP_MD_CTX_new();
	int result = -1;
	if (!plain || !after_password || !hash || !hash_password(after_password, password))
		goto out;
	memcpy(block, data, SALT_LENGTH);
	for (size_t i = 0; i < key_length; i++) {
		if (i % sizeof block == 0 &&
			!(EVP_MD_CTX_copy_ex(hash, after_password) && EVP_DigestUpdate(hash, block, sizeof block) &&
				EVP_DigestFinal_ex(hash, block, NULL)))
			goto out;
		plain[i] = encrypted[i] ^ block[i % sizeof block];
	}
	if (!EVP_DigestUpdate(after_password, plain, key_length) || !EVP_DigestFinal_ex(after_password, block, NULL))
		goto out;
	result = CRYPTO_memcmp(block, check, sizeof block) == 0;
	if (result == 1) {
		plain[key_length] = 0;
		key->length += key_length;
	}
out:
	if (plain && result != 1)
		OPENSSL_cleanse(plain, key_length);
	OPENSSL_cleanse(block, sizeof block);
	EVP_MD_CTX_free(after_password);
	EVP_MD_CTX_free(hash);
	return result < 0 ? error_set(error, EX_OSERR, "cannot compute the key protector's SHA-1") : result;
}

int jks_unlock(const struct jks_entry *entry, const char *password, struct buffer *key, struct error *error)
{
	const unsigned char *at = entry->protected_key;
	const X509_ALGOR *algorithm;
	const ASN1_OBJECT *object;
	const ASN1_OCTET_STRING *data;
	char name[80];
	int result = -1;
	X509_SIG *info = d2i_X509_SIG(NULL, &at, (long)entry->protected_key_length);
	if (!info) {
		error_set(error, EX_DATAERR, "the private key of the JKS entry is damaged: it is not an EncryptedPrivateKeyInfo");
		goto out;
	}
	X509_SIG_get0(info, &algorithm, &data);
	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	OBJ_obj2txt(name, sizeof name, object, 1);
	if (strcmp(name, SUN_KEY_PROTECTOR) != 0)
		error_set(error, EX_DATAERR, "the private key of the JKS entry is protected by the unknown algorithm %s", name);
	else if (ASN1_STRING_length(data) < SALT_LENGTH + JKS_DIGEST_LENGTH)
		error_set(error, EX_DATAERR, "the private key of the JKS entry is damaged: it is too short");
	else
		result = recover(ASN1_STRING_get0_data(data), (size_t)ASN1_STRING_length(data), password, key, error);
out:
	X509_SIG_free(info);
	ERR_clear_error();
	return result;
}

void jks_release(struct jks *jks)
{
	for (size_t i = 0; i < jks->count; i++)
		free(jks->entries[i].alias);
	free(jks->entries);
	*jks = (struct jks)JKS_INIT;
}
