#include "base/arena.h"

#include <stdlib.h>

#define CHUNK_SIZE ((size_t)64 << 10)

struct arena_chunk {
	struct arena_chunk *next;
	char bytes[];
};

char *arena_take(struct arena *arena, size_t size)
{
	if (size > arena->room) {
		size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
		struct arena_chunk *chunk = malloc(sizeof *chunk + room);
		if (!chunk)
			return NULL;
		chunk->next = arena->chunks;
		arena->chunks = chunk;
		arena->free = chunk->bytes;
		arena->room = room;
	}
	char *bytes = arena->free;
	arena->free += size;
	arena->room -= size;
	return bytes;
}

void arena_release(struct arena *arena)
{
	while (arena->chunks) {
		struct arena_chunk *next = arena->chunks->next;
		free(arena->chunks);
		arena->chunks = next;
	}
	arena->room = 0;
}
