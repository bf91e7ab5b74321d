/*
 * transform.h: records through a jq program (libjq), for everything that is not the hot path.
 */
#ifndef ENVTALLY_TRANSFORM_H
#define ENVTALLY_TRANSFORM_H

#include "buffer.h"

struct transform;

/* Compiles a program; `length` bytes of text, `name` for messages. NULL with EX_CONFIG and jq's own words. */
struct transform *transform_new(const char *name, const char *program, size_t length, struct error *error);
void transform_free(struct transform *transform);

/*
 * Runs the program on one JSON text and calls `each` with every result as JSON text (followed by BUFFER_PADDING bytes,
 * valid within the call). Returns 0, what `each` returned when not 0, or -1 with EX_DATAERR when the program fails.
 */
int transform_run(struct transform *transform, const char *text, size_t length,
	int (*each)(void *context, const char *text, size_t length), void *context, struct error *error);

#endif
