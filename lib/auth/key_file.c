#include "auth/key_file.h"

#include "auth/jks.h"
#include "auth/key_alias.h"
#include "auth/key_der.h"
#include "auth/key_pem.h"
#include "auth/key_pkcs12.h"
#include "auth/password.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define RSA_BITS_MINIMUM 2048 /* RFC 7518 section 3.3 */
#define RSA_BITS_MAXIMUM 16384 /* what OpenSSL verifies with */

static int read_jks_key(
	const struct key_source *source, const struct jks *jks, const struct jks_entry *entry, struct private_key *key, struct error *error)
{
	struct buffer pkcs8 = BUFFER_INIT;
	int result = -1, unlocked, verified = jks_verify(jks, source->password, error);
	if (verified < 0)
		return -1;
	unlocked = jks_unlock(entry, source->password, &pkcs8, error);
	if (unlocked < 0) {
		error_prefix(error, "cannot read '%s'", source->path);
		goto out;
	}
	if (!verified && unlocked) {
		error_set(error, EX_DATAERR,
			"cannot trust '%s': its digest does not match, though the password opens the key: the file is damaged, or the store has another password than the key",
			source->path);
		goto out;
	}
	if (verified && !unlocked) {
		error_set(error, EX_NOPERM,
			"cannot decrypt the key '%s' of '%s': the password is the store's, and the key has another: make them the same: keytool -keypasswd -storetype JKS -keystore FILE -alias ALIAS",
			entry->alias, source->path);
		goto out;
	}
	if (!unlocked) {
		key_der_refuse_password(source->path, error);
		goto out;
	}
	const unsigned char *at = (const unsigned char *)pkcs8.data;
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)pkcs8.length);
	result = key_der_use_pkcs8(source, info, key, error);
	PKCS8_PRIV_KEY_INFO_free(info);
	at = entry->certificate;
	if (at)
		key_der_use_certificate(d2i_X509(NULL, &at, (long)entry->certificate_length), key);
	key->format = "JKS";
	key->alias = strdup(entry->alias);
	if (!key->alias)
		result = error_set(error, EX_OSERR, "out of memory");
out:
	buffer_release_secret(&pkcs8);
	return result;
}

static int read_jks(const struct key_source *source, struct private_key *key, struct error *error)
{
	struct jks jks;
	char **aliases = NULL;
	size_t chosen;
	int result = -1;
	if (jks_read(source->bytes, source->length, &jks, error) < 0)
		return error_prefix(error, "cannot read '%s'", source->path);
	aliases = calloc(jks.count + 1, sizeof *aliases);
	if (!aliases) {
		error_set(error, EX_OSERR, "out of memory");
		goto out;
	}
	for (size_t i = 0; i < jks.count; i++)
		aliases[i] = jks.entries[i].alias;
	if (key_alias_choose(source->path, aliases, jks.count, source->alias, &chosen, error) < 0)
		goto out;
	if (key_der_require_password(source, error) == 0)
		result = read_jks_key(source, &jks, &jks.entries[chosen], key, error);
out:
	free(aliases);
	jks_release(&jks);
	return result;
}

static int refuse_jceks(const struct key_source *source, struct private_key *key, struct error *error)
{
	(void)key;
	return error_set(error, EX_CONFIG,
		"cannot read '%s': it is a JCEKS key store: convert it: keytool -importkeystore -srcstoretype JCEKS -srckeystore '%s' -deststoretype PKCS12 -destkeystore key.p12",
		source->path, source->path);
}

static int refuse_unknown(const struct key_source *source, struct private_key *key, struct error *error)
{
	(void)key;
	static const char *const ssh[] = {"ssh-rsa ", "ssh-ed25519 ", "ecdsa-sha2-"};
	for (size_t i = 0; i < sizeof ssh / sizeof *ssh; i++)
		if (source->length > strlen(ssh[i]) && memcmp(source->bytes, ssh[i], strlen(ssh[i])) == 0)
			return key_der_refuse_public(source->path, "an OpenSSH public key", error);
	if (memmem(source->bytes, source->length, "PuTTY-User-Key-File", 19))
		return error_set(error, EX_CONFIG,
			"cannot read '%s': it is a PuTTY key: convert it to PEM: puttygen FILE -O private-openssh -o key.pem",
			source->path);
	return error_set(error, EX_DATAERR, "cannot read '%s': it is not a PEM, DER, PKCS#12 or JKS file", source->path);
}

static key_reader *reader_of(const unsigned char *bytes, size_t length)
{
	static const unsigned char jks[] = {0xfe, 0xed, 0xfe, 0xed}, jceks[] = {0xce, 0xce, 0xce, 0xce};
	if (length >= sizeof jks && memcmp(bytes, jks, sizeof jks) == 0)
		return read_jks;
	if (length >= sizeof jceks && memcmp(bytes, jceks, sizeof jceks) == 0)
		return refuse_jceks;
	if (key_pem_is(bytes, length))
		return key_pem_read;
	if (key_pkcs12_is(bytes, length))
		return key_pkcs12_read;
	return bytes[0] == 0x30 ? key_der_read : refuse_unknown;
}

