/*
 * json_file.h: chosen fields of a small JSON file: job.json, begun.json, a manifest, a profile.
 *
 *     static const char *const pointers[] = {"/run_id", "/state"};
 *     struct json_file job;
 *     if (json_file_read(&job, path, pointers, 2, &error) < 0)
 *             return -1;
 *     json_file_text(&job, 0, run_id, sizeof run_id);
 *     json_file_release(&job);
 */
#ifndef ENVTALLY_JSON_FILE_H
#define ENVTALLY_JSON_FILE_H

#include "base/buffer.h"
#include "json/json_scan.h"

#define JSON_FILE_LIMIT ((size_t)64 << 20) /* bytes */
#define JSON_FILE_FIELDS 8

struct json_file {
	struct buffer text;
	struct json_scanner *scanner;
	struct json_slice slices[JSON_FILE_FIELDS]; /* by pointer; they last until json_file_release() */
};

/* At most JSON_FILE_FIELDS pointers (json_scan.h). EX_NOINPUT when the file is missing, EX_DATAERR when it is not JSON. Releases on an error. */
int json_file_read(struct json_file *file, const char *path, const char *const pointers[], size_t count, struct error *error);
void json_file_release(struct json_file *file);

/* Copies the content of a string or the JSON of anything else into `text`, NUL-terminated and cut to fit; "" for null and for what is not there. */
const char *json_file_text(const struct json_file *file, int slot, char *text, size_t size);

#endif
