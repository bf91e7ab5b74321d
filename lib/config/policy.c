#include "config/policy.h"

#include "base/sha256.h"
#include "stream/stream.h"
#include "json/json_write.h"

#include <jv.h>
#include <stdlib.h>
#include <string.h>

#define POLICY_LIMIT ((size_t)64 << 10)
#define VERSION_LIMIT 1000000

/* All that was sent is consumed, but drafts and templates. Nothing else in envtally lists statuses that count or do not. */
static struct policy_status default_statuses[] = {{"created", false}, {"template", false}};
const struct policy policy_default = {.name = "default",
	.version = 1,
	.others_count = true,
	.statuses = default_statuses,
	.count = sizeof default_statuses / sizeof *default_statuses,
	.other_methods_count = true};

static int wrong(const char *path, const char *place, const char *wanted, struct error *error)
{
	return error_set(error, EX_CONFIG, "cannot use policy '%s': \"%s\" must be %s", path, place, wanted);
}

static int compare_statuses(const void *left, const void *right)
{
	return strcmp(((const struct policy_status *)left)->name, ((const struct policy_status *)right)->name);
}

static int compare_methods(const void *left, const void *right)
{
	return strcmp(((const struct policy_method *)left)->name, ((const struct policy_method *)right)->name);
}

static bool is_lower_case(const char *name)
{
	return !name[strcspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")];
}

static int check_name(const char *path, const char *key, const char *what, const char *name, struct error *error)
{
	if (!*name)
		return error_set(error, EX_CONFIG, "cannot use policy '%s': \"%s\": a %s has a name", path, key, what);
	if (!is_lower_case(name))
		return error_set(error, EX_CONFIG, "cannot use policy '%s': \"%s\": \"%s\" must be in lower case", path, key, name);
	return 0;
}

static int add_status(struct policy *policy, const char *path, const char *name, jv_kind counts, struct error *error)
{
	if (counts != JV_KIND_TRUE && counts != JV_KIND_FALSE)
		return error_set(
			error, EX_CONFIG, "cannot use policy '%s': \"statuses\": \"%s\" must be true (it counts) or false", path, name);
	if (check_name(path, "statuses", "status", name, error) < 0)
		return -1;
	struct policy_status *grown = reallocarray(policy->statuses, policy->count + 1, sizeof *grown);
	if (grown)
		policy->statuses = grown;
	char *copy = grown ? strdup(name) : NULL;
	if (!copy)
		return error_set(error, EX_OSERR, "out of memory");
	grown[policy->count++] = (struct policy_status){copy, counts == JV_KIND_TRUE};
	return 0;
}

/* The name of a pool: what {"pool": NAME} says, where that is all it says; NULL for anything else. It is the object's. */
static const char *find_pool(jv object)
{
	if (jv_get_kind(object) != JV_KIND_OBJECT || jv_object_length(jv_copy(object)) != 1)
		return NULL;
	jv value = jv_object_get(jv_copy(object), jv_string("pool"));
	const char *name = jv_get_kind(value) == JV_KIND_STRING ? jv_string_value(value) : "";
	size_t length = jv_get_kind(value) == JV_KIND_STRING ? (size_t)jv_string_length_bytes(jv_copy(value)) : 0;
	bool fits = length > 0 && length <= ID_LIMIT && length == strlen(name) && is_lower_case(name);
	jv_free(value);
	return fits ? name : NULL;
}

static int add_method(struct policy *policy, const char *path, const char *name, jv value, struct error *error)
{
	jv_kind kind = jv_get_kind(value);
	const char *pool = find_pool(value);
	if (kind != JV_KIND_TRUE && kind != JV_KIND_FALSE && !pool)
		return error_set(error, EX_CONFIG,
			"cannot use policy '%s': \"sending_methods\": \"%s\" must be true (it counts), false, or "
			"{\"pool\": \"NAME\"}, a plan item id of 1 to %d bytes in lower case",
			path, name, ID_LIMIT);
	if (check_name(path, "sending_methods", "method", name, error) < 0)
		return -1;
	struct policy_method *grown = reallocarray(policy->methods, policy->method_count + 1, sizeof *grown);
	if (!grown)
		return error_set(error, EX_OSERR, "out of memory");
	policy->methods = grown;
	struct policy_method *method = &grown[policy->method_count++];
	*method = (struct policy_method){strdup(name), kind != JV_KIND_FALSE, pool ? strdup(pool) : NULL};
	return method->name && (method->pool || !pool) ? 0 : error_set(error, EX_OSERR, "out of memory");
}

static int take_methods(struct policy *policy, const char *path, jv methods, struct error *error)
{
	int result = 0;
	if (jv_get_kind(methods) != JV_KIND_OBJECT)
		return wrong(path, "sending_methods", "an object of sending methods, each true (it counts), false or {\"pool\": \"NAME\"}",
			error);
	jv_object_foreach(methods, name, value)
	{
		if (result == 0)
			result = add_method(policy, path, jv_string_value(name), value, error);
		jv_free(name);
		jv_free(value);
	}
	if (policy->method_count)
		qsort(policy->methods, policy->method_count, sizeof *policy->methods, compare_methods);
	return result;
}

static int take_statuses(struct policy *policy, const char *path, jv statuses, struct error *error)
{
	int result = 0;
	if (jv_get_kind(statuses) != JV_KIND_OBJECT)
		return wrong(path, "statuses", "an object of statuses, each true (it counts) or false", error);
	jv_object_foreach(statuses, name, value)
	{
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

/* What people write for what is said in another way: they are told how. */
static int refuse(const char *path, const char *key, struct error *error)
{
	static const struct {
		const char *key, *instead;
	} known[] = {
		{"pools", "\"sending_methods\": {\"METHOD\": {\"pool\": \"NAME\"}}"},
		{"bulk_send", "\"sending_methods\": {\"bulk\": false}, or what the feed's map calls it"},
		{"powerform", "\"sending_methods\": {\"powerform\": false}, or what the feed's map calls it"},
		{"dated_by", "in the feed's map what sent_at is"},
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(key, known[i].key) == 0)
			return error_set(error, EX_CONFIG,
				"cannot use policy '%s': \"%s\" is not a key of a policy: write %s (see doc/policy.md)", path, key,
				known[i].instead);
	return error_set(error, EX_CONFIG,
		"cannot use policy '%s': \"%.40s\" is not a key of a policy (name, version, statuses, other_statuses, sending_methods, other_methods)",
		path, key);
}

static int take_boolean(const char *path, const char *key, jv_kind kind, bool *value, struct error *error)
{
	*value = kind == JV_KIND_TRUE;
	return *value || kind == JV_KIND_FALSE ? 0 : wrong(path, key, "true (they count) or false", error);
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
	if (strcmp(key, "other_statuses") == 0)
		return take_boolean(path, key, kind, &policy->others_count, error);
	if (strcmp(key, "sending_methods") == 0)
		return take_methods(policy, path, value, error);
	if (strcmp(key, "other_methods") == 0)
		return take_boolean(path, key, kind, &policy->other_methods_count, error);
	return refuse(path, key, error);
}

static int take(struct policy *policy, const char *path, jv object, struct error *error)
{
	int result = 0;
	bool has_statuses = jv_object_has(jv_copy(object), jv_string("statuses"));
	jv_object_foreach(object, key, value)
	{
		if (result == 0)
			result = take_member(policy, path, jv_string_value(key), value, error);
		jv_free(key);
		jv_free(value);
	}
	if (result == 0 && (!policy->name || !policy->version || !has_statuses))
		return error_set(error, EX_CONFIG, "cannot use policy '%s': \"%s\" is missing", path,
			!policy->name              ? "name"
				: !policy->version ? "version"
						   : "statuses");
	return result;
}

int policy_load(const char *path, struct policy *policy, struct error *error)
{
	struct buffer text = BUFFER_INIT;
	*policy = policy_default;
	if (!path || strcmp(path, "default") == 0)
		return 0;
	*policy = (struct policy){.others_count = true, .other_methods_count = true};
	if (buffer_append_file(&text, path, POLICY_LIMIT, error) < 0) {
		buffer_release(&text);
		return -1;
	}
	jv object = jv_parse_sized(text.data, (int)text.length);
	int result;
	if (jv_get_kind(object) == JV_KIND_OBJECT)
		result = take(policy, path, object, error);
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
	bool is_built_in = policy->statuses == default_statuses;
	for (size_t i = 0; i < policy->count && !is_built_in; i++)
		free(policy->statuses[i].name);
	for (size_t i = 0; i < policy->method_count; i++) {
		free(policy->methods[i].name);
		free(policy->methods[i].pool);
	}
	if (!is_built_in) {
		free(policy->statuses);
		free(policy->methods);
		free(policy->name);
	}
	*policy = (struct policy){.name = NULL};
}

bool policy_counts_status(const struct policy *policy, const char *status, size_t length)
{
	for (size_t i = 0; i < policy->count; i++)
		if (strlen(policy->statuses[i].name) == length && memcmp(policy->statuses[i].name, status, length) == 0)
			return policy->statuses[i].counts;
	return policy->others_count;
}

bool policy_counts(const struct policy *policy, const char *status, const char *method, const char **pool)
{
	const struct policy_method *found = NULL;
	for (size_t i = 0; i < policy->method_count && !found; i++)
		if (strcmp(policy->methods[i].name, method) == 0)
			found = &policy->methods[i];
	*pool = found ? found->pool : NULL;
	return policy_counts_status(policy, status, strlen(status)) && (found ? found->counts : policy->other_methods_count);
}

/* A name from outside as a key: escaped as a string is. */
static void append_key(struct buffer *text, const char *name)
{
	json_c_string(text, name);
	if (!text->failed)
		text->data[text->length - 1] = ':';
}

static void append_methods(const struct policy *policy, struct buffer *text)
{
	json_member_begin(text, "sending_methods", '{');
	for (size_t i = 0; i < policy->method_count; i++) {
		append_key(text, policy->methods[i].name);
		if (!policy->methods[i].pool) {
			json_boolean(text, policy->methods[i].counts);
			continue;
		}
		json_begin(text, '{');
		json_member_text(text, "pool", policy->methods[i].pool);
		json_end(text, '}');
	}
	json_end(text, '}');
	json_member_boolean(text, "other_methods", policy->other_methods_count);
}

/* What a policy says nothing about is not in its text: so one that is silent about methods has the hash that it had before there were any. */
void policy_append(const struct policy *policy, struct buffer *text)
{
	json_begin(text, '{');
	json_member_text(text, "name", policy->name);
	json_member_integer(text, "version", policy->version);
	json_member_begin(text, "statuses", '{');
	for (size_t i = 0; i < policy->count; i++) {
		append_key(text, policy->statuses[i].name);
		json_boolean(text, policy->statuses[i].counts);
	}
	json_end(text, '}');
	json_member_boolean(text, "other_statuses", policy->others_count);
	if (policy->method_count || !policy->other_methods_count)
		append_methods(policy, text);
	json_end(text, '}');
	json_finish(text);
}

int policy_hash(const struct policy *policy, char hash[POLICY_HASH_LENGTH + 1], struct error *error)
{
	struct buffer text = BUFFER_INIT;
	policy_append(policy, &text);
	int result = buffer_check(&text, error) < 0 ? -1 : sha256_hex(text.data, text.length, hash, error);
	buffer_release(&text);
	return result;
}
