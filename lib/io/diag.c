#include "io/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
	const char *program;
	int verbosity;
	bool json;
	bool progress_shown;
	int terminal; /* is stderr one? 0: not asked yet, 1: yes, -1: no */
	long long progress_at; /* milliseconds, monotonic */
} diag = {.program = "envtally"};

static const struct {
	const char *name, *colour, *prefix;
	int verbosity; /* from which it is printed */
} levels[] = {
	[DIAG_ERROR] = {"error", "\033[31m", "", -1},
	[DIAG_WARNING] = {"warning", "\033[33m", "warning: ", 0},
	[DIAG_NOTE] = {"note", "", "", 0},
	[DIAG_INFO] = {"info", "", "", 1},
};

void diag_begin(const char *program, bool json)
{
	const char *slash = strrchr(program, '/');
	diag.program = slash ? slash + 1 : program;
	diag.json = json;
}

void diag_set_verbosity(int verbosity)
{
	diag.verbosity = verbosity;
}

static bool is_colourful(void)
{
	const char *no_color = getenv("NO_COLOR");
	return !diag.json && isatty(STDERR_FILENO) && !(no_color && *no_color);
}

/* In one piece, so that lines of the programs of a pipe do not mix. Nothing can be done about a stderr that fails. */
static void write_stderr(const char *line, size_t length)
{
	ssize_t ignored = write(STDERR_FILENO, line, length);
	(void)ignored;
}

static void print(enum diag_level level, const char *text)
{
	char line[4096];
	size_t used = 0;
	const char *colour = is_colourful() ? levels[level].colour : "";
	if (diag.progress_shown)
		used += (size_t)snprintf(line, sizeof line, "\r\033[K");
	diag.progress_shown = false;
	if (diag.json)
		used += (size_t)snprintf(line + used, sizeof line - used, "{\"level\":\"%s\",\"program\":\"%.64s\",\"message\":\"",
			levels[level].name, diag.program);
	else
		used += (size_t)snprintf(line + used, sizeof line - used, "%s%.64s:%s %s", colour, diag.program, *colour ? "\033[0m" : "",
			levels[level].prefix);
	for (const char *at = text; *at && used < sizeof line - 16; at++) {
		unsigned char byte = (unsigned char)*at;
		if (byte < 0x20 || byte == 0x7f)
			used += (size_t)snprintf(line + used, sizeof line - used, diag.json ? "\\u%04x" : "\\x%02x", byte);
		else if (diag.json && (byte == '"' || byte == '\\'))
			used += (size_t)snprintf(line + used, sizeof line - used, "\\%c", byte);
		else
			line[used++] = *at;
	}
	used += (size_t)snprintf(line + used, sizeof line - used, diag.json ? "\"}\n" : "\n");
	write_stderr(line, used);
}

void diag_error(const struct error *error)
{
	print(DIAG_ERROR, error->text);
}

void diag_print(enum diag_level level, const char *format, ...)
{
	char text[2048];
	va_list arguments;
	if (diag.verbosity < levels[level].verbosity)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	print(level, text);
}

void diag_metric_records(const char *stream, unsigned long long count)
{
	if (diag.verbosity < 1)
		return;
	char line[256];
	int length = snprintf(line, sizeof line,
		"INFO METRIC: {\"type\":\"counter\",\"metric\":\"record_count\",\"value\":%llu,\"tags\":{\"endpoint\":\"%s\"}}\n", count,
		stream);
	write_stderr(line, (size_t)length);
}

void diag_progress(const char *format, ...)
{
	/* Asked once: this is called for every record. */
	if (!diag.terminal)
		diag.terminal = isatty(STDERR_FILENO) ? 1 : -1;
	if (diag.terminal < 0 || diag.verbosity < 0 || diag.json)
		return;
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	long long at = now.tv_sec * 1000LL + now.tv_nsec / 1000000;
	if (at - diag.progress_at < 100)
		return;
	diag.progress_at = at;
	diag.progress_shown = true;
	char text[256], line[512];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	int length = snprintf(line, sizeof line, "\r\033[K%.64s: %s", diag.program, text);
	write_stderr(line, (size_t)length);
}
