#include "auth/password.h"

#include "config/secret.h"

#include <openssl/ui.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int read_line(int descriptor, const char *name, struct buffer *line, struct error *error)
{
	while (line->length <= PASSWORD_LIMIT) {
		char byte;
		ssize_t count = read(descriptor, &byte, 1);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_set_errno(error, errno == EBADF ? EX_NOINPUT : EX_IOERR, "cannot read the password from '%s'", name);
		if (count == 0 || byte == '\n')
			break;
		buffer_append_byte(line, byte);
		if (buffer_check(line, error) < 0)
			return -1;
	}
	if (line->length > 0 && line->data[line->length - 1] == '\r')
		line->data[--line->length] = 0;
	if (line->length >= 3 && memcmp(line->data, "\xef\xbb\xbf", 3) == 0) {
		line->length -= 3;
		memmove(line->data, line->data + 3, line->length + 1);
	}
	return 0;
}

static int read_file(const char *path, const char *base_directory, struct buffer *line, struct error *error)
{
	struct buffer full = BUFFER_INIT;
	int descriptor = -1, result = -1;
	if (base_directory && *path != '/')
		buffer_append_format(&full, "%s/", base_directory);
	buffer_append_string(&full, path);
	if (buffer_check(&full, error) < 0)
		goto out;
	descriptor = open(full.data, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0) {
		error_set_errno(error, EX_NOINPUT, "cannot open the password file '%s'", full.data);
		goto out;
	}
	result = read_line(descriptor, full.data, line, error);
out:
	if (descriptor >= 0)
		close(descriptor);
	buffer_release(&full);
	return result;
}

static int read_descriptor(const char *number, struct buffer *line, struct error *error)
{
	return read_line(atoi(number), number, line, error);
}

static int read_variable(const char *name, struct buffer *line, struct error *error)
{
	const char *value = getenv(name);
	if (!value)
		return error_set(error, EX_CONFIG, "cannot read the password: the environment variable '%s' is not set", name);
	buffer_append_string(line, value);
	return buffer_check(line, error);
}

/* OpenSSL's console dialogue turns the echo off, and on again whatever signal interrupts it. */
static int read_terminal(struct buffer *line, struct error *error)
{
	int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (terminal < 0)
		return error_set(error, EX_CONFIG,
			"cannot ask for the password: there is no terminal: name its source, file:PATH, fd:N or env:NAME");
	close(terminal);
	int result = -1;
	char answer[PASSWORD_LIMIT + 2];
	UI *dialogue = UI_new_method(UI_OpenSSL());
	if (!dialogue || UI_add_input_string(dialogue, "Password of the private key: ", 0, answer, 0, sizeof answer - 1) < 0)
		error_set(error, EX_OSERR, "out of memory");
	else if (UI_process(dialogue) != 0)
		error_set(error, EX_NOPERM, "cannot read the password from the terminal: the dialogue was broken off");
	else {
		buffer_append_string(line, answer);
		result = buffer_check(line, error);
	}
	UI_free(dialogue);
	explicit_bzero(answer, sizeof answer);
	return result;
}

int password_check_source(const char *source, struct error *error)
{
	const char *rest;
	if (!source || password_source_parse(source, &rest) != PASSWORD_UNKNOWN)
		return 0;
	if (strncmp(source, "pass:", 5) == 0)
		return error_set(error, EX_CONFIG,
			"cannot use the password itself: others can read it on a command line or in a profile: "
			"put it into a file and name that, file:PATH (or fd:N, env:NAME)");
	if (strncmp(source, "fd:", 3) == 0)
		return error_set(error, EX_CONFIG, "cannot read the password: fd: needs the number of an open descriptor, as in fd:3");
	return error_set(
		error, EX_CONFIG, "cannot read the password: its source is none of file:PATH, fd:N, env:NAME (never the password itself)");
}

static int read_source(const char *source, const char *base_directory, struct buffer *line, struct error *error)
{
	const char *rest;
	if (!source)
		return read_terminal(line, error);
	switch (password_source_parse(source, &rest)) {
	case PASSWORD_FILE:
		return read_file(rest, base_directory, line, error);
	case PASSWORD_DESCRIPTOR:
		return read_descriptor(rest, line, error);
	case PASSWORD_ENVIRONMENT:
		return read_variable(rest, line, error);
	default:
		return password_check_source(source, error);
	}
}

int password_read(const char *source, const char *base_directory, struct buffer *password, struct error *error)
{
	struct buffer line = BUFFER_INIT;
	int result = read_source(source, base_directory, &line, error);
	if (result < 0)
		goto out;
	if (line.length == 0)
		result = error_set(error, EX_CONFIG, "cannot use the password: it is empty");
	else if (line.length > PASSWORD_LIMIT)
		result = error_set(error, EX_CONFIG, "cannot use the password: it has more than %d bytes", PASSWORD_LIMIT);
	else if (strlen(line.data) != line.length)
		result = error_set(error, EX_CONFIG, "cannot use the password: it has a NUL byte in it");
	else {
		buffer_append(password, line.data, line.length);
		result = buffer_check(password, error);
	}
out:
	buffer_release_secret(&line);
	return result;
}
