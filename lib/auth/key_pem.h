/*
 * key_pem.h: a private key in PEM (RFC 7468), however it was pasted.
 *
 * Reads the text between "-----BEGIN X-----" and "-----END X-----", wherever it is: a BOM, UTF-16, surrounding text, leading blanks, CRLF,
 * quotes, and newlines that were lost or written as \n are harmless. Inside, everything but base64 is ignored (RFC 2045 section 6.8); the
 * DER and the test signature of key_file detect damage. The traditional encryption requires the headers of RFC 1421 (Proc-Type, DEK-Info).
 *
 * Certificates of the same file are kept if they are the key's. A file with two private keys is ambiguous and refused.
 */
#ifndef ENVTALLY_KEY_PEM_H
#define ENVTALLY_KEY_PEM_H

#include "auth/key_file.h"

/* Whether the bytes hold the beginning of a PEM block. */
bool key_pem_is(const unsigned char *bytes, size_t length);

/* A key_reader. */
int key_pem_read(const struct key_source *source, struct private_key *key, struct error *error);

#endif
