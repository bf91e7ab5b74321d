#include "base/hash_index.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define FIRST_CAPACITY 256

static uint64_t begin(uint64_t seed, size_t length)
{
	return seed + UINT64_C(0x9e3779b97f4a7c15) * (length + 1);
}

/* 64-bit multiply and fold, eight bytes at a time (the idea of wyhash); keys are ids, mostly random already. */
static inline uint64_t mix(uint64_t hash, const unsigned char *at, size_t length)
{
	uint64_t word = 0;
	memcpy(&word, at, length);
	unsigned __int128 product = (unsigned __int128)(hash ^ word) * UINT64_C(0xa0761d6478bd642f);
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint32_t end(uint64_t hash)
{
	return (uint32_t)(hash ^ hash >> 32);
}

uint32_t hash_bytes(uint64_t seed, const void *bytes, size_t length)
{
	uint64_t hash = begin(seed, length);
	const unsigned char *at = bytes;
	for (; length >= 8; at += 8, length -= 8)
		hash = mix(hash, at, 8);
	return end(length ? mix(hash, at, length) : hash);
}

uint32_t hash_key(const void *bytes, size_t length)
{
	static uint64_t seed;
	/* 8 bytes come at once, or not at all before the system has any: then the addresses of this process are what is left. */
	if (!seed && getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed)
		seed = (uint64_t)(uintptr_t)&seed ^ (uint64_t)getpid() << 32;
	seed |= 1;
	if (length < 8)
		return hash_bytes(seed, bytes, length);
	uint64_t hash = begin(seed, length);
	size_t at = 0;
	for (; at + 8 < length; at += 8)
		hash = mix(hash, (const unsigned char *)bytes + at, 8);
	/* The last eight, some of which may come for the second time: no rest of less. */
	return end(mix(hash, (const unsigned char *)bytes + length - 8, 8));
}

ptrdiff_t hash_index_find(const struct hash_index *index, uint32_t hash, hash_equals *equals, const void *context, const void *key)
{
	size_t place = hash;
	ptrdiff_t position;
	while ((position = hash_index_next(index, hash, &place)) >= 0 && !equals(context, (size_t)position, key))
		;
	return position;
}

static void place(struct hash_index *index, struct hash_slot slot)
{
	size_t at = slot.hash & (index->capacity - 1);
	while (index->slots[at].position)
		at = (at + 1) & (index->capacity - 1);
	index->slots[at] = slot;
}

static int grow(struct hash_index *index)
{
	struct hash_index grown = {.capacity = index->capacity ? index->capacity * 2 : FIRST_CAPACITY, .count = index->count};
	grown.slots = calloc(grown.capacity, sizeof *grown.slots);
	if (!grown.slots)
		return -1;
	for (size_t i = 0; i < index->capacity; i++)
		if (index->slots[i].position)
			place(&grown, index->slots[i]);
	free(index->slots);
	*index = grown;
	return 0;
}

int hash_index_add(struct hash_index *index, uint32_t hash, size_t position)
{
	if (position >= UINT32_MAX || ((index->count + 1) * 2 > index->capacity && grow(index) < 0))
		return -1;
	place(index, (struct hash_slot){.hash = hash, .position = (uint32_t)position + 1});
	index->count++;
	return 0;
}

void hash_index_release(struct hash_index *index)
{
	free(index->slots);
	*index = (struct hash_index){.slots = NULL};
}
