#include "config/policy.h"

#include "base/array.h"
#include "config/settings.h"
#include "stream/stream.h"
#include "json/json_write.h"

#include <stdlib.h>
#include <string.h>

#define POLICY_LIMIT ((size_t)64 << 10) /* bytes of the file */

/* All that was sent is consumed, but drafts and templates. Nothing else in envtally lists statuses that count or do not. */
static struct policy_status default_statuses[] = {{"created", false}, {"template", false}};
const struct policy policy_default = {.name = "default",
	.version = 1,
	.others_count = true,
	.statuses = default_statuses,
	.count = sizeof default_statuses / sizeof *default_statuses,
	.other_methods_count = true};

static const char *const settlements[] = {"day", "period", NULL};
static const struct setting table[] = {
	{"name", SETTING_STRING, .offset = offsetof(struct policy, name), .required = true},
	{"version", SETTING_INTEGER, .offset = offsetof(struct policy, version), .required = true, .least = 1, .most = 1000000},
	{"other_statuses", SETTING_BOOLEAN, .offset = offsetof(struct policy, others_count), .expected = "true (they count) or false",
		.otherwise = true},
	{"other_methods", SETTING_BOOLEAN, .offset = offsetof(struct policy, other_methods_count), .expected = "true (they count) or false",
		.otherwise = true},
	{"settlement", SETTING_WORD, .offset = offsetof(struct policy, settlement), .words = settlements},
	{.key = NULL},
};

static int compare_statuses(const void *left, const void *right)
{
	return strcmp(((const struct policy_status *)left)->name, ((const struct policy_status *)right)->name);
}

static int compare_methods(const void *left, const void *right)
{
	return strcmp(((const struct policy_method *)left)->name, ((const struct policy_method *)right)->name);
}

static bool accept_lower_case(char *text)
{
	return *text && !text[strcspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")];
}

static bool accept_pool(char *text)
{
	return strlen(text) <= ID_LIMIT && accept_lower_case(text);
}

static char *copy_name(const struct settings *settings, const char *key, struct error *error)
{
	char *name = strdup(key);
	if (!name)
		error_set(error, EX_OSERR, "out of memory");
	else if (!accept_lower_case(name))
		settings_wrong(settings, error, key, "must be a name in lower case");
	else
		return name;
	free(name);
	return NULL;
}

static int read_status(void *context, struct settings *statuses, const char *key, struct error *error)
{
	struct policy *policy = context;
	struct policy_status *status = array_grow((void **)&policy->statuses, &policy->count, sizeof *status, error);
	const struct setting row[] = {{key, SETTING_BOOLEAN, .offset = offsetof(struct policy_status, counts), .required = true,
					      .expected = "true (it counts) or false"},
		{.key = NULL}};
	if (!status || !(status->name = copy_name(statuses, key, error)))
		return -1;
	return settings_read(statuses, row, status, error);
}

static int read_method(void *context, struct settings *methods, const char *key, struct error *error)
{
	struct policy *policy = context;
	struct policy_method *method = array_grow((void **)&policy->methods, &policy->method_count, sizeof *method, error);
	static const char expected[] = "true (it counts), false, or {\"pool\": \"NAME\"}";
	static const struct setting pool[] = {{"pool", SETTING_STRING, .offset = offsetof(struct policy_method, pool), .required = true,
						      .accepts = accept_pool, .expected = "a plan item id of 1 to 46 bytes in lower case"},
		{.key = NULL}};
	const struct setting row[] = {
		{key, SETTING_BOOLEAN, .offset = offsetof(struct policy_method, counts), .required = true, .expected = expected},
		{.key = NULL}};
	struct settings object;
	if (!method || !(method->name = copy_name(methods, key, error)))
		return -1;
	if (settings_kind(methods, key) != JV_KIND_OBJECT)
		return settings_read(methods, row, method, error);
	method->counts = true;
	if (settings_open_object(methods, key, &object, error) < 0)
		return -1;
	return settings_finish(&object, settings_read(&object, pool, method, error), error);
}

/* Keys that users try, but that the format spells differently. */
static int refuse_lookalikes(const struct settings *settings, struct error *error)
{
	static const struct {
		const char *key, *instead;
	} known[] = {
		{"pools", "\"sending_methods\": {\"METHOD\": {\"pool\": \"NAME\"}}"},
		{"bulk_send", "\"sending_methods\": {\"bulk\": false}, or the name that the feed's map gives it"},
		{"powerform", "\"sending_methods\": {\"powerform\": false}, or the name that the feed's map gives it"},
		{"dated_by", "in the feed's map what sent_at is"},
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (settings_kind(settings, known[i].key) != JV_KIND_INVALID)
			return settings_wrong(settings, error, known[i].key, "is not a key of a policy: write %s (see %s)",
				known[i].instead, settings->manual);
	return 0;
}

static int read_policy(struct settings *settings, struct policy *policy, struct error *error)
{
	bool has_methods = settings_kind(settings, "sending_methods") != JV_KIND_INVALID;
	if (settings_read(settings, table, policy, error) < 0 || refuse_lookalikes(settings, error) < 0 ||
		settings_read_each(settings, "statuses", read_status, policy, error) < 0 ||
		(has_methods && settings_read_each(settings, "sending_methods", read_method, policy, error) < 0))
		return -1;
	if (policy->count)
		qsort(policy->statuses, policy->count, sizeof *policy->statuses, compare_statuses);
	if (policy->method_count)
		qsort(policy->methods, policy->method_count, sizeof *policy->methods, compare_methods);
	return 0;
}

int policy_load(const char *path, struct policy *policy, struct error *error)
{
	struct settings settings = {.what = "policy", .name = path, .manual = "doc/policy.md", .status = EX_CONFIG};
	*policy = policy_default;
	if (!path || strcmp(path, policy_default.name) == 0)
		return 0;
	*policy = (struct policy){.name = NULL};
	if (settings_open(&settings, POLICY_LIMIT, error) < 0)
		return -1;
	int result = settings_finish(&settings, read_policy(&settings, policy, error), error);
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

/* Omits what the policy does not mention, so adding methods to the format did not change the hash of policies without them. */
void policy_append(const struct policy *policy, bool with_settlement, struct buffer *text)
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
	if (with_settlement && policy->settlement)
		json_member_text(text, "settlement", settlements[policy->settlement]);
	json_end(text, '}');
	json_finish(text);
}
