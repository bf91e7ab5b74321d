/*
 * key_test.c: key files, passwords and assertions, as far as no other program is needed to make them. The key stores are
 * built here, from the format's description and not from lib's code; tests/keys.bats has those of openssl and keytool.
 */
#include "auth/jks.h"
#include "auth/jwt.h"
#include "auth/key_alias.h"
#include "auth/key_file.h"
#include "auth/key_info.h"
#include "auth/password.h"
#include "base/instant.h"

#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/sha.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static EVP_PKEY *rsa;
static char directory[] = "/tmp/key_test.XXXXXX";
static char *pem; /* of rsa: PKCS#8 */
static struct buffer pkcs8; /* DER of rsa */

static void path_of(char path[static 64], const char *name)
{
	snprintf(path, 64, "%s/%s", directory, name);
}

static void write_file(const char *name, const void *bytes, size_t length)
{
	char path[64];
	path_of(path, name);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
	(void)state;
	char *text;
	unsigned char *der = NULL;
	pkcs8 = (struct buffer)BUFFER_INIT;
	rsa = EVP_RSA_gen(2048);
	BIO *lines = BIO_new(BIO_s_mem());
	if (!rsa || !lines || !mkdtemp(directory) || !PEM_write_bio_PKCS8PrivateKey(lines, rsa, NULL, NULL, 0, NULL, NULL))
		return -1;
	long length = BIO_get_mem_data(lines, &text);
	pem = strndup(text, (size_t)length);
	BIO_free(lines);
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(rsa);
	int der_length = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
	buffer_append(&pkcs8, der, (size_t)der_length);
	OPENSSL_free(der);
	PKCS8_PRIV_KEY_INFO_free(info);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	static const char *const names[] = {"key", "password"};
	char path[64];
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		path_of(path, names[i]);
		unlink(path);
	}
	free(pem);
	buffer_release(&pkcs8);
	EVP_PKEY_free(rsa);
	return rmdir(directory);
}

/* -- JKS -- */

static void append_integer(struct buffer *bytes, uint64_t value, int width)
{
	for (int i = width - 1; i >= 0; i--)
		buffer_append_byte(bytes, (char)(value >> (8 * i)));
}

static void append_utf(struct buffer *bytes, const char *text)
{
	append_integer(bytes, strlen(text), 2);
	buffer_append_string(bytes, text);
}

/* SHA-1 over the password in UTF-16BE (ASCII here) and what else. */
static void keyed_sha1(const char *password, const void *bytes, size_t length, unsigned char digest[20])
{
	struct buffer all = BUFFER_INIT;
	for (const char *at = password; *at; at++)
		append_integer(&all, (unsigned char)*at, 2);
	buffer_append(&all, bytes, length);
	SHA1((unsigned char *)all.data, all.length, digest);
	buffer_release(&all);
}

/* EncryptedPrivateKeyInfo of Sun's key protector. */
static void append_protected(struct buffer *bytes, const char *password)
{
	static const unsigned char algorithm[] = {
		0x30, 0x0e, 0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x2a, 0x02, 0x11, 0x01, 0x01, 0x05, 0x00};
	unsigned char stream[20] = "twenty bytes of salt", check[20];
	struct buffer data = BUFFER_INIT;
	buffer_append(&data, stream, 20);
	for (size_t i = 0; i < pkcs8.length; i++) {
		if (i % 20 == 0)
			keyed_sha1(password, stream, 20, stream);
		buffer_append_byte(&data, (char)(pkcs8.data[i] ^ stream[i % 20]));
	}
	keyed_sha1(password, pkcs8.data, pkcs8.length, check);
	buffer_append(&data, check, 20);
	append_integer(bytes, sizeof algorithm + 4 + data.length + 4, 4); /* of the EncryptedPrivateKeyInfo */
	append_integer(bytes, 0x3082, 2);
	append_integer(bytes, sizeof algorithm + 4 + data.length, 2);
	buffer_append(bytes, algorithm, sizeof algorithm);
	append_integer(bytes, 0x0482, 2);
	append_integer(bytes, data.length, 2);
	buffer_append(bytes, data.data, data.length);
	buffer_release(&data);
}

static void append_certificate(struct buffer *bytes, int version, const char *certificate)
{
	if (version == 2)
		append_utf(bytes, "X.509");
	append_integer(bytes, strlen(certificate), 4);
	buffer_append_string(bytes, certificate);
}

