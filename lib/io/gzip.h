/*
 * gzip.h: decodes the gzip format (RFC 1952), also of several members one after the other.
 *
 * A body is nearly always one member whose length is stated at its end: libdeflate decodes that in a third of zlib's time. Whatever it does not
 * take, zlib decodes or says what is wrong with it.
 */
#ifndef ENVTALLY_GZIP_H
#define ENVTALLY_GZIP_H

#include "base/buffer.h"

/* Appends what the `length` bytes decode to. More than `limit` bytes, a wrong checksum or a missing end is EX_DATAERR. */
int gzip_decode(const char *bytes, size_t length, size_t limit, struct buffer *decoded, struct error *error);

#endif
