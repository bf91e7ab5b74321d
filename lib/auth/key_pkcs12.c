#include "auth/key_pkcs12.h"

#include "auth/key_alias.h"
#include "auth/key_der.h"
#include "auth/legacy_crypto.h"
#include "auth/pbe_cost.h"
#include "auth/pkcs12_mac.h"
#include "auth/pkcs12_password.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_LIMIT 8 /* of SafeContents within SafeContents */

/* The file's contents after the outer encryption is removed. The stacks of `safes` own bags and certificates. */
struct contents {
	STACK_OF(PKCS12_SAFEBAG) * *safes;
	int safe_count;
	int locked; /* parts that could not be decrypted */
	bool legacy_missing;
	int64_t cost; /* pbe_cost.h */
	const PKCS12_SAFEBAG **keys;
	char **aliases;
	size_t key_count, unnamed_count;
};

bool key_pkcs12_is(const unsigned char *bytes, size_t length)
{
	static const unsigned char version_3[] = {0x02, 0x01, 0x03};
	if (length < 8 || bytes[0] != 0x30)
		return false;
	size_t header = 2 + (bytes[1] > 0x80 ? (size_t)(bytes[1] & 0x7f) : 0);
	return header <= 6 && length > header + sizeof version_3 && memcmp(bytes + header, version_3, sizeof version_3) == 0 &&
		bytes[header + sizeof version_3] == 0x30;
}

/* An attempt to decrypt a SafeContents (p7) or a key (bag). */
struct attempt {
	const char *password; /* or NULL */
	PKCS7 *p7;
	const PKCS12_SAFEBAG *bag;
	STACK_OF(PKCS12_SAFEBAG) * safe;
	PKCS8_PRIV_KEY_INFO *key;
};

static bool attempt_with(void *context, const char *password, int length)
{
	struct attempt *attempt = context;
	if (attempt->p7)
		attempt->safe = PKCS12_unpack_p7encdata(attempt->p7, password, length);
	else
		attempt->key = PKCS12_decrypt_skey(attempt->bag, password, length);
	return attempt->safe || attempt->key;
}

static bool attempt_any(void *context)
{
	const struct attempt *attempt = context;
	return pkcs12_password_try(attempt->password, attempt_with, context);
}

/* *missing: the old ciphers are needed and not installed. */
static bool decrypt(struct attempt *attempt, bool *missing)
{
	struct error error = ERROR_INIT;
	int done = legacy_crypto_try(attempt_any, attempt, &error);
	*missing |= done < 0 && error.status == EX_CONFIG;
	return done == 1;
}

static int add_cost(struct contents *contents, const PKCS12_SAFEBAG *bag, struct error *error)
{
	const X509_ALGOR *algorithm;
	if (PKCS12_SAFEBAG_get_nid(bag) != NID_pkcs8ShroudedKeyBag)
		return 0;
	X509_SIG_get0(PKCS12_SAFEBAG_get0_pkcs8(bag), &algorithm, NULL);
	return pbe_cost_add(&contents->cost, algorithm, error);
}

static int add_key(struct contents *contents, const PKCS12_SAFEBAG *bag, struct error *error)
{
	size_t count = contents->key_count;
	if (add_cost(contents, bag, error) < 0)
		return -1;
	const PKCS12_SAFEBAG **keys = reallocarray(contents->keys, count + 1, sizeof *keys);
	if (keys)
		contents->keys = keys;
	char **aliases = reallocarray(contents->aliases, count + 1, sizeof *aliases);
	if (aliases)
		contents->aliases = aliases;
	if (!keys || !aliases)
		return error_set(error, EX_OSERR, "out of memory");
	char *name = PKCS12_get_friendlyname((PKCS12_SAFEBAG *)bag);
	char number[24];
	if (!name || !*name)
		snprintf(number, sizeof number, "%zu", ++contents->unnamed_count);
	aliases[count] = strdup(name && *name ? name : number);
	OPENSSL_free(name);
	if (!aliases[count])
		return error_set(error, EX_OSERR, "out of memory");
	keys[count] = bag;
	contents->key_count++;
	return 0;
}

