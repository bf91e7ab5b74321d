#include "run/manifest.h"

#include "io/atomic_file.h"
#include "run/json_file.h"
#include "run/run_folder.h"
#include "json/json_indent.h"
#include "json/json_write.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MANIFEST "raw/manifest.json"
#define VERSION "2"

/* ---- writing ---- */

/* Files that the driver removes once the run is promoted, and the manifest itself. */
static bool is_passing(const char *file)
{
	static const char *const passing[] = {"begun.json", "reported.ndjson", "tallied.ndjson", "promotion.ndjson", "verdict",
		"workspace-verdict", "refused", "failed", MANIFEST};
	for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
		if (strcmp(file, passing[i]) == 0)
			return true;
	return false;
}

static int append_files(const char *folder, struct buffer *json, struct error *error)
{
	char path[RUN_PATH_LIMIT], hash[SHA256_HEX_LENGTH + 1];
	struct run_list files;
	if (run_files_read(&files, folder, error) < 0)
		return error_prefix(error, "cannot make the manifest of '%s'", folder);
	int result = 0;
	json_member_begin(json, "files", '[');
	for (size_t i = 0; i < files.count && result == 0; i++) {
		if (is_passing(files.names[i]))
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, files.names[i]);
		result = sha256_file(path, hash, error);
		json_begin(json, '{');
		json_member_text(json, "sha256", hash);
		json_member_text(json, "file", files.names[i]);
		json_end(json, '}');
	}
	json_end(json, ']');
	run_list_release(&files);
	return result;
}

/* A run of an earlier version has no digest in the ledger. */
static int append_previous(const char *runs, const struct promotion *previous, struct buffer *json, struct error *error)
{
	char path[RUN_PATH_LIMIT], hash[SHA256_HEX_LENGTH + 1] = "";
	if (!previous) {
		json_member_null(json, "previous");
		return 0;
	}
	if (*previous->manifest)
		snprintf(hash, sizeof hash, "%s", previous->manifest);
	else if (access(run_path(path, runs, previous->run_id, MANIFEST), F_OK) == 0 && sha256_file(path, hash, error) < 0)
		return -1;
	json_member_begin(json, "previous", '{');
	json_member_text(json, "run", previous->run_id);
	if (*hash)
		json_member_text(json, "sha256", hash);
	else
		json_member_null(json, "sha256");
	json_end(json, '}');
	return 0;
}

int manifest_write(
	const char *folder, const char *runs, const struct promotions *before, char digest[SHA256_HEX_LENGTH + 1], struct error *error)
{
	char path[RUN_PATH_LIMIT];
	struct buffer json = BUFFER_INIT, text = BUFFER_INIT;
	snprintf(path, sizeof path, "%s/%s", folder, MANIFEST);
	json_begin(&json, '{');
	json_member_raw(&json, "manifest", VERSION, strlen(VERSION));
	int result = append_previous(runs, before->count ? &before->list[before->count - 1] : NULL, &json, error);
	if (result == 0)
		result = append_files(folder, &json, error);
	json_end(&json, '}');
	json_finish(&json);
	if (result == 0 && (result = buffer_check(&json, error)) == 0) {
		json_indent(json.data, json.length, &text);
		result = atomic_file_write(path, &text, 0640, error);
	}
	if (result == 0)
		result = sha256_hex(text.data, text.length, digest, error);
	buffer_release(&json);
	buffer_release(&text);
	return result;
}

enum { PREVIOUS, FILES, FORM, FIELDS };
static const char *const pointers[FIELDS] = {"/previous/sha256", "/files", "/manifest"};

int manifest_digest(const char *path, char digest[SHA256_HEX_LENGTH + 1], struct error *error)
{
	struct json_file file;
	char form[8];
	*digest = 0;
	if (json_file_read(&file, path, pointers, FIELDS, error) < 0)
		return -1;
	bool is_earlier = strcmp(json_file_text(&file, FORM, form, sizeof form), VERSION) != 0;
	json_file_release(&file);
	return is_earlier ? 0 : sha256_file(path, digest, error);
}

/* ---- verifying ---- */

struct verification {
	const char *runs, *run;
	bool without_bodies, is_folded;
	struct json_scanner *scanner; /* of an entry of `files` */
	struct run_list files; /* those in the run's folder; what the manifest has listed is "" */
	struct error *error;
};

static int fail_run(const struct verification *verification, const char *file, const char *reason)
{
	return error_set(verification->error, EX_DATAERR, "cannot verify run '%s': %s %s", verification->run, file, reason);
}

static bool ends_in(const char *file, const char *end)
{
	size_t length = strlen(file), part = strlen(end);
	return length >= part && strcmp(file + length - part, end) == 0;
}

