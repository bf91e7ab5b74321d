/*
 * key_pem.h: a private key in PEM (RFC 7468), however it was pasted.
 *
 * The text between "-----BEGIN X-----" and "-----END X-----" counts, wherever they stand: a BOM, UTF-16, text around, leading
 * blanks, CRLF, quotes, newlines written as \n, or lost altogether do no harm. Within, all that is not base64 is
 * passed over (RFC 2045 section 6.8); the DER inside and the test signature of key_file catch what is damaged.
 * The traditional encryption has the headers of RFC 1421 (Proc-Type, DEK-Info), which have to be there.
 *
 * Certificates of the same file are kept if they are the key's. A file with two private keys is refused: nothing says which.
 */
#ifndef ENVTALLY_KEY_PEM_H
#define ENVTALLY_KEY_PEM_H

#include "auth/key_file.h"

/* Whether the bytes hold the beginning of a PEM block. */
bool key_pem_is(const unsigned char *bytes, size_t length);

/* A key_reader. */
int key_pem_read(const struct key_source *source, struct private_key *key, struct error *error);

#endif
