/*
 * error.h: an error as a value.
 *
 * Library functions never print and never exit: they fill a `struct error` and return -1 (or NULL);
 * main prints it once, through diag_error(), and exits with `status`.
 *
 * `text` reads "cannot <verb> '<object>': <reason>", lower case, no full stop, without the program's name,
 * and may add what to do about it. `status` is the sysexits code that the program should end with.
 * It may contain text from outside, unescaped: diag escapes control characters when it prints.
 *
 * A function that takes a `struct error *` may be given NULL by a caller that only wants the return value.
 */
#ifndef ENVTALLY_ERROR_H
#define ENVTALLY_ERROR_H

#include <sysexits.h>

#ifdef __cplusplus
extern "C" {
#endif

struct error {
	int status; /* 0 while there is no error, else one of <sysexits.h> */
	char text[1024];
};

#define ERROR_INIT \
	{ \
		0 \
	}

/* Sets `*error` (over an earlier one) and returns -1, so that `return error_set(…)` reads well. Too long a text is cut. */
int error_set(struct error *error, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same, followed by ": " and the text of the present errno. */
int error_set_errno(struct error *error, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "PREFIX: " before the text of an error that is already set: context added on the way up. Returns -1. */
int error_prefix(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* For analyzers, which see one file at a time: these always return -1. */
#ifdef __clang_analyzer__
#define error_set(...) (error_set(__VA_ARGS__), -1)
#define error_set_errno(...) (error_set_errno(__VA_ARGS__), -1)
#define error_prefix(...) (error_prefix(__VA_ARGS__), -1)
#endif

#ifdef __cplusplus
}
#endif

#endif
