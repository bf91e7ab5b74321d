#include "run/checkpoint.h"

#include "base/file_name.h"
#include "io/atomic_file.h"
#include "run/json_file.h"
#include "run/run_folder.h"
#include "json/json_indent.h"
#include "json/json_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FORM "1"

static bool read_count(const struct json_file *file, int slot, size_t *count)
{
	char text[24];
	json_file_text(file, slot, text, sizeof text);
	*count = strtoul(text, NULL, 10);
	return *text && strlen(text) < 10 && text[strspn(text, "0123456789")] == 0;
}

int checkpoint_read(const char *path, struct checkpoint *checkpoint, struct error *error)
{
	static const char *const pointers[] = {"/checkpoint", "/run", "/manifest", "/runs", "/earlier"};
	char form[8];
	struct json_file file;
	*checkpoint = (struct checkpoint){.run = ""};
	if (access(path, F_OK) != 0)
		return 0;
	if (json_file_read(&file, path, pointers, sizeof pointers / sizeof *pointers, error) < 0)
		return -1;
	json_file_text(&file, 1, checkpoint->run, sizeof checkpoint->run);
	json_file_text(&file, 2, checkpoint->manifest, sizeof checkpoint->manifest);
	bool is_one = strcmp(json_file_text(&file, 0, form, sizeof form), FORM) == 0 &&
		file_name_is_plain(checkpoint->run, strlen(checkpoint->run)) && read_count(&file, 3, &checkpoint->runs) &&
		read_count(&file, 4, &checkpoint->earlier);
	json_file_release(&file);
	return is_one ? 0 : error_set(error, EX_DATAERR, "cannot read '%s': it is not a checkpoint", path);
}

static void append_hash(struct buffer *json, const char *key, const char *hash)
{
	if (hash && *hash)
		json_member_text(json, key, hash);
	else
		json_member_null(json, key);
}

int checkpoint_write(const char *folder, const struct checkpoint *checkpoint, int64_t made_at, struct error *error)
{
	char path[RUN_PATH_LIMIT], ledger[SHA256_HEX_LENGTH + 1];
	struct buffer json = BUFFER_INIT, text = BUFFER_INIT;
	snprintf(path, sizeof path, "%s/%s.db", folder, checkpoint->run);
	if (sha256_file(path, ledger, error) < 0)
		return -1;
	json_begin(&json, '{');
	json_member_raw(&json, "checkpoint", FORM, strlen(FORM));
	json_member_text(&json, "run", checkpoint->run);
	append_hash(&json, "manifest", checkpoint->manifest);
	json_member_text(&json, "ledger", ledger);
	json_member_text(&json, "source", checkpoint->source);
	json_member_integer(&json, "runs", (int64_t)checkpoint->runs);
	json_member_integer(&json, "earlier", (int64_t)checkpoint->earlier);
	json_member_instant(&json, "made_at", made_at);
	json_member_text(&json, "version", "envtally " ENVTALLY_VERSION);
	append_hash(&json, "before", checkpoint->before);
	json_end(&json, '}');
	json_finish(&json);
	int result = buffer_check(&json, error);
	if (result == 0) {
		json_indent(json.data, json.length, &text);
		snprintf(path, sizeof path, "%s/checkpoint.json", folder);
		result = atomic_file_write(path, &text, 0640, error);
	}
	buffer_release(&json);
	buffer_release(&text);
	return result;
}

int checkpoint_covers(const char *ledger_path, const struct promotions *promotions, size_t *count, struct error *error)
{
	char path[RUN_PATH_LIMIT];
	struct checkpoint checkpoint;
	size_t length = strlen(ledger_path);
	length -= length > 3 && strcmp(ledger_path + length - 3, ".db") == 0 ? 3 : 0;
	snprintf(path, sizeof path, "%.*s.checkpoint/checkpoint.json", (int)length, ledger_path);
	*count = 0;
	if (checkpoint_read(path, &checkpoint, error) < 0)
		return -1;
	if (*checkpoint.run)
		*count = (size_t)(promotions_find(promotions, checkpoint.run, strlen(checkpoint.run)) + 1);
	return 0;
}
