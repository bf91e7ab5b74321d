#include "run/manifest.h"

#include "base/sha256.h"
#include "io/atomic_file.h"
#include "run/json_file.h"
#include "run/run_folder.h"
#include "json/json_indent.h"
#include "json/json_write.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MANIFEST "raw/manifest.json"

/* ---- writing ---- */

static int append_files(const char *folder, const char *pattern, struct buffer *json, struct error *error)
{
	char path[RUN_PATH_LIMIT], hash[SHA256_HEX_LENGTH + 1];
	glob_t found;
	int result = 0;
	snprintf(path, sizeof path, "%s/%s", folder, pattern);
	if (glob(path, 0, NULL, &found) != 0)
		return 0;
	for (size_t i = 0; i < found.gl_pathc && result == 0; i++) {
		result = sha256_file(found.gl_pathv[i], hash, error);
		json_begin(json, '{');
		json_member_text(json, "sha256", hash);
		json_member_text(json, "file", found.gl_pathv[i] + strlen(folder) + 1);
		json_end(json, '}');
	}
	globfree(&found);
	return result;
}

static int append_previous(const char *runs, const char *previous, struct buffer *json, struct error *error)
{
	char path[RUN_PATH_LIMIT], hash[SHA256_HEX_LENGTH + 1];
	if (!previous) {
		json_member_null(json, "previous");
		return 0;
	}
	bool is_lost = access(run_path(path, runs, previous, MANIFEST), F_OK) != 0;
	if (!is_lost && sha256_file(path, hash, error) < 0)
		return -1;
	json_member_begin(json, "previous", '{');
	json_member_text(json, "run", previous);
	if (is_lost)
		json_member_null(json, "sha256");
	else
		json_member_text(json, "sha256", hash);
	json_end(json, '}');
	return 0;
}

int manifest_write(const char *folder, const char *runs, const char *previous, struct error *error)
{
	char path[RUN_PATH_LIMIT];
	struct buffer json = BUFFER_INIT, text = BUFFER_INIT;
	snprintf(path, sizeof path, "%s/%s", folder, MANIFEST);
	json_begin(&json, '{');
	int result = append_previous(runs, previous, &json, error);
	json_member_begin(&json, "files", '[');
	if (result < 0 || append_files(folder, "raw/*.exchanges", &json, error) < 0 ||
		append_files(folder, "raw/*.bodies", &json, error) < 0 || append_files(folder, "inputs/*", &json, error) < 0)
		result = -1;
	json_end(&json, ']');
	json_end(&json, '}');
	json_finish(&json);
	if (result == 0 && (result = buffer_check(&json, error)) == 0) {
		json_indent(json.data, json.length, &text);
		result = atomic_file_write(path, &text, 0666, error);
	}
	buffer_release(&json);
	buffer_release(&text);
	return result;
}

/* ---- verifying ---- */

struct verification {
	const char *runs, *run;
	struct json_scanner *scanner; /* of an entry of `files` */
	struct error *error;
};

static int verify_file(void *context, const char *text, size_t length)
{
	const struct verification *verification = context;
	char path[RUN_PATH_LIMIT], file[1024], hash[SHA256_HEX_LENGTH + 1];
	struct buffer entry = BUFFER_INIT;
	struct json_slice slices[2];
	buffer_append(&entry, text, length);
	int result = buffer_check(&entry, verification->error) < 0 ||
			json_scan(verification->scanner, entry.data, entry.length, slices, verification->error) < 0 ||
			slices[0].kind != JSON_STRING || slices[1].kind != JSON_STRING || slices[1].length >= sizeof file
		? error_set(verification->error, EX_DATAERR, "cannot verify run '%s': its manifest has a wrong entry", verification->run)
		: 0;
	if (result == 0) {
		snprintf(file, sizeof file, "%.*s", (int)slices[1].length, slices[1].text);
		result = sha256_file(run_path(path, verification->runs, verification->run, file), hash, NULL);
		if (result < 0 || slices[0].length != SHA256_HEX_LENGTH || memcmp(hash, slices[0].text, SHA256_HEX_LENGTH) != 0)
			result = error_set(verification->error, EX_DATAERR, "cannot verify run '%s': %s %s its manifest", verification->run,
				file, result < 0 ? "is missing, which is in" : "differs from");
	}
	buffer_release(&entry);
	return result;
}

static int verify_run(const struct verification *verification, const char *before, struct error *error)
{
	static const char *const pointers[] = {"/previous/sha256", "/files"};
	char path[RUN_PATH_LIMIT], hash[SHA256_HEX_LENGTH + 1] = "", previous[SHA256_HEX_LENGTH + 1];
	struct json_file file;
	if (access(run_path(path, verification->runs, verification->run, MANIFEST), F_OK) != 0)
		return error_set(error, EX_DATAERR, "cannot verify run '%s': '%s' is lost", verification->run, path);
	if (before && sha256_file(run_path(path, verification->runs, before, MANIFEST), hash, error) < 0)
		return -1;
	if (json_file_read(&file, run_path(path, verification->runs, verification->run, MANIFEST), pointers, 2, error) < 0)
		return -1;
	int result = 0;
	if (strcmp(json_file_text(&file, 0, previous, sizeof previous), hash) != 0)
		result = error_set(error, EX_DATAERR, "cannot verify run '%s': its manifest names another run before it than %s",
			verification->run, before ? before : "none");
	else if (file.slices[1].kind != JSON_ARRAY)
		result = error_set(error, EX_DATAERR, "cannot verify run '%s': its manifest lists no files", verification->run);
	else
		result = json_scan_elements(file.scanner, &file.slices[1], verify_file, (void *)verification, error);
	json_file_release(&file);
	return result;
}

int manifest_verify(const char *runs, const struct promotions *promotions, size_t last, struct error *error)
{
	static const char *const pointers[] = {"/sha256", "/file"};
	struct verification verification = {.runs = runs, .error = error};
	verification.scanner = json_scanner_new(pointers, 2, error);
	int result = verification.scanner ? 0 : -1;
	for (size_t i = 0; i <= last && result == 0; i++) {
		verification.run = promotions->list[i].run_id;
		result = verify_run(&verification, i ? promotions->list[i - 1].run_id : NULL, error);
	}
	json_scanner_free(verification.scanner);
	return result;
}
