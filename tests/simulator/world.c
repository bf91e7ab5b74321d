#include "world.h"

#include "base/instant.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT ((size_t)2 << 30)
#define MADE_ACCOUNT "00000000-0000-4000-8000-" /* and the account's number */

static void copy_member(jv object, const char *key, char *to, size_t size)
{
	jv value = jv_get_kind(object) == JV_KIND_OBJECT ? jv_object_get(jv_copy(object), jv_string(key)) : jv_null();
	snprintf(to, size, "%s", jv_get_kind(value) == JV_KIND_STRING ? jv_string_value(value) : "");
	jv_free(value);
}

static int64_t member_instant(jv object, const char *key)
{
	char text[48];
	int64_t instant = INSTANT_NONE;
	copy_member(object, key, text, sizeof text);
	if (*text && instant_parse(text, strlen(text), &instant) < 0)
		instant = INSTANT_NONE;
	return instant;
}

static int load_json(const char *directory, const char *name, jv *value, struct error *error)
{
	char path[4096];
	struct buffer text = BUFFER_INIT;
	snprintf(path, sizeof path, "%s/%s", directory, name);
	int status = buffer_append_file(&text, path, FILE_LIMIT, error);
	if (status == 0) {
		*value = jv_parse_sized(text.data, (int)text.length);
		if (!jv_is_valid(*value))
			status = error_set(error, EX_DATAERR, "cannot read '%s': it is not JSON", path);
	}
	buffer_release(&text);
	return status;
}

const struct world_account *world_find_account(const struct world *world, const char *id)
{
	/* Made-up accounts stand at their number, so that ten thousand of them are found at once. */
	if (strncmp(id, MADE_ACCOUNT, sizeof MADE_ACCOUNT - 1) == 0) {
		unsigned long number = strtoul(id + sizeof MADE_ACCOUNT - 1, NULL, 16);
		return number < world->account_count && strcasecmp(world->accounts[number].id, id) == 0 ? &world->accounts[number] : NULL;
	}
	for (uint32_t i = 0; i < world->account_count; i++)
		if (strcasecmp(world->accounts[i].id, id) == 0)
			return &world->accounts[i];
	return NULL;
}

static struct world_account *add_account(struct world *world, const char *id, const char *name)
{
	const struct world_account *known = world_find_account(world, id);
	if (known)
		return (struct world_account *)known;
	struct world_account *accounts = reallocarray(world->accounts, world->account_count + 1, sizeof *accounts);
	if (!accounts)
		return NULL;
	world->accounts = accounts;
	struct world_account *account = &accounts[world->account_count++];
	*account = (struct world_account){0};
	snprintf(account->id, sizeof account->id, "%s", id);
	snprintf(account->name, sizeof account->name, "%s", name);
	return account;
}

static void add_accounts(struct world *world, jv list, const char *id_key, const char *name_key)
{
	jv_array_foreach(list, i, item)
	{
		char id[40], name[120];
		copy_member(item, id_key, id, sizeof id);
		copy_member(item, name_key, name, sizeof name);
		if (*id)
			add_account(world, id, name);
		jv_free(item);
	}
	jv_free(list);
}

/* An array at `key`, or an empty one. Consumes `object`. */
static jv array_member(jv object, const char *key)
{
	jv value = jv_get_kind(object) == JV_KIND_OBJECT ? jv_object_get(jv_copy(object), jv_string(key)) : jv_null();
	jv_free(object);
	if (jv_get_kind(value) == JV_KIND_ARRAY)
		return value;
	jv_free(value);
	return jv_array();
}

static struct world_entry *add_entry(struct world *world, uint32_t *capacity)
{
	if (world->entry_count == *capacity) {
		*capacity = *capacity ? *capacity * 2 : 1024;
		struct world_entry *entries = reallocarray(world->entries, *capacity, sizeof *entries);
		if (!entries)
			return NULL;
		world->entries = entries;
	}
	return &world->entries[world->entry_count++];
}

