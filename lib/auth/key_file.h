/*
 * key_file.h: reads the private key that signs for Docusign, from any kind of key file.
 *
 * The format is recognized by content, never by name:
 *   PEM      RFC 7468; PKCS#1, PKCS#8, encrypted PKCS#8, and the traditional encryption of RFC 1421 headers; tolerates
 *            the effects of pasting (key_pem.h)
 *   DER      the same without the base64
 *   PKCS#12  RFC 7292, with the old RC2/3DES encryption, the new PBES2, and the PBMAC1 of RFC 9579 (key_pkcs12.h)
 *   JKS      versions 1 and 2 (jks.h)
 * For JCEKS, OpenSSH and PuTTY files, certificates and public keys, the error names the kind and the command that helps.
 *
 * Docusign uses RS256 (RFC 7518 section 3.3: RSA of 2048 bits or more), so every other key is refused. The key must verify its own
 * signature, so that a damaged one is detected here and not by the token service.
 *
 * Errors: EX_NOINPUT no such file; EX_DATAERR a broken or unknown container, more than KEY_FILE_LIMIT bytes; EX_NOPERM wrong
 * password; EX_CONFIG a missing password or alias, an unusable key.
 */
#ifndef ENVTALLY_KEY_FILE_H
#define ENVTALLY_KEY_FILE_H

#include "base/buffer.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <stdbool.h>
#include <stdint.h>

#define KEY_FILE_LIMIT (1024 * 1024)

struct key_options {
	const char *password_source; /* password.h; NULL: asked for on the terminal, and only if the content needs one */
	const char *base_directory; /* where a relative file: starts; NULL: the working directory */
	const char *alias; /* which key of a store; NULL: the only one */
	int64_t now; /* an instant (instant.h), for the certificate's dates */
};

enum key_certificate_state { KEY_CERTIFICATE_NONE, KEY_CERTIFICATE_VALID, KEY_CERTIFICATE_EXPIRED, KEY_CERTIFICATE_NOT_YET_VALID };

struct private_key {
	EVP_PKEY *pkey;
	X509 *certificate; /* the one of this key, or NULL */
	enum key_certificate_state certificate_state; /* not valid is a warning: Docusign knows only the key */
	char *alias; /* its name in a PKCS#12 or JKS, or NULL */
	const char *format; /* "PEM PKCS#8 encrypted", "PKCS#12", "JKS" …: static */
	bool needed_password;
};

#define PRIVATE_KEY_INIT \
	{ \
		0 \
	}

/* Fills *key, which is the caller's to release (also after an error, when it is empty). */
int key_file_load(const char *path, const struct key_options *options, struct private_key *key, struct error *error);

/* Appends a warning about a key that works (one line, no newline), or nothing. */
void key_file_warning(const char *path, const struct private_key *key, struct buffer *line);

/* May users that are neither its owner nor of its group read or change the file? */
bool key_file_is_open_to_others(const char *path);

void private_key_release(struct private_key *key);

/*
 * The input of the modules that read one container each (key_pem, key_der, key_pkcs12, and JKS within key_file). A reader is called
 * first with `password` NULL. It returns EX_NOPERM if it needs a password, or another one; only then is the password read or
 * asked for.
 */
struct key_source {
	const char *path; /* for messages */
	const unsigned char *bytes;
	size_t length;
	const char *alias;
	const char *password;
};

typedef int key_reader(const struct key_source *source, struct private_key *key, struct error *error);

#endif