static void append_digest(struct buffer *bytes, const char *password)
{
	unsigned char digest[20];
	struct buffer content = BUFFER_INIT;
	buffer_append_string(&content, "Mighty Aphrodite");
	buffer_append(&content, bytes->data, bytes->length);
	keyed_sha1(password, content.data, content.length, digest);
	buffer_append(bytes, digest, 20);
	buffer_release(&content);
}

static struct buffer make_jks(int version)
{
	struct buffer bytes = BUFFER_INIT;
	append_integer(&bytes, JKS_MAGIC, 4);
	append_integer(&bytes, (uint64_t)version, 4);
	append_integer(&bytes, 2, 4);
	append_integer(&bytes, 2, 4);
	append_utf(&bytes, "authority");
	append_integer(&bytes, 1700000000000, 8);
	append_certificate(&bytes, version, "of the authority");
	append_integer(&bytes, 1, 4);
	append_utf(&bytes, "docusign");
	append_integer(&bytes, 1700000000001, 8);
	append_protected(&bytes, "secret");
	append_integer(&bytes, 2, 4);
	append_certificate(&bytes, version, "the key's");
	append_certificate(&bytes, version, "its issuer's");
	append_digest(&bytes, "secret");
	return bytes;
}

static void jks_is_read(void **state)
{
	(void)state;
	for (int version = 1; version <= 2; version++) {
		struct buffer bytes = make_jks(version), key = BUFFER_INIT;
		struct jks jks;
		struct error error = ERROR_INIT;
		assert_int_equal(jks_read((unsigned char *)bytes.data, bytes.length, &jks, &error), 0);
		assert_int_equal(jks.version, version);
		assert_int_equal(jks.count, 1);
		assert_int_equal(jks.trusted_certificates, 1);
		assert_string_equal(jks.entries[0].alias, "docusign");
		assert_int_equal(jks.entries[0].created_at, 1700000000001);
		assert_int_equal(jks.entries[0].certificate_length, strlen("the key's"));
		assert_memory_equal(jks.entries[0].certificate, "the key's", strlen("the key's"));
		assert_int_equal(jks_verify(&jks, "secret", &error), 1);
		assert_int_equal(jks_verify(&jks, "Secret", &error), 0);
		assert_int_equal(jks_unlock(&jks.entries[0], "Secret", &key, &error), 0);
		assert_int_equal(key.length, 0);
		assert_int_equal(jks_unlock(&jks.entries[0], "secret", &key, &error), 1);
		assert_int_equal(key.length, pkcs8.length);
		assert_memory_equal(key.data, pkcs8.data, key.length);
		jks_release(&jks);
		buffer_release_secret(&key);
		buffer_release(&bytes);
	}
}

/* Every prefix is refused, and reads nothing beyond its end (the copy is of exact size, for AddressSanitizer). */
static void jks_is_refused_when_truncated(void **state)
{
	(void)state;
	struct buffer bytes = make_jks(2);
	for (size_t length = 0; length < bytes.length; length++) {
		unsigned char *copy = malloc(length ? length : 1);
		struct jks jks;
		struct error error = ERROR_INIT;
		memcpy(copy, bytes.data, length);
		assert_int_equal(jks_read(copy, length, &jks, &error), -1);
		assert_int_equal(error.status, EX_DATAERR);
		free(copy);
	}
	buffer_release(&bytes);
}

static void jks_shows_every_changed_byte(void **state)
{
	(void)state;
	struct buffer bytes = make_jks(2);
	for (size_t at = 0; at < bytes.length; at++) {
		struct jks jks;
		bytes.data[at] ^= 0x80;
		if (jks_read((unsigned char *)bytes.data, bytes.length, &jks, NULL) == 0) {
			assert_int_equal(jks_verify(&jks, "secret", NULL), 0);
			jks_release(&jks);
		}
		bytes.data[at] ^= 0x80;
	}
	buffer_release(&bytes);
}

