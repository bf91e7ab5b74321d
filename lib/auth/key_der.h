/*
 * key_der.h: a private key in DER: PKCS#8 (RFC 5208), encrypted PKCS#8, PKCS#1 (RFC 8017 appendix A.1.2).
 *
 * The structure tells which it is. A PEM block holds the same bytes, so key_pem comes here too.
 */
#ifndef ENVTALLY_KEY_DER_H
#define ENVTALLY_KEY_DER_H

#include "auth/key_file.h"

/* A key_reader. What is no key is EX_DATAERR, or EX_CONFIG when it is a certificate or a public key. */
int key_der_read(const struct key_source *source, struct private_key *key, struct error *error);

/* Says that `what`, a public part ("a public key", "a certificate"), stands where the private key should. Returns -1. */
int key_der_refuse_public(const char *path, const char *what, struct error *error);

/* Says that the password is wrong. Returns -1 with EX_NOPERM. */
int key_der_refuse_password(const char *path, struct error *error);

/* Whether the outermost DER length announces more than there is. */
bool key_der_is_truncated(const unsigned char *bytes, size_t length);

#endif
