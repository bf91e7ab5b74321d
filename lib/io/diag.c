#include "io/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
	const char *program;
	int level;
	bool json;
	bool progress_shown;
	int terminal; /* is stderr one? 0: not asked yet, 1: yes, -1: no */
	long long progress_at; /* milliseconds, monotonic */
} diag = {.program = "envtally"};

void diag_begin(const char *program)
{
	const char *slash = strrchr(program, '/');
	diag.program = slash ? slash + 1 : program;
}

void diag_set_level(int level)
{
	diag.level = level;
}

void diag_set_json(bool json)
{
	diag.json = json;
}

static bool colourful(void)
{
	const char *no_color = getenv("NO_COLOR");
	return isatty(STDERR_FILENO) && !(no_color && *no_color);
}

/* Written in one piece, so that lines of programs of one pipe do not mix. */
static void say(const char *level, const char *colour, const char *text)
{
	char line[4096];
	size_t used = 0;
	bool colours = colour && !diag.json && colourful();
	if (diag.progress_shown)
		used += (size_t)snprintf(line, sizeof line, "\r\033[K");
	diag.progress_shown = false;
	if (diag.json)
		used += (size_t)snprintf(
			line + used, sizeof line - used, "{\"level\":\"%s\",\"program\":\"%.64s\",\"message\":\"", level, diag.program);
	else
		used += (size_t)snprintf(line + used, sizeof line - used, "%s%.64s:%s %s", colours ? colour : "", diag.program,
			colours ? "\033[0m" : "", strcmp(level, "warning") == 0 ? "warning: " : "");
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
	/* Nothing can be done about a stderr that does not take it. */
	ssize_t ignored = write(STDERR_FILENO, line, used);
	(void)ignored;
}

static void say_format(const char *level, const char *colour, const char *format, va_list arguments)
{
	char text[2048];
	vsnprintf(text, sizeof text, format, arguments);
	say(level, colour, text);
}

void diag_error(const struct error *error)
{
	say("error", "\033[31m", error->text);
}

void diag_warn(const char *format, ...)
{
	if (diag.level < 0)
		return;
	va_list arguments;
	va_start(arguments, format);
	say_format("warning", "\033[33m", format, arguments);
	va_end(arguments);
}

void diag_note(const char *format, ...)
{
	if (diag.level < 0)
		return;
	va_list arguments;
	va_start(arguments, format);
	say_format("note", NULL, format, arguments);
	va_end(arguments);
}

void diag_info(const char *format, ...)
{
	if (diag.level < 1)
		return;
	va_list arguments;
	va_start(arguments, format);
	say_format("info", NULL, format, arguments);
	va_end(arguments);
}

void diag_metric_records(const char *stream, unsigned long long count)
{
	if (diag.level < 1)
		return;
	char line[256];
	int length = snprintf(line, sizeof line,
		"INFO METRIC: {\"type\":\"counter\",\"metric\":\"record_count\",\"value\":%llu,\"tags\":{\"endpoint\":\"%s\"}}\n", count,
		stream);
	ssize_t ignored = write(STDERR_FILENO, line, (size_t)length);
	(void)ignored;
}

void diag_progress(const char *format, ...)
{
	/* Asked once: this is called for every record. */
	if (!diag.terminal)
		diag.terminal = isatty(STDERR_FILENO) ? 1 : -1;
	if (diag.terminal < 0 || diag.level < 0 || diag.json)
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
	ssize_t ignored = write(STDERR_FILENO, line, (size_t)length);
	(void)ignored;
}
