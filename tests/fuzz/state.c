/* fuzz_state: a fetcher's STATE, written again, is read as the same. */
#include "fuzz.h"

#include "fetch/bookmarks.h"

void fuzz_state(const uint8_t *bytes, size_t length)
{
	const struct shard all = {.count = 0};
	const struct buffer none = BUFFER_INIT;
	struct bookmarks bookmarks, again;
	struct buffer once = BUFFER_INIT, twice = BUFFER_INIT;
	struct error error = ERROR_INIT;
	if (bookmarks_load(&bookmarks, "docusign_datafeed", fuzz_file(0, bytes, length), &none, &all, &error) < 0) {
		FUZZ_CHECK(error.status == EX_DATAERR);
		bookmarks_release(&bookmarks);
		return;
	}
	bookmarks_append_state(&bookmarks, &once);
	fuzz_check_lines(&once);
	FUZZ_CHECK(bookmarks_load(&again, "docusign_datafeed", fuzz_file(0, once.data, once.length), &none, &all, &error) == 0);
	bookmarks_append_state(&again, &twice);
	FUZZ_CHECK(once.length == twice.length && memcmp(once.data, twice.data, once.length) == 0);
	bookmarks_release(&bookmarks);
	bookmarks_release(&again);
	buffer_release(&once);
	buffer_release(&twice);
}
