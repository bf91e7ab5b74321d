/*
 * arena.h: memory for many small things that are freed together.
 *
 * What arena_take() gives stays where it is until arena_release().
 */
#ifndef ENVTALLY_ARENA_H
#define ENVTALLY_ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks; /* the newest first */
	char *free; /* in the newest */
	size_t room; /* bytes there */
};

/* `size` bytes, any number, without alignment: for texts. NULL when memory is short. */
char *arena_take(struct arena *arena, size_t size);
void arena_release(struct arena *arena);

#endif
