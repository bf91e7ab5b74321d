/*
 * glob.h: patterns that users write, as the shell's: `*`, `?`, `[…]`.
 */
#ifndef ENVTALLY_GLOB_H
#define ENVTALLY_GLOB_H

#include "base/buffer.h"

#include <stdbool.h>

/* Does the pattern match all of `text`? Case does not matter (ASCII), nothing escapes; NULL matches nothing. */
bool glob_matches(const char *pattern, const char *text);

/* Appends the pattern that matches this text alone. */
void glob_append_escaped(struct buffer *pattern, const char *text);

#endif
