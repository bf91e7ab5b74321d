#include "base/glob.h"

#include <fnmatch.h>
#include <stddef.h>

bool glob_matches(const char *pattern, const char *text)
{
	return text && fnmatch(pattern, text, FNM_CASEFOLD | FNM_NOESCAPE) == 0;
}
