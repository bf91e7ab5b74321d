/*
 * recording_join.h: the recordings of the shards of one fetch, as one.
 *
 * The exchanges are those of the parts, by the time at which they were answered, and in the order of each part; numbers, places of the bodies and
 * the chain are new, everything else stays byte for byte. The chain and the bodies of each part are checked.
 */
#ifndef ENVTALLY_RECORDING_JOIN_H
#define ENVTALLY_RECORDING_JOIN_H

#include "recording/recording.h"

/*
 * Writes `directory`'s recording of `program` out of those in the folders `parts`. It is complete if each part is; else it can be resumed, and
 * has what the parts have. *exchanges is how many. Parts of different clocks are EX_DATAERR.
 */
int recording_join(
	const char *directory, const char *program, const char *const parts[], size_t count, uint64_t *exchanges, struct error *error);

#endif
