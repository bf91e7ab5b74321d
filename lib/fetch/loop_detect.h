/*
 * loop_detect.h: detects that a sequence of texts repeats itself, by Brent's algorithm, in constant memory.
 *
 * A loop is detected within a few rounds. Texts are compared by a 64-bit hash.
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

/* Adds the sequence's next text; true if it has occurred before. Starts from {0}. */
bool loop_detected(struct loop_detector *loop, const char *text, size_t length);

#endif