static void jks_is_refused_when_hostile(void **state)
{
	(void)state;
#define HEAD "\xfe\xed\xfe\xed\0\0\0\2"
#define KEY HEAD "\0\0\0\1\0\0\0\1\0\1k\0\0\0\0\0\0\0\0"
#define DIGEST "01234567890123456789"
	static const struct {
		const char *what, *bytes;
		size_t length;
		const char *reason;
	} cases[] = {
#define CASE(what, bytes, reason) {what, bytes, sizeof bytes - 1, reason}
		CASE("nothing", "", "not a JKS"),
		CASE("another magic", "\xce\xce\xce\xce\0\0\0\2\0\0\0\0" DIGEST, "not a JKS"),
		CASE("version 3", "\xfe\xed\xfe\xed\0\0\0\3\0\0\0\0" DIGEST, "version 3"),
		CASE("version 2^31", "\xfe\xed\xfe\xed\x80\0\0\0\0\0\0\0" DIGEST, "version 2147483648"),
		CASE("2^31 entries", HEAD "\x80\0\0\0" DIGEST, "unknown kind"),
		CASE("2^32-1 entries and the end", HEAD "\xff\xff\xff\xff", "truncated"),
		CASE("an entry of kind 3", HEAD "\0\0\0\1\0\0\0\3" DIGEST, "entry 1 has the unknown kind 3"),
		CASE("an alias beyond the end", HEAD "\0\0\0\1\0\0\0\1\xff\xffk" DIGEST, "truncated"),
		CASE("a key of 2^31 bytes", KEY "\x80\0\0\0" DIGEST DIGEST, "truncated"),
		CASE("a key of -1 bytes", KEY "\xff\xff\xff\xff" DIGEST DIGEST, "truncated"),
		CASE("2^31 certificates", KEY "\0\0\0\1k\x80\0\0\0" DIGEST DIGEST, "truncated"),
		CASE("a certificate of 2^31 bytes", KEY "\0\0\0\1k\0\0\0\1\0\5X.509\x80\0\0\0" DIGEST, "truncated"),
		CASE("a trusted certificate beyond the end", HEAD "\0\0\0\1\0\0\0\2\0\1t\0\0\0\0\0\0\0\0\0\5X.509\0\0\xff\xff" DIGEST,
			"truncated"),
		CASE("no digest", HEAD "\0\0\0\0", "truncated"),
		CASE("bytes after the digest", HEAD "\0\0\0\0" DIGEST "x", "1 bytes follow"),
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct jks jks;
		struct error error = ERROR_INIT;
		unsigned char *copy = malloc(cases[i].length + 1);
		memcpy(copy, cases[i].bytes, cases[i].length);
		if (jks_read(copy, cases[i].length, &jks, &error) != -1 || error.status != EX_DATAERR ||
			!strstr(error.text, cases[i].reason))
			fail_msg("%s: expected …%s…, got %d: %s", cases[i].what, cases[i].reason, error.status, error.text);
		free(copy);
	}
}

static void jks_keys_are_refused_when_hostile(void **state)
{
	(void)state;
#define SUN "\x30\x0e\x06\x0a\x2b\x06\x01\x04\x01\x2a\x02\x11\x01\x01\x05\x00"
	static const struct {
		const char *bytes;
		size_t length;
		const char *reason;
	} cases[] = {
#define PROTECTED(bytes, reason) {bytes, sizeof bytes - 1, reason}
		PROTECTED("", "damaged"),
		PROTECTED("\x30\x84\xff\xff\xff\xff", "damaged"),
		PROTECTED("\x30\x12" SUN "\x04\x00", "too short"),
		PROTECTED("\x30\x39" SUN "\x04\x27" DIGEST "0123456789012345678", "too short"),
		PROTECTED(
			"\x30\x0f\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d\x04\x00", "unknown algorithm 1.2.840.113549.1.5.13"),
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer key = BUFFER_INIT;
		struct error error = ERROR_INIT;
		struct jks_entry entry = {.protected_key = (const unsigned char *)cases[i].bytes, .protected_key_length = cases[i].length};
		if (jks_unlock(&entry, "secret", &key, &error) != -1 || !strstr(error.text, cases[i].reason))
			fail_msg("case %zu: expected …%s…, got %s", i, cases[i].reason, error.text);
		buffer_release(&key);
	}
	/* Nothing but salt and check: no key, and not the check of none. */
	static const char none[] = "\x30\x3a" SUN "\x04\x28" DIGEST DIGEST;
	struct jks_entry entry = {.protected_key = (const unsigned char *)none, .protected_key_length = sizeof none - 1};
	struct buffer key = BUFFER_INIT;
	assert_int_equal(jks_unlock(&entry, "secret", &key, NULL), 0);
	buffer_release(&key);
}

/* -- Key files -- */

static const struct key_options with_password = {.password_source = "file:password", .base_directory = directory};

static void load(const struct key_options *options, const char *what, const char *format)
{
	char path[64];
	struct private_key key;
	struct error error = ERROR_INIT;
	path_of(path, "key");
	if (key_file_load(path, options, &key, &error) < 0)
		fail_msg("%s: %s", what, error.text);
	assert_string_equal(key.format, format);
	assert_int_equal(EVP_PKEY_eq(key.pkey, rsa), 1);
	private_key_release(&key);
}