static int find_keys(struct contents *contents, const STACK_OF(PKCS12_SAFEBAG) * safe, int depth, struct error *error)
{
	for (int i = 0; depth < DEPTH_LIMIT && i < sk_PKCS12_SAFEBAG_num(safe); i++) {
		const PKCS12_SAFEBAG *bag = sk_PKCS12_SAFEBAG_value(safe, i);
		int kind = PKCS12_SAFEBAG_get_nid(bag);
		if ((kind == NID_keyBag || kind == NID_pkcs8ShroudedKeyBag) && add_key(contents, bag, error) < 0)
			return -1;
		if (kind == NID_safeContentsBag && find_keys(contents, PKCS12_SAFEBAG_get0_safes(bag), depth + 1, error) < 0)
			return -1;
	}
	return 0;
}

/* Removes the outer encryption, as far as the password opens it. */
static int unpack(PKCS12 *file, const char *password, struct contents *contents, struct error *error)
{
	STACK_OF(PKCS7) *parts = PKCS12_unpack_authsafes(file);
	int count = sk_PKCS7_num(parts), result = -1;
	if (!parts) {
		error_set(error, EX_DATAERR, "its content is damaged");
		goto out;
	}
	contents->safes = calloc((size_t)count + 1, sizeof(STACK_OF(PKCS12_SAFEBAG) *));
	if (!contents->safes) {
		error_set(error, EX_OSERR, "out of memory");
		goto out;
	}
	for (int i = 0; i < count; i++) {
		PKCS7 *part = sk_PKCS7_value(parts, i);
		struct attempt attempt = {.password = password, .p7 = part};
		if (PKCS7_type_is_data(part))
			attempt.safe = PKCS12_unpack_p7data(part);
		else if (PKCS7_type_is_encrypted(part) && part->d.encrypted) { /* the content is optional in ASN.1 */
			if (pbe_cost_add(&contents->cost, part->d.encrypted->enc_data->algorithm, error) < 0)
				goto out;
			decrypt(&attempt, &contents->legacy_missing);
		}
		if (!attempt.safe)
			contents->locked++;
		else if (contents->safes[contents->safe_count++] = attempt.safe, find_keys(contents, attempt.safe, 0, error) < 0)
			goto out;
	}
	result = 0;
out:
	sk_PKCS7_pop_free(parts, PKCS7_free);
	return result;
}

static PKCS8_PRIV_KEY_INFO *open_key(struct contents *contents, const PKCS12_SAFEBAG *bag, const char *password)
{
	struct attempt attempt = {.password = password, .bag = bag};
	if (PKCS12_SAFEBAG_get_nid(bag) != NID_keyBag)
		return decrypt(&attempt, &contents->legacy_missing) ? attempt.key : NULL;
	return ASN1_item_dup(ASN1_ITEM_rptr(PKCS8_PRIV_KEY_INFO), PKCS12_SAFEBAG_get0_p8inf(bag));
}

/* Whether the password opens a key although the MAC is wrong: then the file is damaged. */
static bool opens_a_key(struct contents *contents, const char *password)
{
	for (size_t i = 0; i < contents->key_count; i++) {
		if (PKCS12_SAFEBAG_get_nid(contents->keys[i]) == NID_keyBag)
			continue;
		PKCS8_PRIV_KEY_INFO *key = open_key(contents, contents->keys[i], password);
		EVP_PKEY *pkey = key ? EVP_PKCS82PKEY(key) : NULL;
		PKCS8_PRIV_KEY_INFO_free(key);
		EVP_PKEY_free(pkey);
		if (pkey)
			return true;
	}
	return false;
}

static void find_certificate(const STACK_OF(PKCS12_SAFEBAG) * safe, int depth, struct private_key *key)
{
	for (int i = 0; !key->certificate && depth < DEPTH_LIMIT && i < sk_PKCS12_SAFEBAG_num(safe); i++) {
		const PKCS12_SAFEBAG *bag = sk_PKCS12_SAFEBAG_value(safe, i);
		int kind = PKCS12_SAFEBAG_get_nid(bag);
		if (kind == NID_safeContentsBag)
			find_certificate(PKCS12_SAFEBAG_get0_safes(bag), depth + 1, key);
		X509 *certificate = kind == NID_certBag ? PKCS12_SAFEBAG_get1_cert(bag) : NULL;
		key_der_use_certificate(certificate, key);
	}
}

