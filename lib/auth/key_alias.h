/*
 * key_alias.h: which of the keys of a store is meant.
 *
 * An alias that is not there letter for letter is looked for again without regard to ASCII case, as keytool does.
 * EX_CONFIG with the list of what there is, when none or several could be meant; EX_CONFIG also for a store without keys.
 */
#ifndef ENVTALLY_KEY_ALIAS_H
#define ENVTALLY_KEY_ALIAS_H

#include "base/error.h"

#include <stddef.h>

/* `wanted` NULL: the only one. Sets *chosen to an index into `aliases`. */
int key_alias_choose(const char *path, char *const *aliases, size_t count, const char *wanted, size_t *chosen, struct error *error);

#endif
