/*
 * loop_detect.h: has a sequence of texts begun to repeat itself? Brent's algorithm: constant memory, however long the cycle.
 *
 * A cycle is detected within a few of its rounds. Texts are compared by a 64-bit hash.
 */
#ifndef ENVTALLY_LOOP_DETECT_H
#define ENVTALLY_LOOP_DETECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop_detector {
	uint64_t remembered;
	uint32_t steps, power; /* the remembered text is replaced after `power` steps, which doubles then */
};

/* FNV-1a, 64 bits. */
uint64_t loop_hash(const char *text, size_t length);

/* Takes the sequence's next text; true when it is one that came before. Starts from {0}. */
bool loop_detected(struct loop_detector *loop, const char *text, size_t length);

#endif
