/*
 * json_slice.h: values of the slices that json_scan() gives.
 */
#ifndef ENVTALLY_JSON_SLICE_H
#define ENVTALLY_JSON_SLICE_H

#include "json/json_scan.h"

#include <stdbool.h>
#include <stdint.h>

/* Is it a string of that content? */
bool json_slice_equals(const struct json_slice *slice, const char *text);

/* Reads an integer of at most 18 digits, including a minus; false for anything else. */
bool json_slice_integer(const struct json_slice *slice, int64_t *value);

/* Reads a string that is a time (instant.h); false for anything else. */
bool json_slice_instant(const struct json_slice *slice, int64_t *instant);

#endif
