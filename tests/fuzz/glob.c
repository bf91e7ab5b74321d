/*
 * fuzz_glob: a pattern made of the input's first bytes, each a part of it, and a text of the others, against fnmatch(). Any pattern is matched
 * in time, and an escaped text by itself alone.
 */
#include "fuzz.h"

#include "base/glob.h"

#include <fnmatch.h>
#include <strings.h>

/* Right ones: fnmatch() has its own ideas of brackets without an end. */
static const char *const parts[] = {
	"*", "?", "a", "B", "-", "]", "[a-c]", "[!a-c]", "[^]b]", "[]x]", "[[:digit:]-]", "[^[:alpha:]b]", "[B-Z0]", "[*?]"};
#define PARTS (sizeof parts / sizeof *parts)
static const char letters[] = "abcABCz09]-^!*? ";

static void check_right(const uint8_t *bytes, size_t length)
{
	struct buffer pattern = BUFFER_INIT, text = BUFFER_INIT;
	size_t stars = 0;
	for (size_t i = 0; i < length && i < 40; i++) {
		const char *part = parts[bytes[i] % PARTS];
		stars += i < 16 && *part == '*';
		if (i >= 16)
			buffer_append_byte(&text, letters[bytes[i] % (sizeof letters - 1)]);
		else if (*part != '*' || stars <= 4) /* of more, fnmatch() takes for ever */
			buffer_append_string(&pattern, part);
	}
	FUZZ_CHECK(glob_matches(pattern.data, text.data) == (fnmatch(pattern.data, text.data, FNM_CASEFOLD | FNM_NOESCAPE) == 0));
	buffer_release(&pattern);
	buffer_release(&text);
}

void fuzz_glob(const uint8_t *bytes, size_t length)
{
	struct fuzz_input input = {bytes, length};
	struct buffer pattern = BUFFER_INIT, text = BUFFER_INIT, escaped = BUFFER_INIT;
	check_right(bytes, length);
	fuzz_line(&input, &pattern);
	fuzz_line(&input, &text);
	glob_matches(pattern.data, text.data);
	glob_append_escaped(&escaped, text.data);
	FUZZ_CHECK(glob_matches(escaped.data, text.data));
	FUZZ_CHECK(glob_matches(escaped.data, pattern.data) == (strcasecmp(pattern.data, text.data) == 0));
	buffer_release(&pattern);
	buffer_release(&text);
	buffer_release(&escaped);
}
