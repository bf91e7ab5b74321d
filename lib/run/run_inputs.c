#include "run/run_inputs.h"

#include "base/regular_file.h"
#include "run/run_folder.h"

#include <jv.h>
#include <stdio.h>
#include <unistd.h>

#define INPUT_LIMIT ((size_t)16 << 20)

/* An object; an empty one where there is no file. */
static int read_object(const char *path, jv *object, struct error *error)
{
	struct buffer text = BUFFER_INIT;
	*object = jv_object();
	if (!path || !*path || access(path, F_OK) != 0)
		return 0;
	int descriptor = regular_file_open(path, error);
	int result = descriptor < 0 ? -1 : buffer_append_descriptor(&text, descriptor, INPUT_LIMIT, path, error);
	if (descriptor >= 0)
		close(descriptor);
	if (result == 0) {
		jv_free(*object);
		*object = jv_parse_sized(text.data, (int)text.length);
		if (jv_get_kind(*object) != JV_KIND_OBJECT)
			result = error_set(error, EX_CONFIG, "cannot read '%s': it must be a JSON object", path);
	}
	buffer_release(&text);
	return result;
}

/* Do they differ in one of the keys; or, of `except`, in one that is none of them? */
static bool differ(jv before, jv after, const char *const keys[], bool except)
{
	jv sides[2] = {jv_copy(before), jv_copy(after)};
	for (size_t side = 0; side < 2; side++) {
		jv chosen = jv_object();
		for (size_t i = 0; keys[i]; i++) {
			jv value = jv_object_get(jv_copy(sides[side]), jv_string(keys[i]));
			if (except)
				sides[side] = jv_object_delete(sides[side], jv_string(keys[i]));
			if (!except && jv_is_valid(value))
				chosen = jv_object_set(chosen, jv_string(keys[i]), jv_copy(value));
			jv_free(value);
		}
		if (!except) {
			jv_free(sides[side]);
			sides[side] = chosen;
		} else {
			jv_free(chosen);
		}
	}
	return !jv_equal(sides[0], sides[1]);
}

static int append_change(const char *key, const char *before_path, const char *after_path, const char *const keys[], bool except,
	struct buffer *text, struct error *error)
{
	jv before, after = jv_null();
	int result = read_object(before_path, &before, error);
	if (result == 0)
		result = read_object(after_path, &after, error);
	if (result == 0)
		buffer_append_format(text, "%s=%s\n", key,
			differ(before, after, keys, except)                 ? "requests"
				: jv_equal(jv_copy(before), jv_copy(after)) ? "none"
									    : "figures");
	jv_free(before);
	jv_free(after);
	return result;
}

int run_inputs_append_changes(const char *folder, const char *profile, const char *feed, struct buffer *text, struct error *error)
{
	static const char *const requested[] = {"organization_id", "accounts", "contract_start", "download_consumption", "download_billing",
		"feed", "lookback_days", "api_base", "esign_base", "feed_base", NULL};
	static const char *const meaning[] = {"map", "name", "about", NULL};
	char path[RUN_PATH_LIMIT];
	snprintf(path, sizeof path, "%s/inputs/profile.json", folder);
	if (append_change("profile_changed", path, profile, requested, false, text, error) < 0)
		return -1;
	snprintf(path, sizeof path, "%s/inputs/feed.json", folder);
	return append_change("feed_changed", path, feed, meaning, true, text, error);
}