/* The bytes of the record itself: what follows "record": to the closing bracket. Returns -1 unless it is the last member. */
static int set_text(struct world_entry *entry, const char *line, size_t length)
{
	static const char key[] = "\"record\":";
	const char *start = memmem(line, length, key, sizeof key - 1);
	const char *end = line + length;
	while (end > line && end[-1] != '}')
		end--;
	if (!start || start < (char *)memmem(line, length, "\"account_id\"", 12) ||
		start < (char *)memmem(line, length, "\"arrived_at\"", 12))
		return -1;
	entry->text = start + sizeof key - 1;
	entry->text_length = (uint32_t)(end - 1 - entry->text);
	return 0;
}

static int load_line(struct world *world, const char *line, size_t length, uint32_t *capacity)
{
	int status = -1;
	char account_id[40];
	jv value = jv_parse_sized(line, (int)length);
	jv record = jv_get_kind(value) == JV_KIND_OBJECT ? jv_object_get(jv_copy(value), jv_string("record")) : jv_null();
	copy_member(value, "account_id", account_id, sizeof account_id);
	int64_t arrived_at = member_instant(value, "arrived_at");
	if (jv_get_kind(record) != JV_KIND_OBJECT || !*account_id || arrived_at == INSTANT_NONE)
		goto out;
	struct world_account *account = add_account(world, account_id, "");
	struct world_entry *entry = account ? add_entry(world, capacity) : NULL;
	if (!entry)
		goto out;
	*entry = (struct world_entry){.arrived_at = arrived_at, .account = (uint32_t)(account - world->accounts)};
	entry->modified_at = member_instant(record, "lastModifiedDateTime");
	entry->sent_at = member_instant(record, "sentDateTime");
	copy_member(record, "envelopeId", entry->envelope_id, sizeof entry->envelope_id);
	status = set_text(entry, line, length);
out:
	jv_free(record);
	jv_free(value);
	return status;
}

static int by_arrival(const void *left, const void *right)
{
	const struct world_entry *a = left, *b = right;
	if (a->arrived_at != b->arrived_at)
		return a->arrived_at < b->arrived_at ? -1 : 1;
	return (a->text > b->text) - (a->text < b->text);
}

static int by_version(const void *left, const void *right, void *context)
{
	uint32_t i = *(const uint32_t *)left, j = *(const uint32_t *)right;
	const struct world_entry *a = (const struct world_entry *)context + i, *b = (const struct world_entry *)context + j;
	int order = strcasecmp(a->envelope_id, b->envelope_id);
	if (order)
		return order;
	if (a->modified_at != b->modified_at)
		return a->modified_at < b->modified_at ? -1 : 1;
	return (i > j) - (i < j);
}

static int index_entries(struct world *world, struct error *error)
{
	if (world->entry_count)
		qsort(world->entries, world->entry_count, sizeof *world->entries, by_arrival);
	for (uint32_t i = 0; i < world->entry_count; i++)
		world->accounts[world->entries[i].account].entry_count++;
	for (uint32_t i = 0; i < world->account_count; i++) {
		struct world_account *account = &world->accounts[i];
		account->entries = calloc(account->entry_count + 1, sizeof *account->entries);
		account->versions = calloc(account->entry_count + 1, sizeof *account->versions);
		if (!account->entries || !account->versions)
			return error_set_errno(error, EX_OSERR, "cannot index the feed");
		account->entry_count = 0;
	}
	for (uint32_t i = 0; i < world->entry_count; i++) {
		struct world_account *account = &world->accounts[world->entries[i].account];
		account->versions[account->entry_count] = i;
		account->entries[account->entry_count++] = i;
	}
	for (uint32_t i = 0; i < world->account_count; i++)
		if (world->accounts[i].entry_count)
			qsort_r(world->accounts[i].versions, world->accounts[i].entry_count, sizeof(uint32_t), by_version, world->entries);
	return 0;
}

