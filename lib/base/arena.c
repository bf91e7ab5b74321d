#include "base/arena.h"

#include <stdlib.h>

#define CHUNK_SIZE ((size_t)64 << 10)

struct arena_chunk {
	struct arena_chunk *next;
	char bytes[];
};

char *arena_take(struct arena *arena, size_t size)
{
	if (size > CHUNK_SIZE)
		return NULL;
	if (!arena->chunks || arena->used + size > CHUNK_SIZE) {
		struct arena_chunk *chunk = malloc(sizeof *chunk + CHUNK_SIZE);
		if (!chunk)
			return NULL;
		chunk->next = arena->chunks;
		arena->chunks = chunk;
		arena->used = 0;
	}
	char *bytes = arena->chunks->bytes + arena->used;
	arena->used += size;
	return bytes;
}

void arena_release(struct arena *arena)
{
	while (arena->chunks) {
		struct arena_chunk *next = arena->chunks->next;
		free(arena->chunks);
		arena->chunks = next;
	}
	arena->used = 0;
}
