#include "config/feed.h"

#include "base/array.h"
#include "base/embedded.h"
#include "config/secret.h"
#include "config/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DESCRIPTOR_LIMIT ((size_t)1 << 20) /* bytes of the file */
#define PLACEHOLDERS "{account_id}{organization_id}{since}{until}{position}"

EMBEDDED(feeds_datafeed_json);
EMBEDDED(feeds_datafeed_elements_json);
EMBEDDED(feeds_esign_json);
EMBEDDED(feeds_connect_json);
EMBEDDED(feeds_envelope_report_json);

/* ---- the keys ---- */

static bool accept_stream(char *text)
{
	return !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")];
}

static bool accept_word(char *text)
{
	return strlen(text) <= ID_LIMIT && !text[strcspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")];
}

static bool accept_index(char *text)
{
	return !text[strspn(text, "0123456789")];
}

/* Without trailing slashes. https: the token goes there. */
static bool accept_base(char *text)
{
	size_t length = strlen(text);
	while (length > 0 && text[length - 1] == '/')
		text[--length] = 0;
	return strcmp(text, "api") == 0 || strcmp(text, "esign") == 0 ||
		(length > 8 && strncmp(text, "https://", 8) == 0 && !text[strcspn(text, "@?# ")]);
}

static bool accept_host(char *text)
{
	return accept_base(text) && *text == 'h' && !strchr(text + 8, '/');
}

#define AT(member) .offset = offsetof(struct feed, member)

static const char *const pers[] = {"account", "organization", NULL};
static const struct setting descriptor_table[] = {
	{"about", SETTING_TEXT, AT(about)},
	{"name", SETTING_STRING, AT(name), .required = true},
	{"stream", SETTING_STRING, AT(stream), .required = true, .accepts = accept_stream, .expected = "letters, digits, '_' and '-'"},
	{"per", SETTING_WORD, AT(per_organization), .words = pers},
	{"base", SETTING_STRING, AT(own_base), .accepts = accept_base, .expected = "\"api\", \"esign\" or an https URL"},
	{"path", SETTING_STRING, AT(path)},
	{"format", SETTING_WORD, AT(format), .words = document_formats},
	{"records", SETTING_POINTER, AT(records)},
	{"hosts", SETTING_STRINGS, AT(hosts), .accepts = accept_host, .expected = "an array of hosts such as https://files.example.com"},
	{.key = NULL},
};

/* The kinds of paging and clock determine their other keys. */
static const char *const paging_kinds[] = {
	[FEED_PAGING_NONE] = "none", [FEED_PAGING_CURSOR] = "cursor", [FEED_PAGING_OFFSET] = "offset", [FEED_PAGING_LINK] = "link", NULL};
static const struct setting paging_kind[] = {{"kind", SETTING_WORD, AT(paging), .required = true, .words = paging_kinds}, {.key = NULL}};
static const struct setting no_keys[] = {{.key = NULL}};
static const struct setting cursor_table[] = {
	{"start", SETTING_TEXT, AT(start), .required = true}, {"next", SETTING_POINTER, AT(next), .required = true}, {.key = NULL}};
static const struct setting offset_table[] = {{"start", SETTING_STRING, AT(start), .required = true, .accepts = accept_index,
						      .expected = "a number in quotes: the index of the first record"},
	{"total", SETTING_POINTER, AT(total), .required = true}, {"end", SETTING_POINTER, AT(end), .required = true}, {.key = NULL}};
static const struct setting link_table[] = {{"next", SETTING_POINTER, AT(next), .required = true}, {.key = NULL}};
static const struct setting *const paging_tables[] = {[FEED_PAGING_NONE] = no_keys,
	[FEED_PAGING_CURSOR] = cursor_table,
	[FEED_PAGING_OFFSET] = offset_table,
	[FEED_PAGING_LINK] = link_table};

static const struct setting download_table[] = {{"id", SETTING_POINTER, AT(item), .required = true},
	{"path", SETTING_STRING, AT(item_path)}, {"link", SETTING_POINTER, AT(item_link)},
	{"format", SETTING_WORD, AT(item_format), .words = document_formats}, {"records", SETTING_POINTER, AT(item_records)},
	{.key = NULL}};

static const char *const clock_kinds[] = {[FEED_CLOCK_RECORD] = "record", [FEED_CLOCK_WINDOW] = "window", NULL};
static const struct setting clock_kind[] = {{"kind", SETTING_WORD, AT(clock), .required = true, .words = clock_kinds}, {.key = NULL}};
static const struct setting record_table[] = {{"pointer", SETTING_POINTER, AT(clock_pointer), .required = true},
	{"settled_days", SETTING_INTEGER, AT(settled_days), .required = true, .least = 0, .most = 366}, {.key = NULL}};
static const struct setting *const clock_tables[] = {[FEED_CLOCK_RECORD] = record_table, [FEED_CLOCK_WINDOW] = no_keys};

static const struct setting parameter_table[] = {
	{NULL, SETTING_TEXT, .offset = offsetof(struct feed_parameter, value), .required = true}, {.key = NULL}};

static const char *const type_names[] = {[FIELD_ID] = "id",
	[FIELD_WORD] = "word",
	[FIELD_TEXT] = "text",
	[FIELD_TIME] = "time",
	[FIELD_DAY] = "day",
	[FIELD_INTEGER] = "integer",
	[FIELD_DECIMAL] = "decimal",
	[FIELD_RIGHTS] = "rights",
	[FIELD_BOOLEAN] = "boolean",
	[FIELD_OBJECT] = "object",
	[FIELD_ARRAY] = "array",
	NULL};
static const char *const contexts[] = {[FEED_CONTEXT_ACCOUNT] = "account_id", [FEED_CONTEXT_ORGANIZATION] = "organization_id", NULL};

#undef AT
#define AT(member) .offset = offsetof(struct feed_field, member)

static const struct setting field_table[] = {
	{"pointer", SETTING_POINTER, AT(pointer)},
	{"time_pointer", SETTING_POINTER, AT(time_pointer)},
	{"format", SETTING_STRING, AT(format)},
	{"context", SETTING_WORD, AT(context), .words = contexts, .otherwise = FEED_CONTEXT_NONE},
	{"type", SETTING_WORD, AT(type), .required = true, .words = type_names},
	{"required", SETTING_BOOLEAN, AT(required)},
	{"when_present", SETTING_STRING, AT(when_present), .accepts = accept_word, .expected = "a word of 1 to 46 bytes in lower case"},
	{.key = NULL},
};

/* ---- reading ---- */

/* Checks the placeholders of a template against the accepted ones, "{a}{b}". */
static int check_template(const struct settings *settings, const char *key, const char *template, const char *accepted, struct error *error)
{
	for (const char *at = template; (at = strpbrk(at, "{}")); at++) {
		const char *end = *at == '{' ? strchr(at, '}') : NULL;
		if (!end)
			return settings_wrong(settings, error, key, "has a brace without a partner: '%.80s'", template);
		size_t length = (size_t)(end - at) + 1;
		if (!memmem(accepted, strlen(accepted), at, length) || length == 2)
			return settings_wrong(
				settings, error, key, "has '%.*s', which is not one of %s", length < 40 ? (int)length : 40, at, accepted);
		at = end;
	}
	return 0;
}

static int check_path(const struct settings *settings, const char *path, const char *placeholders, struct error *error)
{
	static const char accepted[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/%{}";
	size_t length = strspn(path, accepted);
	if (*path != '/')
		return settings_wrong(settings, error, "path", "must begin with '/': it follows the API base");
	if (path[length])
		return settings_wrong(settings, error, "path", "cannot have '%.20s' (parameters go into \"query\")", path + length);
	return check_template(settings, "path", path, placeholders, error);
}

/* ---- headers ---- */

/* What libcurl or this program sets, and what may be a secret, is not the descriptor's. */
static bool is_reserved_header(const char *name)
{
	static const char *const reserved[] = {"authorization", "accept-encoding", "connection", "content-length", "cookie", "expect",
		"host", "te", "transfer-encoding", "upgrade"};
	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
		if (strcasecmp(name, reserved[i]) == 0)
			return true;
	return strncasecmp(name, "proxy-", 6) == 0 || secret_has_name(name);
}

/* Adds a line to a NULL-terminated array. */
static int add_header(char ***lines, const char *name, const char *value, struct error *error)
{
	size_t count = 0;
	while (*lines && (*lines)[count])
		count++;
	char **longer = realloc(*lines, (count + 2) * sizeof *longer);
	if (longer)
		*lines = longer;
	if (!longer || asprintf(&longer[count], "%s: %s", name, value) < 0) {
		if (longer)
			longer[count] = NULL;
		return error_set(error, EX_OSERR, "out of memory");
	}
	longer[count + 1] = NULL;
	return 0;
}

static int read_header(void *context, struct settings *headers, const char *name, struct error *error)
{
	struct feed *feed = context;
	char *value = NULL;
	struct setting row[] = {{name, SETTING_STRING, .offset = 0, .required = true}, {.key = NULL}};
	bool is_token = *name && !name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")];
	int result = settings_read(headers, row, &value, error);
	if (result == 0 && (!is_token || is_reserved_header(name) || secret_has_form(value)))
		result = settings_wrong(
			headers, error, name, "is not a header that a descriptor may set: no secrets, and none of the transport's");
	for (const char *at = value; result == 0 && *at; at++)
		if (*at < 0x20 || *at > 0x7e)
			result = settings_wrong(headers, error, name, "must be printable ASCII");
	for (int i = 0; result == 0 && i < 2; i++)
		result = add_header(&feed->headers[i], name, value, error);
	settings_release(row, &value);
	return result;
}

/* The lines that are sent, if they are not the usual ones. */
static int complete_headers(struct feed *feed, struct error *error)
{
	static const char *const accepts[] = {"application/json", "application/x-ndjson, */*;q=0.5", "text/csv, */*;q=0.5"};
	for (int i = 0; i < 2; i++) {
		bool has_accept = false;
		if (!feed->headers[i] && feed_format(feed, i) == DOCUMENT_JSON)
			continue;
		for (char **line = feed->headers[i]; line && *line; line++)
			has_accept |= strncasecmp(*line, "accept:", 7) == 0;
		if ((!has_accept && add_header(&feed->headers[i], "Accept", accepts[feed_format(feed, i)], error) < 0) ||
			add_header(&feed->headers[i], "Accept-Encoding", "gzip", error) < 0)
			return -1;
	}
	return 0;
}

/* ---- the parts ---- */

static int read_parameter(void *context, struct settings *query, const char *key, struct error *error)
{
	struct feed *feed = context;
	struct feed_parameter *parameter = array_grow((void **)&feed->query, &feed->query_count, sizeof *parameter, error);
	struct setting row[] = {parameter_table[0], parameter_table[1]};
	row[0].key = key;
	if (!parameter || settings_read(query, row, parameter, error) < 0)
		return -1;
	if (!(parameter->name = strdup(key)))
		return error_set(error, EX_OSERR, "out of memory");
	return check_template(query, key, parameter->value, PLACEHOLDERS, error);
}

/* An object whose kind chooses the table of its other keys. */
static int read_by_kind(struct settings *descriptor, const char *key, const struct setting kind[], const struct setting *const tables[],
	struct feed *feed, struct error *error)
{
	struct settings object;
	if (settings_open_object(descriptor, key, &object, error) < 0)
		return -1;
	int result = settings_read(&object, kind, feed, error);
	if (result == 0)
		result = settings_read(&object, tables[*(int *)((char *)feed + kind->offset)], feed, error);
	if (result == 0 && feed->start)
		result = check_template(&object, "start", feed->start, "{since}{until}", error);
	return settings_finish(&object, result, error);
}

static int check_field(
	const struct settings *settings, const struct feed_field *field, const struct stream_field *known, struct error *error)
{
	if (!field->pointer == (field->context == FEED_CONTEXT_NONE))
		return settings_wrong(settings, error, "pointer", "and \"context\" exclude each other, and one of them must be there");
	if (field->type != known->type)
		return settings_wrong(
			settings, error, "type", "must be \"%s\", the type of an envelope's %s", type_names[known->type], known->name);
	if (known->required && !field->required)
		return settings_wrong(settings, error, "required", "must be true: an envelope cannot be without %s", known->name);
	if (field->time_pointer && (!field->pointer || !field->format))
		return settings_wrong(settings, error, "time_pointer",
			"goes with a \"pointer\" to the day, and a \"format\" of the two with a blank between");
	if (field->format && (known->type != FIELD_TIME || !field->pointer))
		return settings_wrong(settings, error, "format", "is for a pointer of the type \"time\"");
	if (field->when_present && (known->type != FIELD_WORD || !field->pointer))
		return settings_wrong(settings, error, "when_present", "is for a pointer of the type \"word\"");
	return 0;
}

/* In the stream's order, not the descriptor's: so what a map makes does not depend on how it is written. */
static int read_map(struct settings *descriptor, struct feed *feed, struct error *error)
{
	struct settings map, entry;
	if (settings_open_object(descriptor, "map", &map, error) < 0)
		return -1;
	int result = 0;
	for (const struct stream_field *known = stream_envelope_method.fields; result == 0 && known->name; known++) {
		if (settings_kind(&map, known->name) == JV_KIND_INVALID) {
			if (known->required)
				result = settings_wrong(&map, error, known->name, "is missing: an envelope cannot be without it");
			continue;
		}
		struct feed_field *field = array_grow((void **)&feed->map, &feed->map_count, sizeof *field, error);
		if (!field || settings_open_object(&map, known->name, &entry, error) < 0) {
			result = -1;
			break;
		}
		field->name = known->name;
		result = settings_read(&entry, field_table, field, error);
		if (result == 0)
			result = check_field(&entry, field, known, error);
		result = settings_finish(&entry, result, error);
	}
	return settings_finish(&map, result, error);
}

static bool uses(const struct feed *feed, const char *placeholder)
{
	if (strstr(feed->path, placeholder) || (feed->item_path && strstr(feed->item_path, placeholder)))
		return true;
	for (size_t i = 0; i < feed->query_count; i++)
		if (strstr(feed->query[i].value, placeholder))
			return true;
	return false;
}

/* Checks that concern several parts of the descriptor. */
static int check_whole(const struct settings *descriptor, const struct feed *feed, struct error *error)
{
	bool by_position = feed->paging == FEED_PAGING_CURSOR || feed->paging == FEED_PAGING_OFFSET;
	if (by_position && !uses(feed, "{position}"))
		return settings_wrong(descriptor, error, "paging",
			"needs {position}, which neither \"path\" nor \"query\" has: every page would be the first");
	if (!by_position && uses(feed, "{position}"))
		return settings_wrong(descriptor, error, "paging", "must be of the kind cursor or offset for {position}");
	if (feed->paging != FEED_PAGING_NONE && feed->format != DOCUMENT_JSON)
		return settings_wrong(
			descriptor, error, "paging", "must be of the kind none: a response that is not JSON has no next page");
	if (feed->per_organization && uses(feed, "{account_id}"))
		return settings_wrong(descriptor, error, "per", "is organization: such a feed cannot have {account_id}");
	if (!feed->per_organization && !uses(feed, "{account_id}"))
		return settings_wrong(descriptor, error, "per",
			"is account, but neither \"path\" nor \"query\" has {account_id}; a feed of all accounts has \"per\": \"organization\"");
	if (feed->per_organization && feed->base == FEED_BASE_ESIGN)
		return settings_wrong(
			descriptor, error, "base", "is esign, which differs from account to account: \"per\" must be account");
	if (feed->per_organization && !feed_find_field(feed, "account_id")->pointer)
		return settings_wrong(
			descriptor, error, "map.account_id", "must have a pointer: a feed of the organization has no account");
	return 0;
}

static int read_base(struct feed *feed)
{
	feed->base = !feed->own_base || strcmp(feed->own_base, "api") == 0 ? FEED_BASE_API
		: strcmp(feed->own_base, "esign") == 0                     ? FEED_BASE_ESIGN
									   : FEED_BASE_OWN;
	return 0;
}

/* Records are all of a body, unless it is JSON. */
static int default_records(const struct settings *settings, enum document_format format, char **records, struct error *error)
{
	if (!*records && format == DOCUMENT_JSON)
		return settings_wrong(settings, error, "records",
			"is missing: it must be a JSON Pointer: empty, or '/' and what follows, where '~' is written ~0");
	if (!*records && !(*records = strdup("")))
		return error_set(error, EX_OSERR, "out of memory");
	return 0;
}

static int read_download(struct settings *descriptor, struct feed *feed, struct error *error)
{
	struct settings download;
	if (settings_kind(descriptor, "download") == JV_KIND_INVALID)
		return 0;
	if (settings_open_object(descriptor, "download", &download, error) < 0)
		return -1;
	int result = settings_read(&download, download_table, feed, error);
	if (result == 0 && !feed->item_path == !feed->item_link)
		result = settings_wrong(&download, error, "path", "and \"link\" exclude each other, and one of them must be there");
	if (result == 0 && feed->item_path)
		result = check_path(&download, feed->item_path, "{account_id}{organization_id}{since}{until}{id}", error);
	if (result == 0 && feed->item_path && !strstr(feed->item_path, "{id}"))
		result = settings_wrong(&download, error, "path", "must have {id}: every download would be the same");
	if (result == 0)
		result = default_records(&download, feed->item_format, &feed->item_records, error);
	if (result == 0 && feed->format != DOCUMENT_JSON)
		result = settings_wrong(
			descriptor, error, "format", "must be json: it is that of the list; \"download\" has a format of its own");
	return settings_finish(&download, result, error);
}

/* What only a feed that is fetched has. */
static int read_requests(struct settings *descriptor, struct feed *feed, struct error *error)
{
	if (check_path(descriptor, feed->path, PLACEHOLDERS, error) < 0 ||
		settings_read_each(descriptor, "query", read_parameter, feed, error) < 0 ||
		(settings_kind(descriptor, "headers") != JV_KIND_INVALID &&
			settings_read_each(descriptor, "headers", read_header, feed, error) < 0) ||
		read_by_kind(descriptor, "paging", paging_kind, paging_tables, feed, error) < 0 ||
		read_by_kind(descriptor, "clock", clock_kind, clock_tables, feed, error) < 0 || read_download(descriptor, feed, error) < 0)
		return -1;
	feed->bounded = uses(feed, "{until}") || (feed->start && strstr(feed->start, "{until}"));
	return complete_headers(feed, error);
}

static int read_descriptor(struct settings *descriptor, struct feed *feed, struct error *error)
{
	if (settings_read(descriptor, descriptor_table, feed, error) < 0 || read_base(feed) < 0)
		return -1;
	if (!feed->path && !feed->records && feed->format == DOCUMENT_JSON)
		feed->format = DOCUMENT_NDJSON; /* of files, such as a tap's output: it holds one object over several lines, too */
	if (default_records(descriptor, feed->format, &feed->records, error) < 0 ||
		(feed->path && read_requests(descriptor, feed, error) < 0) || read_map(descriptor, feed, error) < 0)
		return -1;
	if (!feed->path && settings_kind(descriptor, "paging") != JV_KIND_INVALID)
		return settings_wrong(descriptor, error, "path", "is missing: it must be a string that is not empty");
	return feed->path ? check_whole(descriptor, feed, error) : 0;
}

static int open_preset(struct settings *descriptor, struct error *error)
{
	const struct {
		const char *name, *text;
		size_t length;
	} presets[] = {
		{"datafeed", EMBEDDED_TEXT(feeds_datafeed_json), EMBEDDED_LENGTH(feeds_datafeed_json)},
		{"datafeed-elements", EMBEDDED_TEXT(feeds_datafeed_elements_json), EMBEDDED_LENGTH(feeds_datafeed_elements_json)},
		{"esign", EMBEDDED_TEXT(feeds_esign_json), EMBEDDED_LENGTH(feeds_esign_json)},
		{"connect", EMBEDDED_TEXT(feeds_connect_json), EMBEDDED_LENGTH(feeds_connect_json)},
		{"envelope-report", EMBEDDED_TEXT(feeds_envelope_report_json), EMBEDDED_LENGTH(feeds_envelope_report_json)},
	};
	for (size_t i = 0; i < sizeof presets / sizeof *presets; i++)
		if (strcmp(presets[i].name, descriptor->name) == 0)
			return settings_parse(descriptor, presets[i].text, presets[i].length, error);
	if (strcmp(descriptor->name, "monitor") == 0)
		return error_set(error, EX_CONFIG,
			"cannot use feed 'monitor': Monitor's records are events, not envelopes, so that this preset was taken out (doc/feeds.md)");
	return error_set(error, EX_CONFIG,
		"cannot use feed '%s': it is not datafeed, datafeed-elements, esign, connect or envelope-report, and a file name must contain '/' or end in .json",
		descriptor->name);
}

static bool is_file(const char *name)
{
	size_t length = strlen(name);
	return strchr(name, '/') || (length > 5 && strcmp(name + length - 5, ".json") == 0);
}

int feed_load(const char *name_or_path, struct feed *feed, struct error *error)
{
	struct settings descriptor = {.what = "feed", .name = name_or_path, .manual = "doc/feeds.md", .status = EX_CONFIG};
	*feed = (struct feed){.name = NULL};
	int result = is_file(name_or_path) ? settings_open(&descriptor, DESCRIPTOR_LIMIT, error) : open_preset(&descriptor, error);
	if (result == 0)
		result = settings_finish(&descriptor, read_descriptor(&descriptor, feed, error), error);
	if (result < 0)
		feed_release(feed);
	return result;
}

void feed_release(struct feed *feed)
{
	const struct setting *const tables[] = {descriptor_table, cursor_table, offset_table, record_table, download_table};
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		settings_release(tables[i], feed);
	for (size_t i = 0; i < feed->query_count; i++) {
		free(feed->query[i].name);
		free(feed->query[i].value);
	}
	for (int i = 0; i < 2; i++) {
		for (char **line = feed->headers[i]; line && *line; line++)
			free(*line);
		free(feed->headers[i]);
	}
	for (size_t i = 0; i < feed->map_count; i++)
		settings_release(field_table, &feed->map[i]);
	free(feed->query);
	free(feed->map);
	*feed = (struct feed){.name = NULL};
}

const char *feed_records(const struct feed *feed, bool is_download)
{
	return is_download ? feed->item_records : feed->records;
}

enum document_format feed_format(const struct feed *feed, bool is_download)
{
	return is_download ? feed->item_format : feed->format;
}

const struct feed_field *feed_find_field(const struct feed *feed, const char *name)
{
	for (size_t i = 0; i < feed->map_count; i++)
		if (strcmp(feed->map[i].name, name) == 0)
			return &feed->map[i];
	return NULL;
}
