#include "profile_writer.h"

#include "certificate.h"
#include "token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* For an organisation that comes without a profile. */
#define INTEGRATION_KEY "7c2b8d7e-3b1f-4a55-9a57-1d1f6f0c5e21"
#define KEY_PAIR_ID "0f6d3c1a-55c1-4f0e-8a9b-2e6d8a7b9c10"

int profile_writer_begin(struct profile_writer *writer, const struct world *world, const char *directory, struct error *error)
{
	struct buffer public_key = BUFFER_INIT;
	snprintf(writer->integration_key, sizeof writer->integration_key, "%s", world->integration_key);
	snprintf(writer->key_pair_id, sizeof writer->key_pair_id, "%s", world->key_pair_id);
	if (!directory)
		return 0;
	if (!*writer->integration_key)
		strcpy(writer->integration_key, INTEGRATION_KEY);
	if (!*writer->key_pair_id)
		strcpy(writer->key_pair_id, KEY_PAIR_ID);
	int status = certificate_make_key_pair(writer->key_file, &writer->private_key, &public_key, error);
	if (status == 0)
		status = token_register_key(public_key.data, public_key.length, error);
	buffer_release(&public_key);
	return status;
}

int profile_writer_write_file(const char *path, const struct buffer *content, unsigned mode, struct error *error)
{
	/* A key of an earlier run may be there, read-only to others: it is replaced, not written through. */
	if (unlink(path) < 0 && errno != ENOENT)
		return error_set_errno(error, EX_CANTCREAT, "cannot replace '%s'", path);
	int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (descriptor < 0)
		return error_set_errno(error, EX_CANTCREAT, "cannot write '%s'", path);
	ssize_t written = write(descriptor, content->data, content->length);
	if (close(descriptor) < 0 || written != (ssize_t)content->length)
		return error_set_errno(error, EX_IOERR, "cannot write '%s'", path);
	return 0;
}

static jv set_default(jv profile, const char *key, jv value)
{
	if (jv_object_has(jv_copy(profile), jv_string(key))) {
		jv_free(value);
		return profile;
	}
	return jv_object_set(profile, jv_string(key), value);
}

static jv set(jv profile, const char *key, const char *value)
{
	return jv_object_set(profile, jv_string(key), jv_string(value));
}

/* What eSignature needs, before the scopes that are there. */
static jv impersonate(jv profile, const char *user_id)
{
	jv scopes = jv_object_get(jv_copy(profile), jv_string("scopes"));
	jv more = JV_ARRAY(jv_string("signature"), jv_string("impersonation"));
	if (jv_get_kind(scopes) == JV_KIND_ARRAY)
		more = jv_array_concat(more, scopes);
	else
		jv_free(scopes);
	return jv_object_set(set(profile, "user_id", user_id), jv_string("scopes"), more);
}

static jv make_profile(const struct profile_writer *writer, const struct world *world, const char *base, const char *authority)
{
	char key_file[100];
	jv profile = jv_get_kind(world->profile) == JV_KIND_OBJECT ? jv_copy(world->profile) : jv_object();
	snprintf(key_file, sizeof key_file, "%s.pem", world->profile_name);
	profile = set_default(profile, "name", jv_string(world->profile_name));
	profile = set_default(profile, "integration_type", jv_string("organization"));
	profile = set_default(profile, "organization_id", jv_string(world->organization_id));
	profile = set_default(profile, "contract_start", jv_string("2025-01-01"));
	profile = set_default(profile, "renewal_months", jv_number(12));
	profile = set_default(profile, "active", jv_true());
	profile = set_default(profile, "scopes",
		JV_ARRAY(jv_string("organization_read"), jv_string("organization_sub_account_read"), jv_string("asset_group_account_read"),
			jv_string("account_read")));
	profile = set(profile, "integration_key", writer->integration_key);
	profile = set(profile, "key_pair_id", writer->key_pair_id);
	profile = set(profile, "api_base", base);
	profile = set(profile, "audience", strstr(base, "://") + 3);
	profile = set(profile, "key_file", key_file);
	profile = set(profile, "ca_bundle", authority);
	if (writer->user_id)
		profile = impersonate(profile, writer->user_id);
	profile = jv_object_delete(profile, jv_string("key_password"));
	return jv_object_delete(profile, jv_string("key_alias"));
}

int profile_writer_write(
	const struct profile_writer *writer, const struct world *world, const char *directory, const char *base, struct error *error)
{
	char path[4096], *folder;
	struct buffer text = BUFFER_INIT;
	snprintf(path, sizeof path, "%s/profiles", directory);
	if ((mkdir(directory, 0777) < 0 && errno != EEXIST) || (mkdir(path, 0777) < 0 && errno != EEXIST) ||
		!(folder = realpath(path, NULL)))
		return error_set_errno(error, EX_CANTCREAT, "cannot make '%s'", path);
	snprintf(path, sizeof path, "%s/%s.pem", folder, world->profile_name);
	int status = profile_writer_write_file(path, &writer->private_key, 0600, error);
	snprintf(path, sizeof path, "%s/%s-ca.pem", folder, world->profile_name);
	if (status == 0)
		status = profile_writer_write_file(path, &writer->authority, 0644, error);
	jv profile = jv_dump_string(make_profile(writer, world, base, path), JV_PRINT_INDENT_FLAGS(2));
	buffer_append_format(&text, "%s\n", jv_string_value(profile));
	jv_free(profile);
	snprintf(path, sizeof path, "%s/%s.json", folder, world->profile_name);
	if (status == 0)
		status = profile_writer_write_file(path, &text, 0644, error);
	buffer_release(&text);
	free(folder);
	return status;
}

void profile_writer_release(struct profile_writer *writer)
{
	buffer_release(&writer->authority);
	buffer_release_secret(&writer->private_key);
}
