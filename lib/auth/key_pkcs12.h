/*
 * key_pkcs12.h: a private key in a PKCS#12 file (RFC 7292), from openssl, keytool, Windows or anything else.
 *
 * The file's MAC is checked first, so that a wrong password and a missing algorithm are different errors. OpenSSL 3.0 knows the MAC of
 * RFC 7292 appendix B; that of RFC 9579 (PBMAC1: PBKDF2 and HMAC) is computed here. A file without a MAC is accepted. RC2 and other old
 * ciphers are those of the legacy provider, loaded only then (legacy_crypto.h).
 *
 * A key's alias is its friendlyName; a key without one is called by its number among those without, as in keytool. An empty password is
 * tried before the user is asked for one.
 */
#ifndef ENVTALLY_KEY_PKCS12_H
#define ENVTALLY_KEY_PKCS12_H

#include "auth/key_file.h"

/* Whether the bytes begin as a PFX: SEQUENCE { INTEGER 3, SEQUENCE … }. */
bool key_pkcs12_is(const unsigned char *bytes, size_t length);

/* A key_reader. */
int key_pkcs12_read(const struct key_source *source, struct private_key *key, struct error *error);

#endif
