/*
 * count_object.h: the members of an object of counts in a record, such as by_status {"completed":3,"sent":1} and by_day {"2025-01-31":4}.
 */
#ifndef ENVTALLY_COUNT_OBJECT_H
#define ENVTALLY_COUNT_OBJECT_H

#include "json/json_scan.h"

#include <stdint.h>

#define COUNT_DIGITS 15 /* of a count, at most, so that sums of them stay far from the end of 64 bits */

#define COUNT_NAME_LIMIT 256

struct count_member {
	const char *name; /* not terminated */
	size_t length;
	char unescaped[COUNT_NAME_LIMIT]; /* the name, if it has escapes: then it has no more bytes */
	int64_t count;
};

/* An integer of at most COUNT_DIGITS digits at `text`, and its end; -1 for anything else. */
int64_t count_parse(const char *text, const char **end);

/*
 * The next member of an object that is known to be JSON. *at is NULL before the first call and the function's after it. 1, 0 after the
 * last member, or -1 when it is no object of counts.
 */
int count_object_next(const struct json_slice *object, const char **at, struct count_member *member);

#endif