static void refuse(const struct key_options *options, const char *what, int status, const char *reason)
{
	char path[64];
	struct private_key key;
	struct error error = ERROR_INIT;
	path_of(path, "key");
	int result = key_file_load(path, options, &key, &error);
	if (result != -1 || error.status != status || !strstr(error.text, reason) || key.pkey)
		fail_msg("%s: expected %d …%s…, got %d %s", what, status, reason, error.status, error.text);
}

static void jks_files_are_loaded(void **state)
{
	(void)state;
	struct buffer bytes = make_jks(1);
	write_file("key", bytes.data, bytes.length);
	write_file("password", "secret\r\nmore\n", 13);
	load(&with_password, "version 1", "JKS");
	write_file("password", "public\n", 7);
	refuse(&with_password, "wrong password", EX_NOPERM, "the password is wrong");
	write_file("password", "secret", 6);
	bytes.data[bytes.length - 1] ^= 1;
	write_file("key", bytes.data, bytes.length);
	refuse(&with_password, "broken digest", EX_DATAERR, "its digest does not match");
	buffer_release(&bytes);
}

/* The text with every newline replaced, and something before it. */
static void write_pem(const char *before, const char *newline, const char *after)
{
	struct buffer text = BUFFER_INIT;
	buffer_append_string(&text, before);
	for (const char *at = pem; *at; at++)
		if (*at == '\n')
			buffer_append_string(&text, newline);
		else
			buffer_append_byte(&text, *at);
	buffer_append_string(&text, after);
	write_file("key", text.data, text.length);
	buffer_release_secret(&text);
}

