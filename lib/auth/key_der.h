/*
 * key_der.h: a private key in DER: PKCS#8 (RFC 5208), encrypted PKCS#8, PKCS#1 (RFC 8017 appendix A.1.2).
 *
 * The structure decides which. The readers of other containers use this too: a PEM block has the same bytes, a store its parts.
 */
#ifndef ENVTALLY_KEY_DER_H
#define ENVTALLY_KEY_DER_H

#include "auth/key_file.h"

/* A key_reader. EX_DATAERR if there is no key, EX_CONFIG for a certificate or a public key. */
int key_der_read(const struct key_source *source, struct private_key *key, struct error *error);

/* Error: the file holds `what`, a public part ("a public key", "a certificate"), instead of the private key. Returns -1. */
int key_der_refuse_public(const char *path, const char *what, struct error *error);

/* Error: the password is wrong. Returns -1 with EX_NOPERM. */
int key_der_refuse_password(const char *path, struct error *error);

/* EX_NOPERM when the source has no password: key_file asks for it then. */
int key_der_require_password(const struct key_source *source, struct error *error);

/* Sets the private key. EX_DATAERR for one that OpenSSL cannot read, or NULL. */
int key_der_use_pkcs8(const struct key_source *source, const PKCS8_PRIV_KEY_INFO *info, struct private_key *key, struct error *error);

/* Keeps the certificate if it is the key's and the first such, else frees it. */
void key_der_use_certificate(X509 *certificate, struct private_key *key);

/* Whether the outermost DER length announces more than there is. */
bool key_der_is_truncated(const unsigned char *bytes, size_t length);

#endif
