#include "fault.h"

#include <stdlib.h>
#include <string.h>

#define FAULTS 32

struct fault {
	enum fault_kind kind;
	int64_t value;
	char word[64]; /* VALUE when it is not a number */
	double share; /* of all requests; negative when counted */
	long remaining; /* when counted */
	char substring[200];
};

static const struct {
	const char *name;
	int64_t value;
} kinds[] = {
	[FAULT_NONE] = {"", 0},
	[FAULT_SLOW] = {"slow", 2000},
	[FAULT_RESET] = {"reset", 0},
	[FAULT_408] = {"408", 0},
	[FAULT_429] = {"429", 1},
	[FAULT_500] = {"500", 0},
	[FAULT_503] = {"503", 0},
	[FAULT_EXPIRED_TOKEN] = {"expired-token", 0},
	[FAULT_REFUSE_ACCOUNT] = {"refuse-account", 0},
	[FAULT_UNKNOWN_CURSOR] = {"unknown-cursor", 0},
	[FAULT_CONSENT_REQUIRED] = {"consent-required", 0},
	[FAULT_TOKEN_ERROR] = {"token-error", 503},
	[FAULT_HOURLY_400] = {"hourly-400", 0},
	[FAULT_BURST_400] = {"burst-400", 0},
	[FAULT_ERROR_200] = {"error-200", 0},
	[FAULT_CURSOR_LOOP] = {"cursor-loop", 0},
	[FAULT_EMPTY_PAGES] = {"empty-pages", 0},
	[FAULT_SHRINK] = {"shrink", 1},
	[FAULT_CUT] = {"cut", 0},
	[FAULT_STALL] = {"stall", 60000},
	[FAULT_DRIP] = {"drip", 1000},
	[FAULT_WRONG_TYPE] = {"wrong-type", 0},
	[FAULT_INVALID_UTF8] = {"invalid-utf8", 0},
	[FAULT_LONE_SURROGATE] = {"lone-surrogate", 0},
	[FAULT_NO_DATE] = {"no-date", 0},
	[FAULT_GIANT_RECORD] = {"giant-record", INT64_C(17) << 20},
	[FAULT_QUOTED_EXPIRY] = {"quoted-expiry", 0},
	[FAULT_FAR_RESET] = {"far-reset", 86400},
	[FAULT_GIANT] = {"giant", INT64_C(1) << 32},
	[FAULT_GIANT_GZIP] = {"giant-gzip", INT64_C(1) << 29},
	[FAULT_RETRY_AFTER_DATE] = {"retry-after-date", 1},
	[FAULT_MIX] = {"mix", 0},
};

static struct fault faults[FAULTS];
static size_t fault_count;
static uint64_t seed = 1;
static bool mix_has_expired;
static unsigned char mix_in_a_row[65536]; /* by a hash of the URL */

void fault_set_seed(uint64_t number)
{
	seed = number;
}

/* splitmix64's finalizer. */
uint64_t fault_hash(uint64_t left, uint64_t right)
{
	uint64_t z = left * 0x9e3779b97f4a7c15 + right * 0xd1b54a32d192ed03 + 0x632be59bd9b4e019;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static double draw(uint64_t number, uint64_t salt)
{
	return (double)(fault_hash(fault_hash(seed, salt), number) >> 11) / 9007199254740992.0;
}

const char *fault_name(enum fault_kind kind)
{
	return kinds[kind].name;
}

static int refuse(struct error *error, const char *spec, const char *reason)
{
	return error_set(error, EX_USAGE, "cannot use fault '%s': %s", spec, reason);
}

static int parse(const char *spec, struct fault *fault, struct error *error)
{
	char text[400], *end;
	if (strlen(spec) >= sizeof text)
		return refuse(error, spec, "it is too long");
	strcpy(text, spec);
	*fault = (struct fault){.share = 1};
	char *substring = strchr(text, '@');
	if (substring) {
		*substring++ = 0;
		if (!*substring || strlen(substring) >= sizeof fault->substring)
			return refuse(error, spec, "what follows @ is part of a URL");
		strcpy(fault->substring, substring);
	}
	char *amount = strchr(text, ':'), *value = strchr(text, '=');
	if (amount)
		*amount++ = 0;
	if (value)
		*value++ = 0;
	for (size_t i = 1; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].name, text) == 0)
			fault->kind = (enum fault_kind)i;
	if (!fault->kind)
		return refuse(error, spec, "there is no such kind");
	fault->value = kinds[fault->kind].value;
	if (value && fault->kind == FAULT_REFUSE_ACCOUNT && *value && strlen(value) < sizeof fault->word) {
		strcpy(fault->word, value);
	} else if (value) {
		fault->value = strtoll(value, &end, 10);
		if (end == value || *end || fault->value < 0)
			return refuse(error, spec, "what follows = is a number");
	} else if (fault->kind == FAULT_REFUSE_ACCOUNT) {
		return refuse(error, spec, "refuse-account=ID names an account");
	}
	if (!amount && fault->kind == FAULT_EXPIRED_TOKEN)
		amount = "1";
	if (amount && strchr(amount, '.')) {
		fault->share = strtod(amount, &end);
		if (end == amount || *end || fault->share < 0 || fault->share > 1)
			return refuse(error, spec, "a share is 0.0 to 1.0");
	} else if (amount) {
		fault->share = -1;
		fault->remaining = strtol(amount, &end, 10);
		if (end == amount || *end || fault->remaining < 0)
			return refuse(error, spec, "what follows : is a share such as 0.5 or a count");
	} else if (fault->kind == FAULT_RETRY_AFTER_DATE) {
		fault->share = 0; /* a switch, see fault_retry_after_date() */
	}
	return 0;
}