static void pasted_pem_is_loaded(void **state)
{
	(void)state;
	static const struct {
		const char *what, *before, *newline, *after;
	} cases[] = {
		{"as it is", "", "\n", ""},
		{"CRLF", "", "\r\n", ""},
		{"CR", "", "\r", ""},
		{"a BOM", "\xef\xbb\xbf", "\n", ""},
		{"blank lines", "\n \n\t\n", "\n\n", "\n\n"},
		{"indented", "    ", "\n    ", ""},
		{"trailing blanks", "", " \t\n", ""},
		{"\\n written out", "", "\\n", ""},
		{"\\r\\n written out", "", "\\r\\n", ""},
		{"\\n twice escaped", "", "\\\\n", ""},
		{"quoted, continued lines", "\"", "\\\n", "\""},
		{"JSON", "{\"key\": \"", "\\n", "\"}\n"},
		{"YAML", "key: |\n  ", "\n  ", "\nother: 1\n"},
		{"one line", "", " ", ""},
		{"no blanks at all", "", "", ""},
		{"no-break spaces", "\xc2\xa0", "\n\xc2\xa0", ""},
		{"text around", "Bag Attributes\n    friendlyName: x\nKey Attributes: <No Attributes>\n", "\n", "-- \nbye -----"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		write_pem(cases[i].before, cases[i].newline, cases[i].after);
		load(&with_password, cases[i].what, "PEM PKCS#8");
	}
}

static void other_text_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *what, *text;
		int status;
		const char *reason;
	} cases[] = {
		{"nothing", "", EX_DATAERR, "empty"},
		{"a blank line", "\n", EX_DATAERR, "it is not a PEM, DER, PKCS#12 or JKS file"},
		{"no end", "-----BEGIN PRIVATE KEY-----\nAAAA\n", EX_DATAERR, "truncated"},
		{"another end", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", EX_DATAERR, "truncated"},
		{"no content", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", EX_DATAERR, "damaged or incomplete"},
		{"no DER", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", EX_DATAERR, "damaged or incomplete"},
		{"half a quantum", "-----BEGIN PRIVATE KEY-----\nAAA\n-----END PRIVATE KEY-----\n", EX_DATAERR, "damaged or incomplete"},
		{"padding only", "-----BEGIN PRIVATE KEY-----\n====\n-----END PRIVATE KEY-----\n", EX_DATAERR, "damaged or incomplete"},
		{"an unknown cipher",
			"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: ROT-13,00\n\nAAAA\n-----END RSA "
			"PRIVATE KEY-----\n",
			EX_DATAERR, "damaged or incomplete"},
		{"OpenSSH", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", EX_CONFIG,
			"ssh-keygen -p -m PKCS8"},
		{"an ssh public key", "ssh-rsa AAAAB3Nza user@host\n", EX_CONFIG, "an OpenSSH public key"},
		{"PuTTY", "PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n", EX_CONFIG, "puttygen"},
		{"a CSR", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", EX_CONFIG,
			"a CERTIFICATE REQUEST"},
		{"a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", EX_CONFIG, "a certificate"},
		{"a public key", "-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\n", EX_CONFIG, "a public key"},
		{"a label without end", "-----BEGIN ", EX_DATAERR, "does not begin as one should"},
		{"JCEKS", "\xce\xce\xce\xce....", EX_CONFIG, "-srcstoretype JCEKS"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		write_file("key", cases[i].text, strlen(cases[i].text));
		refuse(&with_password, cases[i].what, cases[i].status, cases[i].reason);
	}
}

static void a_key_that_does_not_verify_is_refused(void **state)
{
	(void)state;
	/* The modulus stands twice in effect: a changed one parses well and signs wrongly. */
	struct buffer changed = BUFFER_INIT;
	buffer_append(&changed, pkcs8.data, pkcs8.length);
	changed.data[26 + 4 + 3 + 4 + 100] ^= 1;
	write_file("key", changed.data, changed.length);
	refuse(&with_password, "a changed modulus", EX_DATAERR, "the key is damaged");
	buffer_release_secret(&changed);
	write_file("key", pkcs8.data, pkcs8.length);
	load(&with_password, "the same unchanged", "DER PKCS#8");
}

/* -- PKCS#12 with the MAC of RFC 9579 -- */

/* Puts a PBMAC1 over the file's content in place of its MAC. `prf` and `mac` are NIDs of HMACs; key_length 0 leaves it out. */
static void set_pbmac1(PKCS12 *file, const char *password, int prf, const EVP_MD *prf_hash, int mac, const EVP_MD *mac_hash, int key_length)
{
	unsigned char salt[] = "16 bytes of salt", key[64], digest[EVP_MAX_MD_SIZE], *content = NULL;
	unsigned int digest_length;
	int derived = key_length ? key_length : EVP_MD_get_size(mac_hash);
	STACK_OF(PKCS7) *parts = PKCS12_unpack_authsafes(file);
	int length = ASN1_item_i2d((ASN1_VALUE *)parts, &content, ASN1_ITEM_rptr(PKCS12_AUTHSAFES));
	sk_PKCS7_pop_free(parts, PKCS7_free);
	assert_int_equal(PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt, 16, 2048, prf_hash, derived, key), 1);
	assert_non_null(HMAC(mac_hash, key, derived, content, (size_t)length, digest, &digest_length));
	OPENSSL_free(content);

	PBE2PARAM *scheme = PBE2PARAM_new();
	X509_ALGOR_free(scheme->keyfunc);
	scheme->keyfunc = PKCS5_pbkdf2_set(2048, salt, 16, prf, key_length ? key_length : -1);
	X509_ALGOR_set0(scheme->encryption, OBJ_nid2obj(mac), V_ASN1_NULL, NULL);
	ASN1_STRING *parameters = ASN1_item_pack(scheme, ASN1_ITEM_rptr(PBE2PARAM), NULL);
	PBE2PARAM_free(scheme);
	const ASN1_OCTET_STRING *expected;
	const X509_ALGOR *algorithm;
	PKCS12_get0_mac(&expected, &algorithm, NULL, NULL, file);
	X509_ALGOR_set0((X509_ALGOR *)algorithm, OBJ_nid2obj(NID_pbmac1), V_ASN1_SEQUENCE, parameters);
	ASN1_OCTET_STRING_set((ASN1_OCTET_STRING *)expected, digest, (int)digest_length);
}

static void write_pbmac1(int prf, const EVP_MD *prf_hash, int mac, const EVP_MD *mac_hash, int key_length)
{
	unsigned char *der = NULL;
	PKCS12 *file = PKCS12_create("secret", "docusign", rsa, NULL, NULL, NID_aes_256_cbc, NID_aes_256_cbc, 2048, 1, 0);
	assert_non_null(file);
	set_pbmac1(file, "secret", prf, prf_hash, mac, mac_hash, key_length);
	int length = i2d_PKCS12(file, &der);
	write_file("key", der, (size_t)length);
	OPENSSL_free(der);
	PKCS12_free(file);
}

static void pkcs12_with_pbmac1_is_loaded(void **state)
{
	(void)state;
	write_file("password", "secret\n", 7);
	write_pbmac1(NID_hmacWithSHA256, EVP_sha256(), NID_hmacWithSHA256, EVP_sha256(), 32);
	load(&with_password, "SHA-256", "PKCS#12");
	write_pbmac1(NID_hmacWithSHA512, EVP_sha512(), NID_hmacWithSHA256, EVP_sha256(), 32);
	load(&with_password, "SHA-512 and SHA-256", "PKCS#12");
	write_pbmac1(NID_hmacWithSHA512, EVP_sha512(), NID_hmacWithSHA512, EVP_sha512(), 64);
	load(&with_password, "SHA-512", "PKCS#12");
	write_file("password", "public\n", 7);
	refuse(&with_password, "wrong password", EX_NOPERM, "the password is wrong");
	write_pbmac1(NID_hmacWithSHA256, EVP_sha256(), NID_hmacWithSHA256, EVP_sha256(), 0);
	refuse(&with_password, "no keyLength (RFC 9579 section 4)", EX_DATAERR, "unknown algorithm");
}

/* -- Passwords -- */

/* OpenSSL 1.0.2 with PBES2: the MAC's password was widened byte by byte, the key's was the bytes themselves. */
static void pkcs12_of_two_passwords_is_loaded(void **state)
{
	(void)state;
	unsigned char *der = NULL;
	write_file("password", "\xc3\xbc\n", 3);
	PKCS12 *file = PKCS12_create("\xc3\xbc", "docusign", rsa, NULL, NULL, NID_aes_256_cbc, NID_aes_256_cbc, 2048, -1, 0);
	assert_true(PKCS12_set_mac(file, "\xc3\x83\xc2\xbc", -1, NULL, 0, 2048, EVP_sha1()));
	int length = i2d_PKCS12(file, &der);
	write_file("key", der, (size_t)length);
	OPENSSL_free(der);
	PKCS12_free(file);
	load(&with_password, "two forms of one password", "PKCS#12");
}

static void passwords_are_read(void **state)
{
	(void)state;
	static char long_line[1100];
	memset(long_line, 'x', sizeof long_line - 1);
	static const struct {
		const char *source, *content;
		int status;
		const char *expected; /* the password, or words of the error */
	} cases[] = {
		{"file:password", "secret\n", 0, "secret"},
		{"file:password", "secret", 0, "secret"},
		{"file:password", "secret\r\nsecond\n", 0, "secret"},
		{"file:password", "\xef\xbb\xbfsecret\n", 0, "secret"},
		{"file:password", " a b \n", 0, " a b "},
		{"file:password", "\n", EX_CONFIG, "empty"},
		{"file:password", "", EX_CONFIG, "empty"},
		{"file:password", long_line, EX_CONFIG, "more than 1023 bytes"},
		{"file:missing", "", EX_NOINPUT, "/missing'"},
		{"file:", "", EX_CONFIG, "none of file:PATH"},
		{"fd:7777", "", EX_NOINPUT, "Bad file descriptor"},
		{"fd:", "", EX_CONFIG, "fd:3"},
		{"fd:-1", "", EX_CONFIG, "fd:3"},
		{"fd:3x", "", EX_CONFIG, "fd:3"},
		{"fd:99999999999999999999", "", EX_CONFIG, "fd:3"},
		{"env:KEY_TEST_PASSWORD", "", 0, "from the environment"},
		{"env:KEY_TEST_NOT_SET", "", EX_CONFIG, "is not set"},
		{"env:", "", EX_CONFIG, "none of"},
		{"pass:secret", "", EX_CONFIG, "cannot use the password itself"},
		{"secret", "", EX_CONFIG, "none of file:PATH"},
		{"", "", EX_CONFIG, "none of file:PATH"},
	};
	setenv("KEY_TEST_PASSWORD", "from the environment", 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer password = BUFFER_INIT;
		struct error error = ERROR_INIT;
		write_file("password", cases[i].content, strlen(cases[i].content));
		int result = password_read(cases[i].source, directory, &password, &error);
		if (result != (cases[i].status ? -1 : 0) || error.status != cases[i].status ||
			!strstr(cases[i].status ? error.text : password.data, cases[i].expected))
			fail_msg("%s of '%.20s': expected %d %s, got %d %s%s", cases[i].source, cases[i].content, cases[i].status,
				cases[i].expected, error.status, error.text, password.data);
		if (cases[i].status)
			assert_null(strstr(error.text, "secret"));
		else
			assert_string_equal(password.data, cases[i].expected);
		buffer_release_secret(&password);
	}
}

static void a_descriptor_keeps_what_follows_the_line(void **state)
{
	(void)state;
	int ends[2];
	char source[16], rest[8] = "";
	struct buffer password = BUFFER_INIT;
	struct error error = ERROR_INIT;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "one\ntwo", 7), 7);
	close(ends[1]);
	snprintf(source, sizeof source, "fd:%d", ends[0]);
	assert_int_equal(password_read(source, NULL, &password, &error), 0);
	assert_string_equal(password.data, "one");
	assert_int_equal(read(ends[0], rest, sizeof rest), 3);
	assert_string_equal(rest, "two");
	close(ends[0]);
	buffer_release_secret(&password);
}

