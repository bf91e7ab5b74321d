/*
 * sha256.h: SHA-256 (FIPS 180-4) as lower-case hexadecimal.
 */
#ifndef ENVTALLY_SHA256_H
#define ENVTALLY_SHA256_H

#include "base/error.h"

#include <stddef.h>

#define SHA256_HEX_LENGTH 64

/* The digest of `bytes`, NUL-terminated. EX_SOFTWARE when OpenSSL cannot compute it. */
int sha256_hex(const void *bytes, size_t length, char hash[SHA256_HEX_LENGTH + 1], struct error *error);

/* Replaces `chain` by the digest of `chain`, a newline and `line`: each link covers all earlier ones. */
int sha256_chain(char chain[SHA256_HEX_LENGTH + 1], const char *line, size_t length, struct error *error);

/* The digest of a file's bytes. EX_NOINPUT when it cannot be opened, EX_IOERR when it cannot be read. */
int sha256_file(const char *path, char hash[SHA256_HEX_LENGTH + 1], struct error *error);

#endif
