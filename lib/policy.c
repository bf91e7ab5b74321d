#include "policy.h"

#include "json_write.h"
#include "recording.h"

#include <jv.h>
#include <stdlib.h>
#include <string.h>

#define POLICY_LIMIT ((size_t)64 << 10)
#define VERSION_LIMIT 1000000

static const char default_text[] =
	"{\"name\":\"default\",\"version\":1,\"statuses\":{\"created\":false,\"template\":false},\"other_statuses\":true}";

static int wrong(const char *path, const char *place, const char *wanted, struct error *error)
{
	return error_set(error, EX_CONFIG, "cannot use policy '%s': \"%s\" must be %s", path, place, wanted);
}

static int compare_statuses(const void *left, const void *right)
{
	return strcmp(((const struct policy_status *)left)->name, ((const struct policy_status *)right)->name);
}

static int add_status(struct policy *policy, const char *path, const char *name, jv_kind counts, struct error *error)
{
	if (counts != JV_KIND_TRUE && counts != JV_KIND_FALSE)
		return error_set(error, EX_CONFIG, "cannot use policy '%s': \"statuses\": \"%s\" must be true (it counts) or false", path, name);
	if (!*name)
		return error_set(error, EX_CONFIG, "cannot use policy '%s': \"statuses\": a status has a name", path);
	for (const char *at = name; *at; at++)
		if (*at >= 'A' && *at <= 'Z')
			return error_set(error, EX_CONFIG, "cannot use policy '%s': \"statuses\": \"%s\" must be in lower case", path, name);
	struct policy_status *grown = reallocarray(policy->statuses, policy->count + 1, sizeof *grown);
	if (grown)
		policy->statuses = grown;
	char *copy = grown ? strdup(name) : NULL;
	if (!copy)
		return error_set(error, EX_OSERR, "out of memory");
	grown[policy->count++] = (struct policy_status){copy, counts == JV_KIND_TRUE};
	return 0;
}

static int take_statuses(struct policy *policy, const char *path, jv statuses, struct error *error)
{
	int result = 0;
	if (jv_get_kind(statuses) != JV_KIND_OBJECT)
		return wrong(path, "statuses", "an object of statuses, each true (it counts) or false", error);
	jv_object_foreach(statuses, name, value) {
		if (result == 0)
			result = add_status(policy, path, jv_string_value(name), jv_get_kind(value), error);
		jv_free(name);
		jv_free(value);
	}
	if (policy->count)
		qsort(policy->statuses, policy->count, sizeof *policy->statuses, compare_statuses);
	return result;
}

static int take_version(struct policy *policy, const char *path, jv value, struct error *error)
{
	double version = jv_get_kind(value) == JV_KIND_NUMBER ? jv_number_value(value) : 0;
	if (version < 1 || version > VERSION_LIMIT || version != (int)version)
		return wrong(path, "version", "a whole number from 1 on", error);
	policy->version = (int)version;
	return 0;
}

/* What a contract may say, and neither the feed nor the ledger tells: refused, since it could only be guessed. */
static int refuse(const char *path, const char *key, struct error *error)
{
	static const char *const untold[] = {"sending_methods", "bulk_send", "powerform", "pools", "dated_by"};
	for (size_t i = 0; i < sizeof untold / sizeof *untold; i++)
		if (strcmp(key, untold[i]) == 0)
			return error_set(error, EX_CONFIG,
				"cannot use policy '%s': \"%s\" cannot be applied: neither the feed's map nor the ledger tells it (see doc/policy.md)", path, key);
	return error_set(error, EX_CONFIG, "cannot use policy '%s': \"%.40s\" is not a key of a policy (name, version, statuses, other_statuses)", path, key);
}

