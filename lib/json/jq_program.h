/*
 * jq_program.h: records transformed by a jq program (libjq), where speed matters less.
 */
#ifndef ENVTALLY_JQ_PROGRAM_H
#define ENVTALLY_JQ_PROGRAM_H

#include "base/buffer.h"

struct jq_program;

/*
 * A program computes from its input alone, so that a run can be repeated and nothing leaks: it cannot import or include files, and env, $ENV,
 * input, inputs, input_filename, debug, stderr, halt, halt_error and get_search_list fail in it.
 */

/* Compiles a program; `length` bytes of text, `name` for messages. NULL with EX_CONFIG and jq's message. */
struct jq_program *jq_program_new(const char *name, const char *source, size_t length, struct error *error);
void jq_program_free(struct jq_program *program);

/*
 * Runs the program on one JSON text and calls `each` with every result as JSON text (followed by BUFFER_PADDING bytes,
 * valid within the call). Returns 0, what `each` returned when not 0, or -1 with EX_DATAERR when the program, called `name`, fails.
 */
int jq_program_run(struct jq_program *program, const char *name, const char *text, size_t length,
	int (*each)(void *context, const char *text, size_t length), void *context, struct error *error);

/*
 * Compiles and runs a program that gives one object, and appends the string that is its member at `pointer` ("/page"). EX_SOFTWARE when it
 * gives none.
 */
int jq_program_append_member(const char *name, const char *source, size_t source_length, const struct buffer *json, const char *pointer,
	struct buffer *to, struct error *error);

#endif
