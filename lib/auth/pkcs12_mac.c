#include "auth/pkcs12_mac.h"

#include "auth/legacy_crypto.h"
#include "auth/pbe_cost.h"
#include "auth/pkcs12_password.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include <stdbool.h>
#include <string.h>

/* Goes into the element at *at, which must have this tag, leaving *at at its content; or over it. */
static bool step(const unsigned char **at, const unsigned char *end, int tag, int class, bool into, long *length)
{
	int found_tag, found_class;
	int form = ASN1_get_object(at, length, &found_tag, &found_class, end - *at);
	if (form & 0x80 || found_tag != tag || found_class != class)
		return false;
	if (!into)
		*at += *length;
	return true;
}

/*
 * The bytes that the MAC covers: the content of the OCTET STRING in
 * PFX ::= SEQUENCE { version INTEGER, authSafe SEQUENCE { OID, [0] EXPLICIT OCTET STRING }, macData }.
 * `der` is as i2d_PKCS12() writes it, so all lengths are definite.
 */
static const unsigned char *find_content(const unsigned char *der, int der_length, long *length)
{
	const unsigned char *at = der, *end = der + der_length;
	bool found = step(&at, end, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, true, length) &&
		step(&at, end, V_ASN1_INTEGER, V_ASN1_UNIVERSAL, false, length) &&
		step(&at, end, V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, true, length) &&
		step(&at, end, V_ASN1_OBJECT, V_ASN1_UNIVERSAL, false, length) &&
		step(&at, end, 0, V_ASN1_CONTEXT_SPECIFIC, true, length) &&
		step(&at, end, V_ASN1_OCTET_STRING, V_ASN1_UNIVERSAL, true, length);
	return found ? at : NULL;
}

/* The hash of a PRF or HMAC identifier (hmacWithSHA256 → SHA-256), or NULL. */
static const EVP_MD *hash_of(const X509_ALGOR *algorithm)
{
	const ASN1_OBJECT *object;
	int hash;
	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	return EVP_PBE_find(EVP_PBE_TYPE_PRF, OBJ_obj2nid(object), NULL, &hash, NULL) ? EVP_get_digestbynid(hash) : NULL;
}

static enum pkcs12_mac compare(
	PKCS12 *file, const ASN1_OCTET_STRING *expected, const EVP_MD *hash, const unsigned char *key, size_t key_length)
{
	enum pkcs12_mac result = PKCS12_MAC_UNKNOWN;
	unsigned char *der = NULL, mac[EVP_MAX_MD_SIZE];
	unsigned int mac_length;
	long length;
	int der_length = i2d_PKCS12(file, &der);
	const unsigned char *content = der_length > 0 ? find_content(der, der_length, &length) : NULL;
	if (content && HMAC(hash, key, (int)key_length, content, (size_t)length, mac, &mac_length))
		result = (int)mac_length == ASN1_STRING_length(expected) &&
				CRYPTO_memcmp(mac, ASN1_STRING_get0_data(expected), mac_length) == 0
			? PKCS12_MAC_RIGHT
			: PKCS12_MAC_WRONG;
	OPENSSL_free(der);
	return result;
}

static enum pkcs12_mac check_pbmac1(PKCS12 *file, const X509_ALGOR *algorithm, const ASN1_OCTET_STRING *expected, const char *password)
{
	enum pkcs12_mac result = PKCS12_MAC_UNKNOWN;
	unsigned char key[EVP_MAX_MD_SIZE];
	const ASN1_OBJECT *object;
	const void *value;
	int type;
	/* PBES2's parameters have the structure of PBMAC1's: a key derivation and the use of the key. */
	X509_ALGOR_get0(NULL, &type, &value, algorithm);
	PBE2PARAM *scheme = type == V_ASN1_SEQUENCE ? ASN1_item_unpack(value, ASN1_ITEM_rptr(PBE2PARAM)) : NULL;
	PBKDF2PARAM *derivation = NULL;
	if (!scheme)
		goto out;
	X509_ALGOR_get0(&object, &type, &value, scheme->keyfunc);
	if (OBJ_obj2nid(object) == NID_id_pbkdf2 && type == V_ASN1_SEQUENCE)
		derivation = ASN1_item_unpack(value, ASN1_ITEM_rptr(PBKDF2PARAM));
	if (!derivation || !derivation->keylength || derivation->salt->type != V_ASN1_OCTET_STRING)
		goto out;
	const ASN1_OCTET_STRING *salt = derivation->salt->value.octet_string;
	const EVP_MD *pseudorandom = derivation->prf ? hash_of(derivation->prf) : EVP_sha1(), *hash = hash_of(scheme->encryption);
	long iterations = ASN1_INTEGER_get(derivation->iter), key_length = ASN1_INTEGER_get(derivation->keylength);
	if (!pseudorandom || !hash || iterations < 1 || iterations > PBE_COST_LIMIT || key_length < 1 || key_length > (long)sizeof key)
		goto out;
	if (PKCS5_PBKDF2_HMAC(password, (int)strlen(password), ASN1_STRING_get0_data(salt), ASN1_STRING_length(salt), (int)iterations,
		    pseudorandom, (int)key_length, key))
		result = compare(file, expected, hash, key, (size_t)key_length);
out:
	OPENSSL_cleanse(key, sizeof key);
	PBKDF2PARAM_free(derivation);
	PBE2PARAM_free(scheme);
	return result;
}

static bool verify(void *file, const char *password, int length)
{
	return PKCS12_verify_mac(file, password, length);
}

enum pkcs12_mac pkcs12_mac_check(PKCS12 *file, const char *password)
{
	const ASN1_OCTET_STRING *expected;
	const X509_ALGOR *algorithm;
	const ASN1_INTEGER *iterations;
	const ASN1_OBJECT *object;
	if (!PKCS12_mac_present(file))
		return PKCS12_MAC_ABSENT;
	PKCS12_get0_mac(&expected, &algorithm, NULL, &iterations, file);
	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	if (OBJ_obj2nid(object) == NID_pbmac1)
		return check_pbmac1(file, algorithm, expected, password ? password : "");
	if (iterations && (ASN1_INTEGER_get(iterations) < 1 || ASN1_INTEGER_get(iterations) > PBE_COST_LIMIT))
		return PKCS12_MAC_UNKNOWN;
	ERR_clear_error();
	if (pkcs12_password_try(password, verify, file))
		return PKCS12_MAC_RIGHT;
	bool unknown = legacy_crypto_missing();
	ERR_clear_error();
	return unknown ? PKCS12_MAC_UNKNOWN : PKCS12_MAC_WRONG;
}
