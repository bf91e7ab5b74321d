#include "base/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char buffer_empty[1 + BUFFER_PADDING];

void buffer_reset(struct buffer *buffer)
{
	buffer->length = 0;
	buffer->failed = false;
	if (buffer->capacity)
		buffer->data[0] = 0;
}

void buffer_release(struct buffer *buffer)
{
	if (buffer->capacity)
		free(buffer->data);
	*buffer = (struct buffer)BUFFER_INIT;
}

void buffer_release_secret(struct buffer *buffer)
{
	if (buffer->capacity)
		explicit_bzero(buffer->data, buffer->capacity);
	buffer_release(buffer);
}

/* Not realloc: the old block may hold a secret, which realloc would leave behind in freed memory; growth is rare. */
static bool grow(struct buffer *buffer, size_t needed)
{
	size_t capacity = buffer->capacity ? buffer->capacity : 256;
	while (capacity < needed) {
		if (capacity > (size_t)-1 / 2 - BUFFER_PADDING - 1)
			return false;
		capacity *= 2;
	}
	char *data = malloc(capacity + 1 + BUFFER_PADDING);
	if (!data)
		return false;
	if (buffer->length)
		memcpy(data, buffer->data, buffer->length);
	memset(data + buffer->length, 0, capacity + 1 + BUFFER_PADDING - buffer->length);
	if (buffer->capacity) {
		explicit_bzero(buffer->data, buffer->length);
		free(buffer->data);
	}
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

char *buffer_reserve(struct buffer *buffer, size_t extra)
{
	if (buffer->failed)
		return NULL;
	size_t needed = buffer->length + extra;
	if (needed < extra || ((needed > buffer->capacity || !buffer->capacity) && !grow(buffer, needed))) {
		buffer->failed = true;
		return NULL;
	}
	return buffer->data + buffer->length;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t count)
{
	char *end = buffer_reserve(buffer, count);
	if (!end)
		return;
	if (count) /* else `bytes` may be NULL, which memcpy() must not be given */
		memcpy(end, bytes, count);
	end[count] = 0;
	buffer->length += count;
}

void buffer_append_string(struct buffer *buffer, const char *string)
{
	buffer_append(buffer, string, strlen(string));
}

void buffer_append_byte(struct buffer *buffer, char byte)
{
	buffer_append(buffer, &byte, 1);
}

void buffer_append_format(struct buffer *buffer, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int count = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	char *end = count < 0 ? NULL : buffer_reserve(buffer, (size_t)count);
	if (!end) {
		buffer->failed = true;
		return;
	}
	va_start(arguments, format);
	vsnprintf(end, (size_t)count + 1, format, arguments);
	va_end(arguments);
	buffer->length += (size_t)count;
}

int buffer_append_descriptor(struct buffer *buffer, int descriptor, size_t limit, const char *name, struct error *error)
{
	size_t start = buffer->length;
	for (;;) {
		char *end = buffer_reserve(buffer, 65536);
		if (!end)
			return buffer_check(buffer, error);
		ssize_t count = read(descriptor, end, 65536);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_set_errno(error, EX_IOERR, "cannot read '%s'", name);
		buffer->length += (size_t)count;
		buffer->data[buffer->length] = 0;
		if (count == 0)
			return 0;
		if (buffer->length - start > limit)
			return error_set(error, EX_DATAERR, "cannot read '%s': it is larger than the limit of %zu bytes", name, limit);
	}
}

int buffer_append_file(struct buffer *buffer, const char *path, size_t limit, struct error *error)
{
	int descriptor = open(path, O_RDONLY | O_CLOEXEC);
	if (descriptor < 0)
		return error_set_errno(error, EX_NOINPUT, "cannot open '%s'", path);
	int result = buffer_append_descriptor(buffer, descriptor, limit, path, error);
	close(descriptor);
	return result;
}

int buffer_check(const struct buffer *buffer, struct error *error)
{
	return buffer->failed ? error_set(error, EX_OSERR, "out of memory") : 0;
}