int fault_add(const char *spec, struct error *error)
{
	if (fault_count == FAULTS)
		return refuse(error, spec, "there are too many");
	if (parse(spec, &faults[fault_count], error) < 0)
		return -1;
	fault_count++;
	return 0;
}

int fault_replace(const char *text, struct error *error)
{
	struct fault before[FAULTS];
	size_t count_before = fault_count;
	memcpy(before, faults, sizeof faults);
	fault_count = 0;
	for (const char *line = text; *line;) {
		char spec[400];
		size_t length = strcspn(line, "\r\n");
		if (length >= sizeof spec)
			length = sizeof spec - 1;
		memcpy(spec, line, length);
		spec[length] = 0;
		if (length && fault_add(spec, error) < 0) {
			memcpy(faults, before, sizeof faults);
			fault_count = count_before;
			return -1;
		}
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	mix_has_expired = false;
	memset(mix_in_a_row, 0, sizeof mix_in_a_row);
	return 0;
}

bool fault_retry_after_date(void)
{
	for (size_t i = 0; i < fault_count; i++)
		if (faults[i].kind == FAULT_RETRY_AFTER_DATE)
			return true;
	return false;
}

static bool applies(const struct fault *fault, const struct request *request)
{
	const char *cursor;
	if (*fault->substring && !strstr(request->url, fault->substring))
		return false;
	switch (fault->kind) {
	case FAULT_EXPIRED_TOKEN:
		return *request->authorization;
	case FAULT_REFUSE_ACCOUNT:
		return strcasestr(request->url, fault->word);
	case FAULT_UNKNOWN_CURSOR:
		cursor = request_parameter(request, "cursor");
		return cursor && !strchr(cursor, ':');
	case FAULT_CURSOR_LOOP:
		return request_parameter(request, "cursor");
	case FAULT_EMPTY_PAGES:
		return strstr(request->path, "/datasets/");
	case FAULT_SHRINK:
		return request_parameter(request, "start_position");
	case FAULT_HOURLY_400:
	case FAULT_BURST_400:
	case FAULT_FAR_RESET:
		return strncmp(request->path, "/oauth/", 7) != 0;
	case FAULT_ERROR_200: /* the token service's if it is named */
		return *fault->substring || strncmp(request->path, "/oauth/", 7) != 0;
	case FAULT_TOKEN_ERROR:
	case FAULT_QUOTED_EXPIRY:
	case FAULT_CONSENT_REQUIRED:
		return strcmp(request->path, "/oauth/token") == 0;
	default:
		return true;
	}
}

static bool drawn(struct fault *fault, uint64_t number, size_t index)
{
	if (fault->share >= 0)
		return draw(number, index) < fault->share;
	return fault->remaining > 0 && fault->remaining-- > 0;
}

static enum fault_kind choose_of_mix(const struct request *request, uint64_t number, bool is_drawn)
{
	static const enum fault_kind of_mix[] = {FAULT_CUT, FAULT_RESET, FAULT_408, FAULT_429, FAULT_500, FAULT_503, FAULT_EXPIRED_TOKEN};
	uint64_t place = 0;
	for (const char *c = request->url; *c; c++)
		place = fault_hash(place, (unsigned char)*c);
	unsigned char *in_a_row = &mix_in_a_row[place % sizeof mix_in_a_row];
	if (!is_drawn || *in_a_row >= MIX_IN_A_ROW) {
		*in_a_row = 0;
		return FAULT_NONE;
	}
	enum fault_kind kind = of_mix[(size_t)(draw(number, 1000) * (sizeof of_mix / sizeof *of_mix))];
	if (kind == FAULT_EXPIRED_TOKEN && (mix_has_expired || !*request->authorization))
		kind = FAULT_500;
	if (kind == FAULT_EXPIRED_TOKEN)
		mix_has_expired = true;
	++*in_a_row;
	return kind;
}

struct fault_choice fault_choose(const struct request *request, uint64_t number)
{
	for (size_t i = 0; i < fault_count; i++) {
		struct fault *fault = &faults[i];
		if (!applies(fault, request))
			continue;
		bool is_drawn = drawn(fault, number, i);
		enum fault_kind kind = fault->kind;
		if (kind == FAULT_MIX)
			kind = choose_of_mix(request, number, is_drawn);
		else if (!is_drawn)
			kind = FAULT_NONE;
		if (kind == FAULT_RETRY_AFTER_DATE)
			kind = FAULT_429;
		if (kind)
			return (struct fault_choice){kind, fault->kind == FAULT_MIX ? kinds[kind].value : fault->value};
	}
	return (struct fault_choice){FAULT_NONE, 0};
}
