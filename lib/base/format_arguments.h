/*
 * format_arguments.h: the text of a function's own printf-like arguments.
 */
#ifndef ENVTALLY_FORMAT_ARGUMENTS_H
#define ENVTALLY_FORMAT_ARGUMENTS_H

#include <stdarg.h>
#include <stdio.h>

/* Into `text`, an array, where too long a one is cut. `format` is the last named parameter. */
#define FORMAT_ARGUMENTS(text, format) \
	do { \
		va_list arguments; \
		va_start(arguments, format); \
		vsnprintf(text, sizeof(text), format, arguments); \
		va_end(arguments); \
	} while (0)

#endif