static int take_member(struct policy *policy, const char *path, const char *key, jv value, struct error *error)
{
	jv_kind kind = jv_get_kind(value);
	if (strcmp(key, "name") == 0) {
		if (kind != JV_KIND_STRING || !*jv_string_value(value))
			return wrong(path, key, "a string that is not empty", error);
		policy->name = strdup(jv_string_value(value));
		return policy->name ? 0 : error_set(error, EX_OSERR, "out of memory");
	}
	if (strcmp(key, "version") == 0)
		return take_version(policy, path, value, error);
	if (strcmp(key, "statuses") == 0)
		return take_statuses(policy, path, value, error);
	if (strcmp(key, "other_statuses") != 0)
		return refuse(path, key, error);
	if (kind != JV_KIND_TRUE && kind != JV_KIND_FALSE)
		return wrong(path, key, "true (they count) or false", error);
	policy->others_count = kind == JV_KIND_TRUE;
	return 0;
}

static int take(struct policy *policy, const char *path, jv object, struct error *error)
{
	int result = 0;
	bool has_statuses = jv_object_has(jv_copy(object), jv_string("statuses"));
	jv_object_foreach(object, key, value) {
		if (result == 0)
			result = take_member(policy, path, jv_string_value(key), value, error);
		jv_free(key);
		jv_free(value);
	}
	if (result == 0 && (!policy->name || !policy->version || !has_statuses))
		return error_set(error, EX_CONFIG, "cannot use policy '%s': \"%s\" is missing", path,
			!policy->name ? "name" : !policy->version ? "version" : "statuses");
	return result;
}

int policy_load(const char *path, struct policy *policy, struct error *error)
{
	struct buffer text = BUFFER_INIT;
	*policy = (struct policy){.others_count = true};
	if (path && strcmp(path, "default") == 0)
		path = NULL;
	if (path && buffer_append_file(&text, path, POLICY_LIMIT, error) < 0) {
		buffer_release(&text);
		return -1;
	}
	jv object = path ? jv_parse_sized(text.data, (int)text.length) : jv_parse(default_text);
	int result;
	if (jv_get_kind(object) == JV_KIND_OBJECT)
		result = take(policy, path ? path : "default", object, error);
	else
		result = error_set(error, EX_CONFIG, "cannot use policy '%s': it is not a JSON object", path);
	jv_free(object);
	buffer_release(&text);
	if (result < 0)
		policy_release(policy);
	return result;
}

void policy_release(struct policy *policy)
{
	for (size_t i = 0; i < policy->count; i++)
		free(policy->statuses[i].name);
	free(policy->statuses);
	free(policy->name);
	*policy = (struct policy){.name = NULL};
}

bool policy_counts(const struct policy *policy, const char *status)
{
	const struct policy_status wanted = {.name = (char *)(uintptr_t)status};
	const struct policy_status *found =
		policy->count ? bsearch(&wanted, policy->statuses, policy->count, sizeof wanted, compare_statuses) : NULL;
	return found ? found->counts : policy->others_count;
}

void policy_append(const struct policy *policy, struct buffer *text)
{
	json_begin(text, '{');
	json_key(text, "name");
	json_c_string(text, policy->name);
	json_key(text, "version");
	json_integer(text, policy->version);
	json_key(text, "statuses");
	json_begin(text, '{');
	for (size_t i = 0; i < policy->count; i++) {
		/* A name from outside is escaped as a string is. */
		json_c_string(text, policy->statuses[i].name);
		if (!text->failed)
			text->data[text->length - 1] = ':';
		json_boolean(text, policy->statuses[i].counts);
	}
	json_end(text, '}');
	json_key(text, "other_statuses");
	json_boolean(text, policy->others_count);
	json_end(text, '}');
	json_finish(text);
}

int policy_hash(const struct policy *policy, char hash[POLICY_HASH_LENGTH + 1], struct error *error)
{
	struct buffer text = BUFFER_INIT;
	policy_append(policy, &text);
	int result = buffer_check(&text, error) < 0 ? -1 : recording_hash(text.data, text.length, hash, error);
	buffer_release(&text);
	return result;
}
