#include "fetch/fetch_progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define RATE_AFTER_MS 1000 /* a rate of less time says nothing */

struct line {
	char *text;
	size_t size, length;
};

__attribute__((format(printf, 2, 3))) static void append(struct line *line, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(line->text + line->length, line->size - line->length, format, arguments);
	va_end(arguments);
	line->length = length > 0 && line->length + (size_t)length < line->size ? line->length + (size_t)length : line->size - 1;
}

static void append_time(struct line *line, int64_t seconds)
{
	if (seconds < 60)
		append(line, "%" PRId64 " s", seconds);
	else if (seconds < 5400)
		append(line, "%" PRId64 " min", (seconds + 30) / 60);
	else
		append(line, "%" PRId64 " h %02" PRId64 " min", seconds / 3600, seconds % 3600 / 60);
}

void fetch_progress_format(const struct fetch_progress *progress, char *text, size_t size)
{
	struct line line = {text, size, 0};
	append(&line, "%zu of %zu %s", progress->finished, progress->accounts, progress->unit);
	if (progress->failed)
		append(&line, " (%zu failed)", progress->failed);
	append(&line, ", %llu envelopes", progress->records);
	if (progress->elapsed_ms >= RATE_AFTER_MS)
		append(&line, ", %llu a second", progress->records * 1000 / (unsigned long long)progress->elapsed_ms);
	if (progress->request_limit > 0)
		append(&line, ", %" PRId64 " of %" PRId64 " requests left this hour", progress->requests_left, progress->request_limit);
	if (progress->finished == progress->accounts) {
		append(&line, ", done in ");
		append_time(&line, progress->elapsed_ms / 1000);
	} else if (progress->finished && progress->elapsed_ms >= RATE_AFTER_MS) {
		double left = (double)progress->elapsed_ms / 1000 / (double)progress->finished *
			(double)(progress->accounts - progress->finished);
		append(&line, ", about ");
		append_time(&line, (int64_t)left + 1);
		append(&line, " left");
	}
}
