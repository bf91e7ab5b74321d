/*
 * authorities.h: which certificate authorities are trusted: the file of the profile's ca_bundle, of the environment, or the system's.
 */
#ifndef ENVTALLY_AUTHORITIES_H
#define ENVTALLY_AUTHORITIES_H

#include "base/buffer.h"

#include <stdint.h>

/*
 * Appends "FILE, N certificates", and how many of them have expired by `now`, an instant. `own` is the profile's file, or NULL. EX_NOINPUT when
 * the file cannot be read; EX_CONFIG when no certificate in it is valid.
 */
int authorities_append(const char *own, int64_t now, struct buffer *text, struct error *error);

#endif
