/*
 * hash_index.h: finds elements of a caller's array by key, without an allocation an element.
 *
 * The index holds positions in the array, open-addressed with linear probing, at most half full. The caller keeps the
 * elements and compares keys; the index only remembers each element's hash. Elements are never removed singly.
 */
#ifndef ENVTALLY_HASH_INDEX_H
#define ENVTALLY_HASH_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hash_slot {
	uint32_t hash;
	uint32_t position; /* in the caller's array, plus one; 0: free */
};

struct hash_index {
	struct hash_slot *slots;
	size_t capacity; /* a power of two, or 0 */
	size_t count;
};

typedef bool hash_equals(const void *context, size_t position, const void *key);

/* Mixes `length` bytes into a hash, the same on every machine. Whoever chooses the bytes can choose the hash. */
uint32_t hash_bytes(uint64_t seed, const void *bytes, size_t length);

/* The same with a seed that this process has drawn by chance: for an index, so that nobody outside can make its keys collide. */
uint32_t hash_key(const void *bytes, size_t length);

/*
 * For a search without a function: the positions of the elements of that hash, one after the other; -1 after the last. *place is the hash at
 * first.
 */
static inline ptrdiff_t hash_index_next(const struct hash_index *index, uint32_t hash, size_t *place)
{
	while (index->capacity) {
		const struct hash_slot *slot = &index->slots[(*place)++ & (index->capacity - 1)];
		if (!slot->position)
			return -1;
		if (slot->hash == hash)
			return (ptrdiff_t)slot->position - 1;
	}
	return -1;
}

/* Returns the position of the element with that key, or -1. */
ptrdiff_t hash_index_find(const struct hash_index *index, uint32_t hash, hash_equals *equals, const void *context, const void *key);

/* Adds a position whose key is not in the index yet. Returns 0, or -1 when memory is short. */
int hash_index_add(struct hash_index *index, uint32_t hash, size_t position);

void hash_index_release(struct hash_index *index);

#endif