/* -- Assertions -- */

/* Decodes a part of a JWS; its end is moved behind the dot. */
static void decode_part(const char **at, struct buffer *bytes)
{
	struct buffer base64 = BUFFER_INIT;
	size_t length = strcspn(*at, ".");
	for (size_t i = 0; i < length; i++) {
		char letter = (*at)[i];
		assert_non_null(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", letter));
		buffer_append_byte(&base64, letter == '-' ? '+' : letter == '_' ? '/' : letter);
	}
	size_t padding = (4 - length % 4) % 4;
	assert_int_not_equal(padding, 3);
	buffer_append(&base64, "==", padding);
	char *end = buffer_reserve(bytes, base64.length);
	int decoded = EVP_DecodeBlock((unsigned char *)end, (unsigned char *)base64.data, (int)base64.length);
	assert_true(decoded >= 0);
	bytes->length += (size_t)decoded - padding;
	bytes->data[bytes->length] = 0;
	*at += length + ((*at)[length] == '.');
	buffer_release(&base64);
}

static void assertions_have_their_layout(void **state)
{
	(void)state;
	static const struct {
		struct jwt_claims claims;
		const char *header, *payload;
	} cases[] = {
		{{.integration_key = "ik",
			 .audience = "account.docusign.com",
			 .scopes = "organization_read account_read",
			 .issued_at = 1700000060999},
			"{\"alg\":\"RS256\",\"typ\":\"JWT\"}",
			"{\"iss\":\"ik\",\"aud\":\"account.docusign.com\",\"iat\":1700000000,\"exp\":1700003600,\"scope\":"
			"\"organization_read "
			"account_read\"}"},
		{{.integration_key = "ik",
			 .audience = "https://Account-D.docusign.com/",
			 .scopes = "signature impersonation",
			 .user_id = "user",
			 .key_pair_id = "pair",
			 .issued_at = 60000,
			 .lifetime_seconds = 600},
			"{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"pair\"}",
			"{\"iss\":\"ik\",\"sub\":\"user\",\"aud\":\"account-d.docusign.com\",\"iat\":0,\"exp\":600,\"scope\":"
			"\"signature "
			"impersonation\"}"},
		{{.integration_key = "a\"b\\c\n\x01",
			 .audience = "localhost:8443",
			 .scopes = "é",
			 .user_id = "",
			 .key_pair_id = "",
			 .issued_at = -1},
			"{\"alg\":\"RS256\",\"typ\":\"JWT\"}",
			"{\"iss\":\"a\\\"b\\\\c\\n\\u0001\",\"aud\":\"localhost:8443\",\"iat\":-61,\"exp\":3539,\"scope\":\"é\"}"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer assertion = BUFFER_INIT, header = BUFFER_INIT, payload = BUFFER_INIT, signature = BUFFER_INIT;
		struct error error = ERROR_INIT;
		if (jwt_sign(&cases[i].claims, rsa, &assertion, &error) < 0)
			fail_msg("%s", error.text);
		const char *at = assertion.data;
		decode_part(&at, &header);
		decode_part(&at, &payload);
		size_t signed_length = (size_t)(at - assertion.data) - 1;
		decode_part(&at, &signature);
		assert_int_equal(*at, 0);
		assert_string_equal(header.data, cases[i].header);
		assert_string_equal(payload.data, cases[i].payload);
		EVP_MD_CTX *context = EVP_MD_CTX_new();
		assert_int_equal(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, rsa), 1);
		assert_int_equal(EVP_DigestVerify(context, (unsigned char *)signature.data, signature.length,
					 (unsigned char *)assertion.data, signed_length),
			1);
		EVP_MD_CTX_free(context);
		buffer_release(&assertion);
		buffer_release(&header);
		buffer_release(&payload);
		buffer_release(&signature);
	}
}

static void audiences_become_hosts(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"account.docusign.com", "account.docusign.com"},
		{"https://account.docusign.com", "account.docusign.com"},
		{"https://account.docusign.com/oauth/token?x", "account.docusign.com"},
		{" HTTPS://Account.Docusign.com:443/ ", "account.docusign.com"},
		{"127.0.0.1:8443", "127.0.0.1:8443"},
		{"https://[::1]:8443/", "[::1]:8443"},
		{"[::1]", "[::1]"},
		{"", NULL},
		{"https://", NULL},
		{"/path", NULL},
		{"user@host", NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer host = BUFFER_INIT;
		struct error error = ERROR_INIT;
		int result = jwt_append_audience_host(&host, cases[i][0], &error);
		if (cases[i][1] ? result != 0 || strcmp(host.data, cases[i][1]) != 0 : result != -1 || error.status != EX_CONFIG)
			fail_msg("%s: expected %s, got %s %s", cases[i][0], cases[i][1], host.data, error.text);
		buffer_release(&host);
	}
}

