/*
 * shard.h: which accounts are one part of a fetch that is divided among processes.
 *
 * Shard K of N has the accounts whose number is K - 1 modulo N. The number of an account is that of the first eight hexadecimal digits of
 * the SHA-256 of its id in lower case. So it depends on nothing else, on any machine:
 *
 *     printf %s 5e5a14b7-… | sha256sum | cut -c 1-8
 */
#ifndef ENVTALLY_SHARD_H
#define ENVTALLY_SHARD_H

#include "base/error.h"

#include <stddef.h>

#define SHARDS_MOST 10000

struct shard {
	unsigned number, count; /* from 1; a count of 0: not divided, every account is in it */
};

/* Reads "3/16". Returns 0, or -1 when it is no shard. */
int shard_parse(const char *text, struct shard *shard);

/* Is the account in it? The id may have any case, and more than an account id has. Returns 1 or 0; -1 with an error. */
int shard_has(const struct shard *shard, const char *id, size_t length, struct error *error);

#endif
