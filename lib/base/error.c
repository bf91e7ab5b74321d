#include "base/error.h"

#undef error_set
#undef error_set_errno
#undef error_prefix

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *error, int status, const char *format, ...)
{
	if (!error)
		return -1;
	error->status = status;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(error->text, sizeof error->text, format, arguments);
	va_end(arguments);
	return -1;
}

int error_set_errno(struct error *error, int status, const char *format, ...)
{
	int number = errno;
	if (!error)
		return -1;
	error->status = status;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(error->text, sizeof error->text, format, arguments);
	va_end(arguments);
	size_t length = strlen(error->text);
	snprintf(error->text + length, sizeof error->text - length, ": %s", strerror(number));
	return -1;
}

int error_prefix(struct error *error, const char *format, ...)
{
	if (!error)
		return -1;
	char text[sizeof error->text];
	memcpy(text, error->text, sizeof text);
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(error->text, sizeof error->text, format, arguments);
	va_end(arguments);
	size_t length = strlen(error->text);
	snprintf(error->text + length, sizeof error->text - length, ": %s", text);
	return -1;
}
