/*
 * jks.h: reads Java's own key store, JKS, versions 1 and 2.
 *
 * The layout, from the comment in OpenJDK's sun/security/provider/JavaKeyStore.java (engineStore); integers are big-endian,
 * `utf` is a two-byte length and that many bytes of Java's modified UTF-8 (DataOutput.writeUTF):
 *
 *   u32 0xFEEDFEED, u32 version, u32 count, then `count` of
 *     u32 1, utf alias, u64 created (ms), u32 length, EncryptedPrivateKeyInfo, u32 chain length, that many certificates
 *     u32 2, utf alias, u64 created (ms), certificate
 *   SHA-1 of (password as UTF-16BE, "Mighty Aphrodite", all that precedes)
 *
 * where a certificate is (version 2 only: utf type,) u32 length, bytes.
 *
 * The private key is a PKCS#8 EncryptedPrivateKeyInfo of algorithm 1.3.6.1.4.1.42.2.17.1.1, from KeyProtector.java of the same
 * package: 20 bytes of salt, the PKCS#8 PrivateKeyInfo xor a key stream, 20 bytes of check; the stream is
 * S1 = SHA-1(password, salt), S(n+1) = SHA-1(password, S(n)), the check is SHA-1(password, PrivateKeyInfo).
 *
 * Every length is checked against the rest of the file before it is used, and memory grows with the bytes read, not with
 * a declared count. An alias is kept as it is in the file.
 */
#ifndef ENVTALLY_JKS_H
#define ENVTALLY_JKS_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

#define JKS_MAGIC 0xFEEDFEEDu
#define JKS_DIGEST_LENGTH 20

/* A private key entry; the pointers, save alias, are into the file's bytes. */
struct jks_entry {
	char *alias;
	int64_t created_at;
	const unsigned char *protected_key;
	size_t protected_key_length;
	const unsigned char *certificate; /* the first of its chain, DER; NULL when there is none or it is not X.509 */
	size_t certificate_length;
};

struct jks {
	uint32_t version;
	struct jks_entry *entries; /* without trusted certificates */
	size_t count;
	size_t trusted_certificates;
	const unsigned char *bytes;
	size_t digest_at; /* offset of the digest, which covers everything before it */
};

#define JKS_INIT \
	{ \
		0 \
	}

/* Reads the structure of `bytes`, which must outlive *jks, without a password. EX_DATAERR for anything not as above. */
int jks_read(const unsigned char *bytes, size_t length, struct jks *jks, struct error *error);

/* Returns 1 when the digest is right under `password`, 0 when not (another password, or a changed file), -1 with error. */
int jks_verify(const struct jks *jks, const char *password, struct error *error);

/*
 * Appends the entry's PKCS#8 PrivateKeyInfo (DER) to `key`, a secret. Returns 1; 0 when the check fails (another password, or
 * a changed key); -1 with error.
 */
int jks_unlock(const struct jks_entry *entry, const char *password, struct buffer *key, struct error *error);

void jks_release(struct jks *jks);

#endif