static int refuse_old_cipher(const char *path, struct error *error)
{
	return error_set(error, EX_CONFIG, "cannot decrypt '%s': " LEGACY_CRYPTO_MISSING, path);
}

static int read_key(
	const struct key_source *source, struct contents *contents, enum pkcs12_mac mac, struct private_key *key, struct error *error)
{
	size_t chosen;
	if (key_alias_choose(source->path, contents->aliases, contents->key_count, source->alias, &chosen, error) < 0)
		return -1;
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): none is chosen where there is none. */
	PKCS8_PRIV_KEY_INFO *info = open_key(contents, contents->keys[chosen], source->password);
	if (!info && contents->legacy_missing)
		return refuse_old_cipher(source->path, error);
	if (!info && mac == PKCS12_MAC_RIGHT && source->password)
		return error_set(error, EX_DATAERR,
			"cannot decrypt the key '%s' of '%s': the file's password is right, but the key is damaged, has a "
			"password of its "
			"own, or an unknown cipher",
			contents->aliases[chosen], source->path);
	if (!info)
		return key_der_refuse_password(source->path, error);
	int result = key_der_use_pkcs8(source, info, key, error);
	PKCS8_PRIV_KEY_INFO_free(info);
	if (result < 0)
		return -1;
	for (int i = 0; i < contents->safe_count; i++)
		find_certificate(contents->safes[i], 0, key);
	key->format = "PKCS#12";
	key->alias = strdup(contents->aliases[chosen]);
	return key->alias ? 0 : error_set(error, EX_OSERR, "out of memory");
}

static int read_contents(
	const struct key_source *source, PKCS12 *file, struct contents *contents, struct private_key *key, struct error *error)
{
	enum pkcs12_mac mac = pkcs12_mac_check(file, source->password);
	if (mac == PKCS12_MAC_UNKNOWN)
		return error_set(error, EX_DATAERR, "cannot check '%s': its MAC is damaged or uses an unknown algorithm", source->path);
	if (mac == PKCS12_MAC_WRONG && !source->password)
		return key_der_refuse_password(source->path, error);
	if (unpack(file, source->password, contents, error) < 0)
		return error_prefix(error, "cannot read '%s'", source->path);
	if (mac == PKCS12_MAC_WRONG && opens_a_key(contents, source->password))
		return error_set(error, EX_DATAERR,
			"cannot trust '%s': its MAC does not match, though the password opens the key: the file is damaged", source->path);
	if (mac == PKCS12_MAC_WRONG || (mac == PKCS12_MAC_ABSENT && contents->locked > 0 && !contents->legacy_missing))
		return key_der_refuse_password(source->path, error);
	if (contents->locked > 0 && contents->key_count == 0 && !contents->legacy_missing)
		return error_set(error, EX_DATAERR,
			"cannot decrypt '%s': its password is right, but a part is damaged or uses an unknown cipher", source->path);
	if (contents->key_count == 0 && contents->legacy_missing)
		return refuse_old_cipher(source->path, error);
	return read_key(source, contents, mac, key, error);
}

int key_pkcs12_read(const struct key_source *source, struct private_key *key, struct error *error)
{
	struct contents contents = {0};
	const unsigned char *at = source->bytes;
	int result = -1;
	PKCS12 *file = d2i_PKCS12(NULL, &at, (long)source->length);
	if (!file && key_der_is_truncated(source->bytes, source->length))
		error_set(error, EX_DATAERR,
			"cannot read '%s': the PKCS#12 file is truncated: it announces more than the %zu bytes there are", source->path,
			source->length);
	else if (!file)
		error_set(error, EX_DATAERR, "cannot read '%s': the PKCS#12 file is damaged", source->path);
	else
		result = read_contents(source, file, &contents, key, error);
	for (size_t i = 0; i < contents.key_count; i++)
		free(contents.aliases[i]);
	free(contents.aliases);
	free(contents.keys);
	for (int i = 0; i < contents.safe_count; i++)
		sk_PKCS12_SAFEBAG_pop_free(contents.safes[i], PKCS12_SAFEBAG_free);
	free(contents.safes);
	PKCS12_free(file);
	ERR_clear_error();
	return result;
}
