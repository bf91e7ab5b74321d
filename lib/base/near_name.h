/*
 * near_name.h: which name was meant: for "did you mean".
 */
#ifndef ENVTALLY_NEAR_NAME_H
#define ENVTALLY_NEAR_NAME_H

#include <stddef.h>

/*
 * How many letters must be changed, put in, left out or exchanged with the next to make one text of the other; case, blanks, '_' and '-' do not
 * count. SIZE_MAX if one is longer than 63 bytes.
 */
size_t near_name_distance(const char *text, const char *name);

/* The number of the name that is nearest to `text`, of names[0..count); -1 when none is near: at most a letter in four may differ, one at least. */
ptrdiff_t near_name_find(const char *text, const char *const names[], size_t count);

#endif
