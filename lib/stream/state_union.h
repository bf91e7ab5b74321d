/*
 * state_union.h: the STATEs of the parts of one fetch (fetch-datafeed --shard) as one STATE: that of a fetch that is not divided.
 *
 * The bookmarks of all parts together, those of a stream in the order of their accounts; the other members of the values. Of two texts
 * for the same account or member the last one counts.
 */
#ifndef ENVTALLY_STATE_UNION_H
#define ENVTALLY_STATE_UNION_H

#include "base/buffer.h"
#include "base/name_table.h"
#include "base/shard.h"
#include "json/json_scan.h"

/* Starts as {.count = 0}. */
struct state_union {
	struct name_table streams, bookmarks, members; /* of bookmarks: "<number of the stream> <account>"; values: place among the texts */
	char **texts; /* JSON */
	size_t count;
	bool has_state; /* any, also an empty one */
	const struct shard *shard; /* of whose accounts it gets the bookmarks; NULL: of all */
	struct json_scanner *scanners[3]; /* one a depth: members are read while those around them are */
};

/* Adds the value of a STATE. */
int state_union_add(struct state_union *state, const struct json_slice *value, struct error *error);

/* Appends the value of the STATE. */
int state_union_append(const struct state_union *state, struct buffer *line, struct error *error);

void state_union_release(struct state_union *state);

#endif