/* The first profile by name, or acme.json. Having none is no error. */
static int load_profile(struct world *world, const char *directory, struct error *error)
{
	char path[4096], name[80] = "";
	snprintf(path, sizeof path, "%s/profiles", directory);
	DIR *profiles = opendir(path);
	for (struct dirent *file; profiles && (file = readdir(profiles));) {
		const char *dot = strrchr(file->d_name, '.');
		size_t length = dot ? (size_t)(dot - file->d_name) : 0;
		if (!length || length >= sizeof name || strcmp(dot, ".json") != 0)
			continue;
		if (!*name || strncmp(file->d_name, "acme.", 5) == 0 ||
			(strcmp(name, "acme") != 0 && strncmp(file->d_name, name, length) < 0))
			snprintf(name, sizeof name, "%.*s", (int)length, file->d_name);
	}
	if (profiles)
		closedir(profiles);
	if (!*name)
		return 0;
	snprintf(world->profile_name, sizeof world->profile_name, "%s", name);
	snprintf(path, sizeof path, "profiles/%s.json", name);
	jv_free(world->profile);
	world->profile = jv_null();
	return load_json(directory, path, &world->profile, error);
}

static void read_profile(struct world *world)
{
	copy_member(world->profile, "contract_start", world->contract_start, sizeof world->contract_start);
	copy_member(world->profile, "integration_key", world->integration_key, sizeof world->integration_key);
	copy_member(world->profile, "key_pair_id", world->key_pair_id, sizeof world->key_pair_id);
	jv months = jv_get_kind(world->profile) == JV_KIND_OBJECT ? jv_object_get(jv_copy(world->profile), jv_string("renewal_months"))
								  : jv_null();
	world->renewal_months = jv_get_kind(months) == JV_KIND_NUMBER ? (int)jv_number_value(months) : 12;
	jv_free(months);
}

static void read_organization(struct world *world)
{
	jv organizations = array_member(jv_copy(world->organizations), "organizations");
	jv first = jv_array_length(jv_copy(organizations)) ? jv_array_get(jv_copy(organizations), 0) : jv_null();
	copy_member(world->profile, "organization_id", world->organization_id, sizeof world->organization_id);
	if (!*world->organization_id)
		copy_member(first, "id", world->organization_id, sizeof world->organization_id);
	jv_free(first);
	jv_array_foreach(organizations, i, organization) add_accounts(world, array_member(organization, "accounts"), "id", "name");
	jv_free(organizations);
	add_accounts(world, array_member(jv_copy(world->asset_group_accounts), "assetGroupAccounts"), "accountId", "accountName");
}

static void world_begin(struct world *world)
{
	*world = (struct world){.text = BUFFER_INIT};
	world->organizations = world->asset_group_accounts = world->plan_items = world->profile = jv_null();
	snprintf(world->profile_name, sizeof world->profile_name, "acme");
	world->renewal_months = 12;
}

int world_load(struct world *world, const char *directory, struct error *error)
{
	char path[4096];
	world_begin(world);
	if (load_json(directory, "service/organizations.json", &world->organizations, error) < 0 ||
		load_json(directory, "service/asset-group-accounts.json", &world->asset_group_accounts, error) < 0 ||
		load_json(directory, "service/plan-items.json", &world->plan_items, error) < 0 || load_profile(world, directory, error) < 0)
		return -1;
	read_profile(world);
	read_organization(world);
	snprintf(path, sizeof path, "%s/service/feed.ndjson", directory);
	if (buffer_append_file(&world->text, path, FILE_LIMIT, error) < 0)
		return -1;
	uint32_t capacity = 0, number = 0;
	for (const char *line = world->text.data, *end = line + world->text.length; line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *stop = newline ? newline : end;
		number++;
		if (stop > line && load_line(world, line, (size_t)(stop - line), &capacity) < 0)
			return error_set(error, EX_DATAERR, "cannot read '%s': line %u: it is not arrived_at and account_id, then record",
				path, number);
		line = stop + 1;
	}
	return index_entries(world, error);
}

#define MADE_ORGANIZATION "5a3f0c1e-0000-4000-8000-000000000001"
#define MADE_PLAN_ITEM "5a3f0c1e-0000-4000-8000-0000000000f1"