static void impossible_assertions_are_refused(void **state)
{
	(void)state;
	static const struct jwt_claims cases[] = {
		{.audience = "a", .scopes = "s"},
		{.integration_key = "i", .scopes = "s"},
		{.integration_key = "i", .audience = "a"},
		{.integration_key = "i", .audience = "a", .scopes = "s", .lifetime_seconds = 3601},
		{.integration_key = "i", .audience = "a", .scopes = "s", .lifetime_seconds = -1},
		{.integration_key = "i", .audience = "https:///", .scopes = "s"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer assertion = BUFFER_INIT;
		struct error error = ERROR_INIT;
		assert_int_equal(jwt_sign(&cases[i], rsa, &assertion, &error), -1);
		assert_int_equal(error.status, EX_CONFIG);
		buffer_release(&assertion);
	}
}

/* -- What is printed about a key -- */

static void an_alias_names_one_key(void **state)
{
	(void)state;
	char *aliases[] = {"docusign", "Spare", "SPARE", "spare key"}, *twins[] = {"a", "a"};
	const struct {
		const char *wanted;
		int chosen; /* -1: none */
		const char *reason;
	} cases[] = {{"docusign", 0, NULL}, {"DocuSign", 0, NULL}, {"Spare", 1, NULL}, {"SPARE", 2, NULL}, {"spare key", 3, NULL},
		{"spare", -1, "several are called 'spare'"}, {"nobody", -1, "cannot find the key 'nobody'"}, {NULL, -1, "it holds 4"}};
	struct error error = ERROR_INIT;
	size_t chosen = 9;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int result = key_alias_choose("f.jks", aliases, 4, cases[i].wanted, &chosen, &error);
		assert_int_equal(result, cases[i].chosen < 0 ? -1 : 0);
		if (cases[i].chosen >= 0)
			assert_int_equal(chosen, cases[i].chosen);
		else
			assert_non_null(strstr(error.text, cases[i].reason));
	}
	assert_int_equal(key_alias_choose("f.jks", aliases, 1, NULL, &chosen, &error), 0);
	assert_int_equal(chosen, 0);
	assert_int_equal(key_alias_choose("f.jks", twins, 2, "a", &chosen, &error), -1);
	assert_int_equal(key_alias_choose("f.jks", aliases, 0, NULL, &chosen, &error), -1);
}

