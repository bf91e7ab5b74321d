/*
 * gzip.h: decodes the gzip format (RFC 1952), also of several members one after the other.
 */
#ifndef ENVTALLY_GZIP_H
#define ENVTALLY_GZIP_H

#include "base/buffer.h"

/* Appends what the `length` bytes decode to. More than `limit` bytes, a wrong checksum or a missing end is EX_DATAERR. */
int gzip_decode(const char *bytes, size_t length, size_t limit, struct buffer *decoded, struct error *error);

#endif
