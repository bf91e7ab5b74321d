#include "io/diag.h"

#include "base/file_name.h"
#include "base/format_arguments.h"
#include "base/instant.h"
#include "io/display.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CLEAR "\r\033[K"

static struct {
	const char *program, *profile; /* the profile that a run is for; NULL: none */
	int verbosity;
	bool json;
	int terminal; /* is stderr one that can clear a line? 0: not asked yet, 1: yes, -1: no */
	struct {
		bool shown, leads;
		long every; /* seconds between plain lines; 0: none */
		long long at; /* milliseconds, monotonic */
	} progress;
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
	diag.profile = getenv("ENVTALLY_PROFILE");
	const char *every = getenv("ENVTALLY_PROGRESS");
	diag.progress.every = every ? strtol(every, NULL, 10) : 0;
}

void diag_set_verbosity(int verbosity)
{
	diag.verbosity = verbosity;
}

/* Asked once: it is asked for every record. */
static bool is_terminal(void)
{
	if (!diag.terminal) {
		const char *kind = getenv("TERM");
		diag.terminal = isatty(STDERR_FILENO) && !(kind && strcmp(kind, "dumb") == 0) ? 1 : -1;
	}
	return diag.terminal > 0;
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
	if (is_terminal() && !diag.json) /* another program of the pipe may show its progress */
		used += (size_t)snprintf(line, sizeof line, CLEAR);
	diag.progress.shown = false;
	bool names_profile = diag.profile && file_name_is_plain(diag.profile, strlen(diag.profile));
	const char *profile = names_profile ? diag.profile : "";
	if (diag.json)
		used += (size_t)snprintf(line + used, sizeof line - used, "{\"level\":\"%s\",\"program\":\"%.64s\",%s%s%s\"message\":\"",
			levels[level].name, diag.program, names_profile ? "\"profile\":\"" : "", profile, names_profile ? "\"," : "");
	else
		used += (size_t)snprintf(line + used, sizeof line - used, "%s%.64s:%s %s%s%s", colour, diag.program,
			*colour ? "\033[0m" : "", levels[level].prefix, level == DIAG_WARNING ? profile : "",
			names_profile && level == DIAG_WARNING ? ": " : "");
	struct buffer shown = BUFFER_INIT;
	for (size_t length; *text; text += length) { /* ends of lines and tabs as bytes: \x0a */
		length = strcspn(text, "\n\r\t");
		display_append(&shown, text, length, 0);
		if (text[length])
			buffer_append_format(&shown, "\\x%02x", (unsigned char)text[length++]);
	}
	for (const char *at = shown.data; at && *at && used < sizeof line - 16; at++) {
		if (diag.json && (*at == '"' || *at == '\\'))
			line[used++] = '\\';
		line[used++] = *at;
	}
	buffer_release(&shown);
	used += (size_t)snprintf(line + used, sizeof line - used, diag.json ? "\"}\n" : "\n");
	write_stderr(line, used);
}

void diag_error(const struct error *error)
{
	diag_complain(error->text, true);
}

void diag_complain(const char *message, bool is_mistake)
{
	if (!is_mistake)
		return;
	print(DIAG_ERROR, message);
}

void diag_print(enum diag_level level, const char *format, ...)
{
	char text[2048];
	if (diag.verbosity < levels[level].verbosity)
		return;
	FORMAT_ARGUMENTS(text, format);
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

/* ---- progress ---- */

/* Whether this program is the one that shows its progress on the terminal. The lock is the process's and goes with it. */
static bool holds_terminal(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	return fcntl(STDERR_FILENO, F_SETLK, &lock) == 0 || (errno != EAGAIN && errno != EACCES);
}

void diag_progress_lead(void)
{
	diag.progress.leads = true;
	if (!is_terminal())
		diag.progress.at = monotonic_ms();
}

bool diag_progress_is_due(void)
{
	if (diag.verbosity < 0 || diag.json || (!is_terminal() && (!diag.progress.leads || diag.progress.every <= 0)))
		return false;
	return monotonic_ms() - diag.progress.at >= (is_terminal() ? 100 : diag.progress.every * 1000);
}

/* As much as fits on a line of the terminal: a longer one could not be overwritten. */
static void show_on_terminal(const char *text)
{
	char line[512];
	struct winsize size = {.ws_col = 0};
	int width = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 && size.ws_col < 400 ? size.ws_col - 1 : 79;
	int length = snprintf(line, sizeof line, "%.64s: %s", diag.program, text);
	length = length < width ? length : width;
	/* Back to its beginning: what another program writes takes the line's place. */
	char shown[sizeof line + sizeof CLEAR];
	length = snprintf(shown, sizeof shown, CLEAR "%.*s\r", length, line);
	write_stderr(shown, (size_t)length);
	diag.progress.shown = true;
}

void diag_progress(const char *format, ...)
{
	char text[256];
	if (!diag_progress_is_due())
		return;
	diag.progress.at = monotonic_ms();
	FORMAT_ARGUMENTS(text, format);
	if (!is_terminal())
		print(DIAG_NOTE, text);
	else if (holds_terminal())
		show_on_terminal(text);
}

void diag_progress_end(const char *format, ...)
{
	char text[256];
	if (diag.verbosity < 0 || diag.json || diag.progress.every <= 0)
		return;
	FORMAT_ARGUMENTS(text, format);
	print(DIAG_NOTE, text);
}

void diag_end(void)
{
	if (diag.progress.shown)
		write_stderr(CLEAR, strlen(CLEAR));
	diag.progress.shown = false;
}
