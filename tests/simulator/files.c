#include "files.h"

#include "clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>
#include <zlib.h>

#define ELEMENTS_PER_PAGE 5
#define LINKED_PER_PAGE 10

static uint32_t arrived(const struct world_account *account, const struct world *world)
{
	uint32_t count = 0;
	while (count < account->entry_count && world->entries[account->entries[count]].arrived_at <= clock_now())
		count++;
	return count;
}

static const struct world_entry *entry_of(const struct world_account *account, const struct world *world, uint32_t position)
{
	return &world->entries[account->entries[position]];
}

/* A cell: quoted, for what is in mail subjects. */
static void append_cell(struct buffer *csv, jv record, const char *name, char end)
{
	jv value = jv_object_get(jv_copy(record), jv_string(name));
	const char *text = jv_get_kind(value) == JV_KIND_STRING ? jv_string_value(value) : "";
	buffer_append_byte(csv, '"');
	for (; *text; text++) {
		if (*text == '"')
			buffer_append_byte(csv, '"');
		buffer_append_byte(csv, *text);
	}
	buffer_append_byte(csv, '"');
	buffer_append_byte(csv, end);
	jv_free(value);
}

static void append_csv(struct buffer *csv, const struct world_entry *entry)
{
	static const char *const names[] = {
		"accountId", "envelopeId", "status", "emailSubject", "createdDateTime", "sentDateTime", "completedDateTime", "planItemId"};
	jv record = jv_parse_sized(entry->text, (int)entry->text_length);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		append_cell(csv, record, names[i], ',');
	append_cell(csv, record, "lastModifiedDateTime", '\n');
	jv_free(record);
}

static void append_entries(
	const struct world_account *account, const struct world *world, uint32_t from, uint32_t to, const char *format, struct buffer *text)
{
	bool is_csv = strncmp(format, "csv", 3) == 0, is_json = strncmp(format, "json", 4) == 0;
	if (is_csv)
		buffer_append_string(text,
			"accountId,envelopeId,status,emailSubject,createdDateTime,sentDateTime,completedDateTime,planItemId,lastModifiedDateTime\n");
	if (is_json)
		buffer_append_byte(text, '[');
	for (uint32_t i = from; i < to; i++) {
		const struct world_entry *entry = entry_of(account, world, i);
		if (is_csv) {
			append_csv(text, entry);
			continue;
		}
		if (is_json && i > from)
			buffer_append_byte(text, ',');
		buffer_append(text, entry->text, entry->text_length);
		if (!is_json)
			buffer_append_byte(text, '\n');
	}
	if (is_json)
		buffer_append_byte(text, ']');
}

static void pack_gzip(const struct buffer *text, struct buffer *packed)
{
	z_stream stream = {.next_in = (unsigned char *)text->data, .avail_in = (uInt)text->length};
	deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
	size_t room = deflateBound(&stream, text->length);
	stream.next_out = (unsigned char *)buffer_reserve(packed, room);
	stream.avail_out = (uInt)room;
	deflate(&stream, Z_FINISH);
	packed->length += stream.total_out;
	deflateEnd(&stream);
}

/* Two files in it, so that both are read: the second is half of the text's lines. */
static void pack_zip(const struct buffer *text, const char *format, struct buffer *packed)
{
	char name[40];
	zip_source_t *to = zip_source_buffer_create(NULL, 0, 0, NULL);
	zip_source_keep(to);
	zip_t *archive = zip_open_from_source(to, ZIP_TRUNCATE, NULL);
	snprintf(name, sizeof name, "envelopes.%.*s", (int)strcspn(format, "."), format);
	zip_file_add(archive, name, zip_source_buffer(archive, text->data, text->length, 0), 0);
	zip_set_file_compression(archive, 0, ZIP_CM_DEFLATE, 6);
	zip_file_set_mtime(archive, 0, 1700000000, 0);
	zip_close(archive);
	zip_source_open(to);
	zip_source_seek(to, 0, SEEK_END);
	size_t length = (size_t)zip_source_tell(to);
	zip_source_seek(to, 0, SEEK_SET);
	char *room = buffer_reserve(packed, length);
	packed->length += (size_t)zip_source_read(to, room, length);
	zip_source_close(to);
	zip_source_free(to);
}

