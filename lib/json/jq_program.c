#include "json/jq_program.h"

#include "json/json_scan.h"

#include "json/json_escapes.h"

#include <jq.h>
#include <jv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct jq_program {
	jq_state *jq;
	char problem[300]; /* jq's first message of the present call */
};

#define NO(name) "def " name ": error(\"" name " is not there for a map\"); "
#define CLOSED \
	NO("env") \
	NO("input") \
	NO("inputs") \
	NO("input_filename") \
	NO("debug") \
	NO("stderr") \
	NO("halt") NO("halt_error") "def halt_error(f): halt_error; def debug(f): debug; " NO("get_search_list") "{} as $ENV | "

static void keep_problem(void *data, jv message)
{
	struct jq_program *program = data;
	jv text = jq_format_error(message);
	/* Of several, the first names the mistake; the last one only counts them. */
	if (*program->problem) {
		jv_free(text);
		return;
	}
	strncpy(program->problem, jv_string_value(text), sizeof program->problem - 1);
	program->problem[strcspn(program->problem, "\n")] = 0;
	jv_free(text);
}

struct jq_program *jq_program_new(const char *name, const char *source, size_t length, struct error *error)
{
	struct jq_program *program = calloc(1, sizeof *program);
	char *text = NULL;
	/* On the first line, so that jq's messages name the user's lines. Behind it nothing can be imported. */
	if (asprintf(&text, CLOSED "%.*s", (int)length, source) < 0)
		text = NULL;
	if (!program || !text || !(program->jq = jq_init())) {
		error_set(error, EX_OSERR, "out of memory");
		goto failed;
	}
	jq_set_error_cb(program->jq, keep_problem, program);
	if (!jq_compile(program->jq, text)) {
		error_set(error, EX_CONFIG, "cannot use jq program '%s': %s", name, program->problem);
		goto failed;
	}
	free(text);
	return program;
failed:
	free(text);
	jq_program_free(program);
	return NULL;
}

void jq_program_free(struct jq_program *program)
{
	if (program && program->jq)
		jq_teardown(&program->jq);
	free(program);
}

/* Passes one result on, and frees it. */
static int pass_on(jv result, int (*each)(void *context, const char *text, size_t length), void *context, struct error *error)
{
	struct buffer copy = BUFFER_INIT;
	jv text = jv_dump_string(result, 0);
	buffer_append(&copy, jv_string_value(text), (size_t)jv_string_length_bytes(jv_copy(text)));
	jv_free(text);
	int stopped = buffer_check(&copy, error);
	if (stopped == 0)
		stopped = each(context, copy.data, copy.length);
	buffer_release(&copy);
	return stopped;
}

/* jq 1.6 refuses some halves of surrogate pairs. */
static jv parse(const char *text, size_t length)
{
	jv input = jv_parse_sized(text, (int)length);
	if (jv_is_valid(input) || !json_has_half_pair(text, length))
		return input;
	struct buffer mended = BUFFER_INIT;
	buffer_append(&mended, text, length);
	if (!mended.failed && json_mend_pairs(mended.data, length)) {
		jv_free(input);
		input = jv_parse_sized(mended.data, (int)length);
	}
	buffer_release(&mended);
	return input;
}

int jq_program_run(struct jq_program *program, const char *name, const char *text, size_t length,
	int (*each)(void *context, const char *text, size_t length), void *context, struct error *error)
{
	jv input = parse(text, length);
	if (!jv_is_valid(input)) {
		jv_free(input);
		return error_set(error, EX_DATAERR, "not JSON for jq");
	}
	*program->problem = 0;
	jq_start(program->jq, input, 0);
	jv result;
	int stopped = 0;
	while (jv_is_valid(result = jq_next(program->jq))) {
		stopped = pass_on(result, each, context, error);
		if (stopped)
			return stopped;
	}
	if (jv_invalid_has_msg(jv_copy(result))) {
		jv message = jv_invalid_get_msg(result);
		bool is_text = jv_get_kind(message) == JV_KIND_STRING;
		error_set(error, EX_DATAERR, "jq program '%s': %s", name, is_text ? jv_string_value(message) : "it failed");
		jv_free(message);
		return -1;
	}
	jv_free(result);
	return 0;
}

struct member {
	const char *pointer;
	struct buffer *to;
};

static int append_member(void *context, const char *text, size_t length)
{
	const struct member *member = context;
	struct json_slice slice;
	struct json_scanner *scanner = json_scanner_new(&member->pointer, 1, NULL);
	int result = scanner && json_scan(scanner, text, length, &slice, NULL) == 0 && slice.kind == JSON_STRING ? 0 : -1;
	if (result == 0)
		buffer_append(member->to, slice.text, slice.length);
	json_scanner_free(scanner);
	return result;
}

int jq_program_append_member(const char *name, const char *source, size_t source_length, const struct buffer *json, const char *pointer,
	struct buffer *to, struct error *error)
{
	struct member member = {pointer, to};
	struct jq_program *program = jq_program_new(name, source, source_length, error);
	int result = program ? jq_program_run(program, name, json->data, json->length, append_member, &member, error) : -1;
	jq_program_free(program);
	if (result != 0 && !error->status)
		error_set(error, EX_SOFTWARE, "jq program '%s' gave no '%s'", name, pointer + 1);
	return result ? -1 : 0;
}
