#include "fetch/esign_sites.h"

#include "http/http_settings.h"
#include "stream/stream.h"
#include "json/json_scan.h"
#include "json/json_write.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BASE_LIMIT 200 /* bytes of a URL */

enum { SITE_ACCOUNT, SITE_BASE };

struct site {
	char account_id[ID_LIMIT + 1];
	char base[BASE_LIMIT + 1];
};

static int compare(const void *a, const void *b)
{
	return strcasecmp(((const struct site *)a)->account_id, ((const struct site *)b)->account_id);
}

struct reading {
	struct json_scanner *scanner; /* of an account */
	int (*each)(void *context, const struct json_slice fields[], struct error *error);
	void *context;
	struct error *error;
};

static int read_account(void *context, const char *text, size_t length)
{
	const struct reading *reading = context;
	struct json_slice fields[2];
	if (*text != '{' || json_scan(reading->scanner, text, length, fields, NULL) < 0 || fields[SITE_ACCOUNT].kind != JSON_STRING ||
		fields[SITE_BASE].kind != JSON_STRING)
		return 0;
	return reading->each(reading->context, fields, reading->error);
}

/* Calls `each` for every account of a text whose array of accounts is at `pointer`. */
static int read_accounts(const char *pointer, const char *text, size_t length,
	int (*each)(void *context, const struct json_slice fields[], struct error *error), void *context, struct error *error)
{
	static const char *const names[] = {"/account_id", "/base_uri"};
	struct json_slice accounts;
	struct json_scanner *scanner = json_scanner_new(&pointer, 1, error);
	struct reading reading = {.scanner = json_scanner_new(names, 2, error), .each = each, .context = context, .error = error};
	int result = scanner && reading.scanner ? json_scan(scanner, text, length, &accounts, error) : -1;
	if (result == 0 && accounts.kind != JSON_ARRAY)
		result = error_set(error, EX_DATAERR, "it has no array of accounts");
	if (result == 0)
		result = json_scan_elements(scanner, &accounts, read_account, &reading, error);
	json_scanner_free(scanner);
	json_scanner_free(reading.scanner);
	return result;
}

/* ---- what is kept ---- */

static int keep_account(void *context, const struct json_slice fields[], struct error *error)
{
	(void)error;
	json_begin(context, '{');
	json_member_string(context, "account_id", fields[SITE_ACCOUNT].text, fields[SITE_ACCOUNT].length);
	json_member_string(context, "base_uri", fields[SITE_BASE].text, fields[SITE_BASE].length);
	json_end(context, '}');
	return 0;
}

static int reduce(const char *body, size_t length, struct buffer *kept, struct error *error)
{
	json_begin(kept, '{');
	json_member_begin(kept, "accounts", '[');
	int result = read_accounts("/accounts", body, length, keep_account, kept, error);
	json_end(kept, ']');
	json_end(kept, '}');
	json_finish(kept);
	return result;
}

/* ---- what is used ---- */

/* The token goes there: https and nothing but a host. */
static bool is_base(const struct json_slice *base)
{
	char url[BASE_LIMIT + 1];
	if (base->length > BASE_LIMIT || base->length < 9 || memchr(base->text, 0, base->length))
		return false;
	memcpy(url, base->text, base->length);
	url[base->length] = 0;
	return strncmp(url, "https://", 8) == 0 && !url[8 + strcspn(url + 8, "/@?#\\ ")] && http_place_of(url) != HTTP_NOWHERE;
}

static int add_site(void *context, const struct json_slice fields[], struct error *error)
{
	struct esign_sites *sites = context;
	const struct json_slice *id = &fields[SITE_ACCOUNT];
	struct json_slice base = fields[SITE_BASE];
	while (base.length && base.text[base.length - 1] == '/')
		base.length--;
	if (!id->length || id->length > ID_LIMIT || !is_base(&base))
		return 0;
	struct site *site = calloc(1, sizeof *site), **known = NULL;
	if (site) {
		memcpy(site->account_id, id->text, id->length);
		memcpy(site->base, base.text, base.length);
		known = tsearch(site, &sites->by_account, compare);
	}
	if (!known || *known != site)
		free(site);
	return known ? 0 : error_set(error, EX_OSERR, "out of memory");
}

int esign_sites_fetch(struct esign_sites *sites, struct fetch_source *source, const struct connection *connection, struct error *error)
{
	/* Not compressed: it is reduced before it is decoded. */
	static const char *const headers[] = {"Accept: application/json", NULL};
	static const struct fetch_manner manner = {.headers = headers, .reduce = reduce};
	struct buffer url = BUFFER_INIT;
	struct http_response response;
	buffer_append_format(&url, "https://%s/oauth/userinfo", connection->audience);
	int result = buffer_check(&url, error);
	bool is_asked = result == 0 && !fetch_source_lacks(source, url.data);
	if (is_asked)
		result = fetch_source_get(source, url.data, NULL, &manner, NULL, error);
	buffer_release(&url);
	if (result < 0 || !is_asked)
		return result;
	int got = FETCH_SOURCE_ROOM;
	while (got == FETCH_SOURCE_ROOM)
		got = fetch_source_next(source, &response, error);
	if (got <= 0)
		return got == 0 ? error_set(error, EX_SOFTWARE, "a request has no response") : -1;
	if (response.error.status) {
		*error = response.error;
		error_prefix(error, "cannot find the accounts' eSignature sites%s",
			response.status == 401 || response.status == 403
				? " (they need a user's token: \"user_id\" in the profile, or \"esign_base\")"
				: "");
		return 1;
	}
	if (read_accounts("/body/accounts", response.wrapped, response.wrapped_length, add_site, sites, error) < 0) {
		error_prefix(error, "cannot use the response of '%s'", response.url);
		return error->status == EX_OSERR ? -1 : 1;
	}
	sites->known = true;
	return 0;
}

const char *esign_sites_base(const struct esign_sites *sites, const char *account_id)
{
	struct site key = {.base = ""}, **found;
	size_t length = strlen(account_id);
	if (length > ID_LIMIT)
		return NULL;
	memcpy(key.account_id, account_id, length + 1);
	found = tfind(&key, &sites->by_account, compare);
	return found ? (*found)->base : NULL;
}

void esign_sites_release(struct esign_sites *sites)
{
	tdestroy(sites->by_account, free);
	sites->by_account = NULL;
}