static void answer_text(struct buffer *text, const char *format, struct answer *answer)
{
	const char *packing = strchr(format, '.');
	answer->content_type = strncmp(format, "csv", 3) == 0 ? "text/csv"
		: strncmp(format, "json", 4) == 0             ? "application/json"
							      : "application/x-ndjson";
	if (packing && strcmp(packing, ".gz") == 0) {
		answer->content_type = "application/gzip";
		pack_gzip(text, &answer->body);
	} else if (packing) {
		answer->content_type = "application/zip";
		pack_zip(text, format, &answer->body);
	} else {
		buffer_append(&answer->body, text->data, text->length);
	}
	buffer_release(text);
}

void files_export(const struct world_account *account, const struct world *world, const char *extension, struct answer *answer)
{
	struct buffer text = BUFFER_INIT;
	append_entries(account, world, 0, arrived(account, world), extension, &text);
	answer_text(&text, extension, answer);
}

void files_list(const struct world_account *account, const struct world *world, const char *other_base, struct answer *answer)
{
	uint32_t count = arrived(account, world) / FILES_PER;
	buffer_append_string(&answer->body, "{\"files\":[");
	for (uint32_t i = 0; i < count; i++)
		buffer_append_format(&answer->body, "%s{\"id\":\"%s-%u\",\"url\":\"%s/files/%s-%u.csv.zip?signature=s3cr3t-%u\"}",
			i ? "," : "", account->id, i, other_base, account->id, i, i);
	buffer_append_string(&answer->body, "]}");
}

void files_links(const struct world_account *account, const struct world *world, const struct request *request, struct answer *answer)
{
	const char *at = request_parameter(request, "from");
	uint32_t count = arrived(account, world), from = at ? (uint32_t)strtoul(at, NULL, 10) : 0;
	from = from < count ? from : count;
	uint32_t to = count - from > LINKED_PER_PAGE ? from + LINKED_PER_PAGE : count;
	buffer_append_string(&answer->body, "{\"envelopes\":");
	append_entries(account, world, from, to, "json", &answer->body);
	if (to < count)
		buffer_append_format(&answer->body, ",\"next\":\"/files/accounts/%s/links?from=%u\"", account->id, to);
	buffer_append_byte(&answer->body, '}');
}

void files_file(const struct world *world, const struct request *request, const char *name, struct answer *answer)
{
	struct buffer text = BUFFER_INIT;
	char id[40];
	unsigned number;
	const struct world_account *account = NULL;
	if (*request->authorization || !request_parameter(request, "signature")) {
		answer_error(answer, 403, "SIGNATURE", "A signed URL takes no token.");
		return;
	}
	if (sscanf(name, "%36s", id) == 1 && strlen(name) > 37 && sscanf(name + 37, "%u.csv.zip", &number) == 1)
		account = world_find_account(world, id);
	if (!account || (number + 1) * FILES_PER > account->entry_count) {
		answer_error(answer, 404, "NO_SUCH_FILE", "There is no such file.");
		return;
	}
	append_entries(account, world, number * FILES_PER, (number + 1) * FILES_PER, "csv", &text);
	answer_text(&text, "csv.zip", answer);
}

void files_elements(const struct world_account *account, const struct world *world, const struct request *request, struct answer *answer)
{
	const char *cursor = request_parameter(request, "cursor");
	uint32_t count = arrived(account, world), from = cursor && *cursor ? (uint32_t)strtoul(cursor, NULL, 10) : 0;
	from = from < count ? from : count;
	uint32_t to = count - from > ELEMENTS_PER_PAGE ? from + ELEMENTS_PER_PAGE : count;
	buffer_append_string(&answer->body, "{\"dataFeedElements\":[");
	for (uint32_t i = from; i < to; i++)
		buffer_append_format(&answer->body, "%s{\"dataFeedElementId\":\"element-%u\"}", i > from ? "," : "", i);
	buffer_append_format(&answer->body, "],\"endCursor\":\"%u\"}", to);
}

void files_element(const struct world_account *account, const struct world *world, const char *element, struct answer *answer)
{
	unsigned number;
	if (sscanf(element, "element-%u", &number) != 1 || number >= arrived(account, world)) {
		answer_error(answer, 404, "DATA_FEED_ELEMENT_NOT_FOUND", "There is no such element.");
		return;
	}
	const struct world_entry *entry = entry_of(account, world, number);
	buffer_append(&answer->body, entry->text, entry->text_length);
}