/* Only files that are in the folder are opened, whatever the manifest says. */
static int verify_file(const struct verification *verification, const char *file, const struct json_slice *sha256)
{
	char path[RUN_PATH_LIMIT], hash[SHA256_HEX_LENGTH + 1];
	for (size_t i = 0; i < verification->files.count; i++) {
		if (strcmp(verification->files.names[i], file) != 0)
			continue;
		if (sha256_file(run_path(path, verification->runs, verification->run, file), hash, verification->error) < 0)
			return -1;
		if (sha256->length != SHA256_HEX_LENGTH || memcmp(hash, sha256->text, SHA256_HEX_LENGTH) != 0)
			return fail_run(verification, file, "differs from its manifest");
		*verification->files.names[i] = 0;
		return 0;
	}
	if (verification->is_folded || (verification->without_bodies && ends_in(file, ".bodies")))
		return 0;
	return fail_run(verification, file, "is missing, which is in its manifest");
}

static int verify_entry(void *context, const char *text, size_t length)
{
	const struct verification *verification = context;
	char file[1024];
	struct buffer entry = BUFFER_INIT;
	struct json_slice slices[2];
	buffer_append(&entry, text, length);
	int result = buffer_check(&entry, verification->error) < 0 ||
			json_scan(verification->scanner, entry.data, entry.length, slices, verification->error) < 0 ||
			slices[0].kind != JSON_STRING || slices[1].kind != JSON_STRING || slices[1].length >= sizeof file
		? fail_run(verification, MANIFEST, "has a wrong entry")
		: 0;
	if (result == 0) {
		snprintf(file, sizeof file, "%.*s", (int)slices[1].length, slices[1].text);
		result = verify_file(verification, file, &slices[0]);
	}
	buffer_release(&entry);
	return result;
}

/* A manifest of an earlier version is complete for recordings and inputs alone. */
static int find_unlisted(const struct verification *verification, bool is_earlier)
{
	for (size_t i = 0; i < verification->files.count; i++) {
		const char *file = verification->files.names[i];
		if (verification->is_folded && strcmp(file, RUN_ARCHIVE) == 0)
			continue;
		if (*file && strcmp(file, MANIFEST) != 0 && (!is_earlier || strchr(file, '/')))
			return fail_run(verification, file, "is not in its manifest");
	}
	return 0;
}

static int verify_files(struct verification *verification, const struct json_file *manifest, bool is_earlier)
{
	char path[RUN_PATH_LIMIT];
	struct error failure = ERROR_INIT;
	snprintf(path, sizeof path, "%s/%s", verification->runs, verification->run);
	if (manifest->slices[FILES].kind != JSON_ARRAY)
		return fail_run(verification, MANIFEST, "lists no files");
	verification->is_folded = run_is_folded(path);
	if (run_files_read(&verification->files, path, &failure) < 0)
		return error_set(verification->error, failure.status, "cannot verify run '%s': %s", verification->run, failure.text);
	int result = json_scan_elements(manifest->scanner, &manifest->slices[FILES], verify_entry, verification, verification->error);
	if (result == 0)
		result = find_unlisted(verification, is_earlier);
	run_list_release(&verification->files);
	return result;
}

/* chain->newest is that of the run `before`, and becomes this run's. */
static int verify_run(
	struct verification *verification, const struct promotion *run, const char *before, struct manifest_chain *chain, size_t place)
{
	struct error *error = verification->error;
	char path[RUN_PATH_LIMIT], hash[SHA256_HEX_LENGTH + 1], previous[SHA256_HEX_LENGTH + 1], form[8];
	struct json_file file;
	verification->run = run->run_id;
	if (access(run_path(path, verification->runs, run->run_id, MANIFEST), F_OK) != 0)
		return error_set(error, EX_DATAERR, "cannot verify run '%s': '%s' is lost", run->run_id, path);
	if (sha256_file(path, hash, error) < 0)
		return -1;
	if (*run->manifest && strcmp(run->manifest, hash) != 0)
		return fail_run(verification, MANIFEST, "is not the one that the ledger promoted");
	if (json_file_read(&file, path, pointers, FIELDS, error) < 0)
		return -1;
	bool is_earlier = strcmp(json_file_text(&file, FORM, form, sizeof form), VERSION) != 0;
	int result = 0;
	if (strcmp(json_file_text(&file, PREVIOUS, previous, sizeof previous), chain->newest) != 0)
		result = error_set(error, EX_DATAERR, "cannot verify run '%s': its manifest names another run before it than %s",
			run->run_id, before ? before : "none");
	else if (is_earlier ? *run->manifest || *form || chain->earlier < place : !*run->manifest)
		result = fail_run(verification, MANIFEST, "has not the form that the ledger implies");
	else
		result = verify_files(verification, &file, is_earlier);
	json_file_release(&file);
	chain->earlier += is_earlier;
	memcpy(chain->newest, hash, sizeof hash);
	return result;
}