/* Asks for the password only when the content turns out to need one. */
static int read_key(struct key_source *source, const struct key_options *options, struct private_key *key, struct error *error)
{
	struct buffer password = BUFFER_INIT;
	key_reader *read = reader_of(source->bytes, source->length);
	int result = read(source, key, error);
	if (result == 0 || error->status != EX_NOPERM)
		return result;
	result = password_read(options->password_source, options->base_directory, &password, error);
	if (result < 0) {
		if (!options->password_source && error->status == EX_CONFIG)
			error_set(error, EX_CONFIG,
				"cannot decrypt '%s': it is protected by a password and none is given: name its source with key_password "
				"(--key-password): file:PATH, fd:N or env:NAME",
				source->path);
		goto out;
	}
	private_key_release(key);
	source->password = password.data;
	result = read(source, key, error);
	source->password = NULL;
	key->needed_password = result == 0;
out:
	buffer_release_secret(&password);
	return result;
}

/* The key must verify its own signature: nothing else detects a flipped bit in a file without a digest. */
static bool signs(EVP_PKEY *pkey)
{
	static const unsigned char message[] = "envtally";
	unsigned char signature[RSA_BITS_MAXIMUM / 8];
	size_t length = sizeof signature;
	EVP_MD_CTX *signing = EVP_MD_CTX_new(), *verifying = EVP_MD_CTX_new();
	bool done = signing && verifying && EVP_DigestSignInit(signing, NULL, EVP_sha256(), NULL, pkey) == 1 &&
		EVP_DigestSign(signing, signature, &length, message, sizeof message) == 1 &&
		EVP_DigestVerifyInit(verifying, NULL, EVP_sha256(), NULL, pkey) == 1 &&
		EVP_DigestVerify(verifying, signature, length, message, sizeof message) == 1;
	EVP_MD_CTX_free(signing);
	EVP_MD_CTX_free(verifying);
	ERR_clear_error();
	return done;
}

static int check_key(const char *path, EVP_PKEY *pkey, struct error *error)
{
	static const char remedy[] = "make a new one: openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem";
	if (!EVP_PKEY_is_a(pkey, "RSA")) {
		const char *type = EVP_PKEY_get0_type_name(pkey);
		return error_set(error, EX_CONFIG, "cannot sign with '%s': its key is of type %s, but Docusign accepts only RSA: %s", path,
			type ? type : "unknown", remedy);
	}
	int bits = EVP_PKEY_get_bits(pkey);
	if (bits < RSA_BITS_MINIMUM)
		return error_set(error, EX_CONFIG, "cannot sign with '%s': its RSA key has %d bits, and %d are the least: %s", path, bits,
			RSA_BITS_MINIMUM, remedy);
	if (bits > RSA_BITS_MAXIMUM)
		return error_set(error, EX_CONFIG, "cannot sign with '%s': its RSA key has %d bits, and %d are the most: %s", path, bits,
			RSA_BITS_MAXIMUM, remedy);
	if (!signs(pkey))
		return error_set(error, EX_DATAERR, "cannot sign with '%s': the key is damaged: its signatures do not verify", path);
	return 0;
}

static void check_certificate(struct private_key *key, int64_t now)
{
	time_t seconds = (time_t)(now / 1000);
	key->certificate_state = KEY_CERTIFICATE_NONE;
	if (!key->certificate)
		return;
	/* X509_cmp_time() gives -1 for a time before `seconds` or the same, 1 for one after, 0 for one it cannot read. */
	if (X509_cmp_time(X509_get0_notBefore(key->certificate), &seconds) > 0)
		key->certificate_state = KEY_CERTIFICATE_NOT_YET_VALID;
	else if (X509_cmp_time(X509_get0_notAfter(key->certificate), &seconds) < 0)
		key->certificate_state = KEY_CERTIFICATE_EXPIRED;
	else
		key->certificate_state = KEY_CERTIFICATE_VALID;
}

int key_file_load(const char *path, const struct key_options *options, struct private_key *key, struct error *error)
{
	struct buffer bytes = BUFFER_INIT;
	struct error reason = ERROR_INIT;
	*key = (struct private_key)PRIVATE_KEY_INIT;
	int result = password_check_source(options->password_source, &reason);
	if (result < 0 || (result = buffer_append_file(&bytes, path, KEY_FILE_LIMIT, &reason)) < 0)
		goto out;
	struct key_source source = {
		.path = path, .bytes = (const unsigned char *)bytes.data, .length = bytes.length, .alias = options->alias};
	if (bytes.length == 0)
		result = error_set(&reason, EX_DATAERR, "cannot read '%s': the key file is empty", path);
	else
		result = read_key(&source, options, key, &reason);
	if (result == 0)
		result = check_key(path, key->pkey, &reason);
	if (result == 0)
		check_certificate(key, options->now);
out:
	if (result < 0) {
		private_key_release(key);
		error_set(error, reason.status, "%s", reason.text);
	}
	buffer_release_secret(&bytes);
	ERR_clear_error();
	return result;
}

void key_file_warning(const char *path, const struct private_key *key, struct buffer *line)
{
	if (key->certificate_state == KEY_CERTIFICATE_EXPIRED)
		buffer_append_format(line, "the certificate in '%s' has expired: Docusign knows only the key, so it still signs", path);
	else if (key->certificate_state == KEY_CERTIFICATE_NOT_YET_VALID)
		buffer_append_format(line, "the certificate in '%s' is not yet valid: is this machine's clock right?", path);
}

bool key_file_is_open_to_others(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & S_IRWXO);
}

void private_key_release(struct private_key *key)
{
	EVP_PKEY_free(key->pkey);
	X509_free(key->certificate);
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it was set to NULL when it was freed before. */
	free(key->alias);
	*key = (struct private_key)PRIVATE_KEY_INIT;
}
