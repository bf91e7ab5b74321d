#include "auth/key_alias.h"

#include "base/buffer.h"

#include <string.h>
#include <strings.h>

#define SHOWN 12

static int refuse(const char *what, char *const *aliases, size_t count, struct error *error)
{
	struct buffer list = BUFFER_INIT;
	for (size_t i = 0; i < count && i < SHOWN; i++)
		buffer_append_format(&list, "%s'%.60s'", i ? ", " : "", aliases[i]);
	if (count > SHOWN)
		buffer_append_format(&list, " and %zu more", count - SHOWN);
	if (buffer_check(&list, error) == 0)
		error_set(error, EX_CONFIG, "%s: name one with key_alias (--key-alias): %s", what, list.data);
	buffer_release(&list);
	return -1;
}

int key_alias_choose(const char *path, char *const *aliases, size_t count, const char *wanted, size_t *chosen, struct error *error)
{
	struct buffer what = BUFFER_INIT;
	size_t exact = 0, similar = 0, last_similar = 0;
	int result = 0;
	if (count == 0)
		return error_set(error, EX_CONFIG, "cannot use '%s': the key store has no private key, only certificates", path);
	for (size_t i = 0; i < count; i++) {
		if (!wanted || strcmp(aliases[i], wanted) == 0) {
			*chosen = i;
			exact++;
		}
		if (wanted && strcasecmp(aliases[i], wanted) == 0) {
			last_similar = i;
			similar++;
		}
	}
	if (exact == 1)
		return 0;
	if (exact == 0 && similar == 1) {
		*chosen = last_similar;
		return 0;
	}
	if (!wanted)
		buffer_append_format(&what, "cannot choose a key of '%.300s': it holds %zu", path, count);
	else if (exact + similar == 0)
		buffer_append_format(&what, "cannot find the key '%.100s' in '%.300s'", wanted, path);
	else
		buffer_append_format(&what, "cannot choose a key of '%.300s': several are called '%.100s'", path, wanted);
	result = buffer_check(&what, error) < 0 ? -1 : refuse(what.data, aliases, count, error);
	buffer_release(&what);
	return result;
}