int manifest_find_forgotten(const char *runs, const struct promotions *promotions, const struct manifest_chain *chain, struct error *error)
{
	char path[RUN_PATH_LIMIT], previous[SHA256_HEX_LENGTH + 1];
	struct run_list list;
	struct json_file file;
	if (run_list_read(&list, runs, RUN_NAMED, error) < 0)
		return -1;
	int result = 0;
	for (size_t i = 0; i < list.count && result == 0; i++) {
		const char *run = list.names[i];
		if (promotions_find(promotions, run, strlen(run)) >= 0 ||
			json_file_read(&file, run_path(path, runs, run, MANIFEST), pointers, 1, NULL) < 0)
			continue;
		if (strcmp(json_file_text(&file, 0, previous, sizeof previous), chain->newest) == 0)
			result = error_set(error, EX_DATAERR, "cannot verify run '%s': it follows the last run that the ledger has, '%s'",
				run, promotions->list[promotions->count - 1].run_id);
		json_file_release(&file);
	}
	run_list_release(&list);
	return result;
}

/* The manifest of a run whose other files are not looked at, if it is kept. */
static int verify_head(struct verification *verification, const struct promotion *run)
{
	char path[RUN_PATH_LIMIT], hash[SHA256_HEX_LENGTH + 1];
	verification->run = run->run_id;
	if (!*run->manifest || access(run_path(path, verification->runs, run->run_id, MANIFEST), F_OK) != 0)
		return 0;
	if (sha256_file(path, hash, verification->error) < 0)
		return -1;
	return strcmp(run->manifest, hash) == 0 ? 0 : fail_run(verification, MANIFEST, "is not the one that the ledger promoted");
}

static const char *const of_entry[] = {"/sha256", "/file"};

int manifest_verify(const char *runs, const struct promotions *promotions, const struct checkpoint *after, bool without_bodies,
	struct manifest_chain *chain, struct error *error)
{
	struct verification verification = {.runs = runs, .without_bodies = without_bodies, .error = error};
	size_t first = 0;
	*chain = (struct manifest_chain){.earlier = 0};
	if (after) {
		first = (size_t)(promotions_find(promotions, after->run, strlen(after->run)) + 1);
		if (!first || first != after->runs ||
			(*promotions->list[first - 1].manifest && strcmp(promotions->list[first - 1].manifest, after->manifest) != 0))
			return error_set(error, EX_DATAERR, "cannot verify run '%s': its checkpoint is of another run than the ledger has",
				after->run);
		chain->earlier = after->earlier;
		memcpy(chain->newest, after->manifest, sizeof chain->newest);
	}
	verification.scanner = json_scanner_new(of_entry, 2, error);
	int result = verification.scanner ? 0 : -1;
	for (size_t i = 0; i < first && result == 0; i++)
		result = verify_head(&verification, &promotions->list[i]);
	for (size_t i = first; i < promotions->count && result == 0; i++)
		result = verify_run(&verification, &promotions->list[i], i ? promotions->list[i - 1].run_id : NULL, chain, i);
	json_scanner_free(verification.scanner);
	return result;
}

int manifest_verify_files(const char *runs, const char *run, struct error *error)
{
	char path[RUN_PATH_LIMIT], form[8];
	struct verification verification = {.runs = runs, .run = run, .error = error, .scanner = json_scanner_new(of_entry, 2, error)};
	struct json_file file;
	int result = verification.scanner ? json_file_read(&file, run_path(path, runs, run, MANIFEST), pointers, FIELDS, error) : -1;
	if (result == 0) {
		result = verify_files(&verification, &file, strcmp(json_file_text(&file, FORM, form, sizeof form), VERSION) != 0);
		json_file_release(&file);
	}
	json_scanner_free(verification.scanner);
	return result;
}

static int append_damage(struct buffer *damage, struct error *found, struct error *error)
{
	if (found->status != EX_DATAERR)
		return error_set(error, found->status, "%s", found->text);
	buffer_append_format(damage, "%s\n", found->text);
	*found = (struct error)ERROR_INIT;
	return 0;
}

int manifest_survey(const char *runs, const struct promotions *promotions, const bool *lost, struct buffer *damage, struct error *error)
{
	struct error found = ERROR_INIT;
	struct verification verification = {.runs = runs, .error = &found};
	struct manifest_chain chain = {.earlier = 0};
	size_t count = promotions->count;
	for (size_t i = 0; i + 1 < count; i++)
		if (!lost[i] && verify_head(&verification, &promotions->list[i]) < 0 && append_damage(damage, &found, error) < 0)
			return -1;
	if (!count || lost[count - 1] || !*promotions->list[count - 1].manifest)
		return 0;
	if (count > 1)
		memcpy(chain.newest, promotions->list[count - 2].manifest, sizeof chain.newest);
	verification.scanner = json_scanner_new(of_entry, 2, error);
	int result = verification.scanner ? 0 : -1;
	if (result == 0 && (count == 1 || *chain.newest) &&
		verify_run(&verification, &promotions->list[count - 1], "the one before it", &chain, count - 1) < 0)
		result = append_damage(damage, &found, error);
	memcpy(chain.newest, promotions->list[count - 1].manifest, sizeof chain.newest);
	if (result == 0 && manifest_find_forgotten(runs, promotions, &chain, &found) < 0)
		result = append_damage(damage, &found, error);
	json_scanner_free(verification.scanner);
	return result;
}
