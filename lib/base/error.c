#include "base/error.h"

#undef error_set
#undef error_set_errno
#undef error_prefix

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* `reason`, which may be the old text, follows the formatted text after ": " unless it is NULL. */
static int set(struct error *error, int status, const char *reason, const char *format, va_list arguments)
{
	if (!error)
		return -1;
	char text[sizeof error->text];
	vsnprintf(text, sizeof text, format, arguments);
	size_t length = strlen(text);
	if (reason)
		snprintf(text + length, sizeof text - length, ": %s", reason);
	memcpy(error->text, text, sizeof text);
	error->status = status;
	return -1;
}

int error_set(struct error *error, int status, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	set(error, status, NULL, format, arguments);
	va_end(arguments);
	return -1;
}

int error_set_errno(struct error *error, int status, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	set(error, status, strerror(errno), format, arguments);
	va_end(arguments);
	return -1;
}

int error_prefix(struct error *error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	set(error, error ? error->status : 0, error ? error->text : NULL, format, arguments);
	va_end(arguments);
	return -1;
}
