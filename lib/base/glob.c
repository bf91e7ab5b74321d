#include "base/glob.h"

#include <fnmatch.h>
#include <stddef.h>
#include <string.h>

bool glob_matches(const char *pattern, const char *text)
{
	return text && fnmatch(pattern, text, FNM_CASEFOLD | FNM_NOESCAPE) == 0;
}

void glob_append_escaped(struct buffer *pattern, const char *text)
{
	for (; *text; text++)
		if (strchr("*?[", *text))
			buffer_append_format(pattern, "[%c]", *text);
		else
			buffer_append_byte(pattern, *text);
}