static void names_cannot_write_to_the_terminal(void **state)
{
	(void)state;
	struct buffer text = BUFFER_INIT;
	struct error error = ERROR_INIT;
	struct private_key key = {.pkey = rsa, .format = "JKS", .alias = "a\x1b[2J\n\xc2\x9b\x7fé"};
	assert_int_equal(key_info_append(&text, "key\r.jks", &key, &error), 0);
	assert_non_null(strstr(text.data, "file:          key\\r.jks\n"));
	assert_non_null(strstr(text.data, "alias:         a\\x1b[2J\\n\\u009b\\x7fé\n"));
	assert_non_null(strstr(text.data, "bits:          2048\n"));
	assert_null(strstr(text.data, "certificate:"));
	buffer_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jks_is_read),
		cmocka_unit_test(jks_is_refused_when_truncated),
		cmocka_unit_test(jks_shows_every_changed_byte),
		cmocka_unit_test(jks_is_refused_when_hostile),
		cmocka_unit_test(jks_keys_are_refused_when_hostile),
		cmocka_unit_test(jks_files_are_loaded),
		cmocka_unit_test(pasted_pem_is_loaded),
		cmocka_unit_test(other_text_is_refused),
		cmocka_unit_test(a_key_that_does_not_verify_is_refused),
		cmocka_unit_test(pkcs12_with_pbmac1_is_loaded),
		cmocka_unit_test(pkcs12_of_two_passwords_is_loaded),
		cmocka_unit_test(passwords_are_read),
		cmocka_unit_test(a_descriptor_keeps_what_follows_the_line),
		cmocka_unit_test(assertions_have_their_layout),
		cmocka_unit_test(audiences_become_hosts),
		cmocka_unit_test(impossible_assertions_are_refused),
		cmocka_unit_test(an_alias_names_one_key),
		cmocka_unit_test(names_cannot_write_to_the_terminal),
	};
	return cmocka_run_group_tests_name("keys", tests, set_up, tear_down);
}