static jv made_account(unsigned number)
{
	return JV_OBJECT(jv_string("assetGroupId"), jv_string("5a3f0c1e-0000-4000-8000-0000000000a1"), jv_string("accountId"),
		jv_string_fmt(MADE_ACCOUNT "%012x", number), jv_string("accountName"), jv_string_fmt("Account %u", number),
		jv_string("externalAccountId"), jv_number(1000000.0 + number), jv_string("compliant"), jv_true(), jv_string("siteId"),
		jv_number(0), jv_string("siteName"), jv_string("na1"));
}

int world_make(struct world *world, unsigned accounts, int64_t now, struct error *error)
{
	uint32_t capacity = 0;
	char day_before[INSTANT_LENGTH + 1] = "";
	world_begin(world);
	instant_format(now - DAY_MS, day_before);
	jv list = jv_array_sized((int)accounts), organization_accounts = jv_array_sized((int)accounts);
	for (unsigned i = 0; i < accounts; i++) {
		jv account = made_account(i);
		organization_accounts = jv_array_append(organization_accounts,
			JV_OBJECT(jv_string("id"), jv_object_get(jv_copy(account), jv_string("accountId")), jv_string("name"),
				jv_object_get(jv_copy(account), jv_string("accountName")), jv_string("external_account_id"),
				jv_number(1000000.0 + i), jv_string("site_id"), jv_number(0)));
		list = jv_array_append(list, account);
		buffer_append_format(&world->text,
			"{\"arrived_at\":\"%s\",\"account_id\":\"00000000-0000-4000-8000-%012x\",\"record\":{\"envelopeId\":"
			"\"10000000-0000-4000-8000-%012x\",\"accountId\":\"00000000-0000-4000-8000-%012x\",\"status\":\"sent\","
			"\"createdDateTime\":\"%s\",\"sentDateTime\":\"%s\",\"lastModifiedDateTime\":\"%s\",\"planItemId\":"
			"\"" MADE_PLAN_ITEM "\"}}\n",
			day_before, i, i, i, day_before, day_before, day_before);
	}
	world->asset_group_accounts = JV_OBJECT(jv_string("assetGroupAccounts"), list);
	world->organizations = JV_OBJECT(jv_string("organizations"),
		JV_ARRAY(JV_OBJECT(jv_string("id"), jv_string(MADE_ORGANIZATION), jv_string("name"), jv_string("Made up"),
			jv_string("accounts"), organization_accounts)));
	world->plan_items =
		jv_parse("[{\"plan_id\":\"5a3f0c1e-0000-4000-8000-0000000000c1\",\"plan_name\":\"Plan\",\"associated_accounts_count\":1,"
			 "\"asset_group_name\":\"Group\",\"asset_group_id\":\"5a3f0c1e-0000-4000-8000-0000000000a1\",\"subscription_"
			 "name\":"
			 "\"Subscription\",\"subscription_id\":\"5a3f0c1e-0000-4000-8000-0000000000b1\",\"modules\":[{\"plan_item_id\":"
			 "\"" MADE_PLAN_ITEM "\",\"plan_item_name\":\"Envelopes\",\"plan_item_description\":\"Envelopes\"}]}]");
	read_organization(world);
	if (buffer_check(&world->text, error) < 0)
		return -1;
	for (const char *line = world->text.data, *end = line + world->text.length; line < end;) {
		const char *newline = strchr(line, '\n');
		if (load_line(world, line, (size_t)(newline - line), &capacity) < 0)
			return error_set(error, EX_SOFTWARE, "cannot make up accounts: out of memory");
		line = newline + 1;
	}
	return index_entries(world, error);
}

void world_release(struct world *world)
{
	for (uint32_t i = 0; i < world->account_count; i++) {
		free(world->accounts[i].entries);
		free(world->accounts[i].versions);
	}
	free(world->accounts);
	free(world->entries);
	jv_free(world->organizations);
	jv_free(world->asset_group_accounts);
	jv_free(world->plan_items);
	jv_free(world->profile);
	buffer_release(&world->text);
}
