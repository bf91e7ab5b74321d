#include "base/shard.h"

#include "base/sha256.h"

#include <ctype.h>
#include <stdlib.h>

#define DIGITS 8 /* of the hash: 32 bits */
#define ID_MOST 256 /* bytes that count; an account id has fewer */

static const char *parse_number(const char *text, unsigned *number)
{
	*number = 0;
	if (*text < '1' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++)
		if ((*number = *number * 10 + (unsigned)(*text - '0')) > SHARDS_MOST)
			return NULL;
	return text;
}

int shard_parse(const char *text, struct shard *shard)
{
	const char *end = parse_number(text, &shard->number);
	if (!end || *end != '/')
		return -1;
	end = parse_number(end + 1, &shard->count);
	return end && !*end && shard->number <= shard->count ? 0 : -1;
}

int shard_has(const struct shard *shard, const char *id, size_t length, struct error *error)
{
	char lower[ID_MOST], hash[SHA256_HEX_LENGTH + 1];
	if (shard->count < 2)
		return 1;
	length = length < sizeof lower ? length : sizeof lower;
	for (size_t i = 0; i < length; i++)
		lower[i] = (char)tolower((unsigned char)id[i]);
	if (sha256_hex(lower, length, hash, error) < 0)
		return -1;
	hash[DIGITS] = 0;
	return strtoul(hash, NULL, 16) % shard->count == shard->number - 1;
}
