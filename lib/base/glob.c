#include "base/glob.h"

#include <fnmatch.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define BRACKET_LIMIT 256

/* The length of the bracket expression at `at`, 1 where none begins. A ] that comes first, and one of a class such as [:digit:], is in it. */
static size_t element_length(const char *at)
{
	if (*at != '[')
		return 1;
	const char *end = at + 1 + (at[1] == '!' || at[1] == '^');
	end += *end == ']';
	for (; *end && *end != ']'; end++) {
		const char *class = *end == '[' && end[1] && strchr(":.=", end[1]) ? end + 2 : NULL;
		while (class && *class && !(*class == end[1] && class[1] == ']'))
			class ++;
		if (class && *class)
			end = class + 1;
	}
	return *end ? (size_t)(end + 1 - at) : 1;
}

static bool element_matches(const char *at, size_t length, char byte)
{
	char bracket[BRACKET_LIMIT];
	const char text[2] = {byte, 0};
	if (!byte || *at == '?')
		return byte;
	if (length == 1)
		return strncasecmp(at, text, 1) == 0;
	snprintf(bracket, sizeof bracket, "%.*s", (int)length, at);
	return length < sizeof bracket && fnmatch(bracket, text, FNM_CASEFOLD | FNM_NOESCAPE) == 0;
}

/*
 * All but * matches one byte. So the last * alone is worth trying again, and the time is the product of both lengths; fnmatch() of a
 * pattern with many of them does not end.
 */
bool glob_matches(const char *pattern, const char *text)
{
	const char *star = NULL, *from = NULL; /* the pattern behind the last *, and what follows the text that it has taken */
	if (!text)
		return false;
	while (*text || *pattern) {
		if (*pattern == '*') {
			star = ++pattern;
			from = text;
			continue;
		}
		size_t length = *pattern ? element_length(pattern) : 0;
		if (length && element_matches(pattern, length, *text)) {
			pattern += length;
			text++;
			continue;
		}
		if (!star || !*from)
			return false;
		pattern = star;
		text = ++from;
	}
	return true;
}

void glob_append_escaped(struct buffer *pattern, const char *text)
{
	for (; *text; text++)
		if (strchr("*?[", *text))
			buffer_append_format(pattern, "[%c]", *text);
		else
			buffer_append_byte(pattern, *text);
}
