/*
 * generate: makes what the tests run on. Everything comes from a seed, so two runs give the same bytes.
 *
 *   generate --fixture DIR   writes the recorded organisation that is committed as fixtures/acme
 *   generate --raw           prints raw feed records, one a line, for benchmarks and property tests
 *
 * An envelope is a short list of events (made, sent, delivered, settled); version k of its record is what the service says
 * after event k. All of envelope i follows from (seed, i) alone, so a re-delivery is drawn anew instead of remembered.
 *
 * In the recorded organisation every account is processed once a week, on a weekday of its own: an envelope's newest version
 * from before that day arrives then. What is in there on purpose are the rows of `specials`, told in the fixture's README.
 *
 * Exit codes: 0, 64 usage, 71 no memory, 73 cannot create, 74 cannot write.
 */
#include "base/buffer.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <popt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Instants are counted in Docusign's own precision, tenths of a microsecond, since 1970-01-01. */
#define SECOND INT64_C(10000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

#define RECORD_ROOM 4096 /* more than the longest record */
#define LENGTH(table) (sizeof(table) / sizeof(table)[0])

/* ---- chance ---- */

struct uuid {
	uint64_t high, low;
};

struct dice {
	uint64_t state;
};

enum purpose { FOR_ENVELOPE = 1, FOR_ACCOUNT, FOR_PLAN_ITEM, FOR_PERSON, FOR_REDELIVERY, FOR_ARRIVAL };

/* splitmix64 (Steele, Lea, Flood 2014): one multiplication chain a number, and any state is a good seed. */
static inline uint64_t mix(uint64_t value)
{
	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return value ^ value >> 31;
}

static inline struct dice dice_for(uint64_t seed, enum purpose purpose, uint64_t index)
{
	return (struct dice){mix(mix(seed * 16 + purpose) + index)};
}

static inline uint64_t roll(struct dice *dice)
{
	return mix(dice->state += UINT64_C(0x9e3779b97f4a7c15));
}

static inline uint64_t roll_below(struct dice *dice, uint64_t limit)
{
	return (uint64_t)((unsigned __int128)roll(dice) * limit >> 64);
}

static inline struct uuid roll_uuid(struct dice *dice)
{
	uint64_t high = roll(dice), low = roll(dice);
	return (struct uuid){(high & ~UINT64_C(0xf000)) | 0x4000, low >> 2 | UINT64_C(1) << 63};
}

/* ---- text: each put_ writes at `to` and returns the byte after ---- */

static inline char *put_text(char *to, const char *text)
{
	size_t length = strlen(text);
	memcpy(to, text, length);
	return to + length;
}

static inline char *put_digits(char *to, uint64_t value, unsigned width)
{
	for (unsigned i = width; i-- > 0; value /= 10)
		to[i] = (char)('0' + value % 10);
	return to + width;
}

static inline char *put_uuid(char *to, struct uuid uuid, bool upper_case)
{
	const char *digits = upper_case ? "0123456789ABCDEF" : "0123456789abcdef";
	for (unsigned i = 0; i < 32; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			*to++ = '-';
		*to++ = digits[(i < 16 ? uuid.high : uuid.low) >> (60 - i % 16 * 4) & 15];
	}
	return to;
}

static const char *uuid_text(struct uuid uuid, char text[37])
{
	*put_uuid(text, uuid, false) = '\0';
	return text;
}

/* Days since 1970-01-01 to a civil date and back: Howard Hinnant's algorithms, years from March. */
static int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
	year -= month <= 2;
	int64_t era = year / 400;
	unsigned year_of_era = (unsigned)(year - era * 400);
	unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

/* YYYY-MM-DDTHH:MM:SS.fff…Z with `fraction` digits, 3 or 7; what does not fit is cut off, never rounded. */
static char *put_instant(char *to, int64_t instant, unsigned fraction)
{
	unsigned days = (unsigned)(instant / DAY) + 719468;
	unsigned era = days / 146097, day_of_era = days % 146097;
	unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	unsigned shifted = (5 * day_of_year + 2) / 153;
	unsigned month = shifted < 10 ? shifted + 3 : shifted - 9;
	uint64_t rest = (uint64_t)(instant % DAY);
	unsigned seconds = (unsigned)(rest / SECOND), parts = (unsigned)(rest % SECOND);

	to = put_digits(to, year_of_era + era * 400 + (month <= 2), 4);
	*to++ = '-';
	to = put_digits(to, month, 2);
	*to++ = '-';
	to = put_digits(to, day_of_year - (153 * shifted + 2) / 5 + 1, 2);
	*to++ = 'T';
	to = put_digits(to, seconds / 3600, 2);
	*to++ = ':';
	to = put_digits(to, seconds / 60 % 60, 2);
	*to++ = ':';
	to = put_digits(to, seconds % 60, 2);
	*to++ = '.';
	to = fraction == 7 ? put_digits(to, parts, 7) : put_digits(to, parts / 10000, 3);
	*to++ = 'Z';
	return to;
}

static const char *instant_text(int64_t instant, char text[32])
{
	*put_instant(text, instant, 3) = '\0';
	return text;
}

/* Reads "2024-02-29", "2024-02-29T12:30:00" or "2024-02-29T23:59:59.9999999" (all seven digits): only for this file's tables. */
static int64_t instant_from(const char *text)
{
	unsigned year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, parts = 0;
	sscanf(text, "%u-%u-%uT%u:%u:%u.%7u", &year, &month, &day, &hour, &minute, &second, &parts);
	return days_from_civil(year, month, day) * DAY + hour * HOUR + minute * MINUTE + second * SECOND + parts;
}

/* ---- envelopes ---- */

enum status { CREATED, SENT, DELIVERED, COMPLETED, VOIDED, DECLINED, DELETED, TIMEDOUT };

static const char *const status_words[] = {"created", "sent", "delivered", "completed", "voided", "declined", "deleted", "timedout"};

enum { /* members that an envelope's record has as null, or, where `absent`, not at all */
	NO_CREATED = 1,
	NO_STATUS_CHANGED = 2,
	NO_PLAN_ITEM = 4,
	NO_SENDER = 8,
	NO_SENDER_ID = 16,
	NO_SENDER_NAME = 32,
	NO_SENDER_EMAIL = 64,
	NO_SUBJECT = 128,
	ONLY_REQUIRED = NO_CREATED | NO_STATUS_CHANGED | NO_PLAN_ITEM | NO_SENDER | NO_SUBJECT,
};

struct event {
	enum status status;
	int64_t at;
	int64_t modified; /* the service writes its own record a moment later */
};

struct envelope {
	struct uuid id, account_id, plan_item, sender_id;
	const char *sender_name, *sender_email, *subject;
	unsigned missing;
	unsigned absent_versions, upper_case_versions; /* bit k is for version k */
	unsigned event_count;
	struct event events[4];
};

/* Texts stand as they go between JSON quotes: the same character raw and escaped, as services write both. */
static const struct {
	const char *name, *email;
} people[] = {
	{"Ada Fuchs", "ada.fuchs@acme.example"},
	{"Bo \\\"Bobby\\\" Lindqvist", "bo.lindqvist@acme.example"},
	{"Chlo\\u00e9 Dubois", "chloe.dubois@acme.example"},
	{"Dmitri Volkov", "dmitri.volkov@acme.example"},
	{"Esra Y\303\261ld\304\261z", "esra.yildiz@acme.example"},
	{"Farah \331\201\330\261\330\255", "farah@acme.example"},
	{"Grace O'Neill", "grace.o.neill@acme.example"},
	{"H. M\\\\K Services", "hmk-services+esign@acme.example"},
};

#define SUBJECT_QUOTES "Please sign: the \\\"Blue\\\" contract in C:\\\\Deals\\\\2024"
#define SUBJECT_EMOJI "\360\237\232\200 Offer letter \\ud83c\\udf89 for the launch team"
#define SUBJECT_RIGHT_TO_LEFT \
	"\330\247\331\204\330\261\330\254\330\247\330\241 \330\247\331\204\330\252\331\210\331\202\331\212\330\271: " \
	"\\u05d7\\u05d5\\u05d6\\u05d4"
#define SUBJECT_NEWLINE "Terms, conditions\\nand \\tannex; see \\/legal"

static const char *const subjects[] = {
	"Please DocuSign: Master services agreement",
	"Please DocuSign: Non-disclosure agreement with the supplier",
	"Complete with Docusign: Purchase order and delivery terms.pdf",
	"Employment contract for your signature",
	"Statement of work, second quarter, revision B",
	"Renewal of the maintenance agreement",
	"Change request to the framework contract",
	"Data processing agreement (Art. 28 GDPR)",
	SUBJECT_QUOTES,
	SUBJECT_EMOJI,
	SUBJECT_RIGHT_TO_LEFT,
	SUBJECT_NEWLINE,
};

static inline char *put_name(char *to, const char *name)
{
	*to++ = ',';
	*to++ = '"';
	to = put_text(to, name);
	*to++ = '"';
	*to++ = ':';
	return to;
}

static inline char *put_null(char *to, const char *name, bool absent)
{
	return absent ? to : put_text(put_name(to, name), "null");
}

static inline char *put_string(char *to, const char *name, const char *text)
{
	to = put_name(to, name);
	*to++ = '"';
	to = put_text(to, text);
	*to++ = '"';
	return to;
}

static inline char *put_id(char *to, const char *name, struct uuid id, bool upper_case)
{
	to = put_name(to, name);
	*to++ = '"';
	to = put_uuid(to, id, upper_case);
	*to++ = '"';
	return to;
}

/* `instant` 0 is none. */
static inline char *put_time(char *to, const char *name, int64_t instant, bool absent)
{
	if (!instant)
		return put_null(to, name, absent);
	to = put_name(to, name);
	*to++ = '"';
	to = put_instant(to, instant, 7);
	*to++ = '"';
	return to;
}

static char *put_sender(char *to, const struct envelope *envelope, bool absent, bool upper_case)
{
	if (envelope->missing & NO_SENDER)
		return put_null(to, "sender", absent);
	to = put_text(put_name(to, "sender"), "{");
	char *first = to;
	to = envelope->missing & NO_SENDER_ID ? put_null(to, "userId", absent) : put_id(to, "userId", envelope->sender_id, upper_case);
	to = envelope->missing & NO_SENDER_NAME ? put_null(to, "userName", absent) : put_string(to, "userName", envelope->sender_name);
	to = envelope->missing & NO_SENDER_EMAIL ? put_null(to, "email", absent) : put_string(to, "email", envelope->sender_email);
	if (to > first) { /* the first member has no comma before it */
		memmove(first, first + 1, (size_t)(to - first - 1));
		to--;
	}
	*to++ = '}';
	return to;
}

static char *put_record(char *to, const struct envelope *envelope, unsigned version)
{
	const bool absent = envelope->absent_versions >> version & 1;
	const bool upper_case = envelope->upper_case_versions >> version & 1;
	const struct event *now = &envelope->events[version];
	int64_t reached[LENGTH(status_words)] = {0};
	for (unsigned i = 0; i <= version; i++)
		reached[envelope->events[i].status] = envelope->events[i].at;

	*to++ = '{';
	char *first = to;
	to = put_id(to, "envelopeId", envelope->id, upper_case);
	memmove(first, first + 1, (size_t)(to - first - 1));
	to--;
	to = put_id(to, "accountId", envelope->account_id, upper_case);
	to = put_string(to, "status", status_words[now->status]);
	to = put_time(to, "createdDateTime", envelope->missing & NO_CREATED ? 0 : reached[CREATED], absent);
	to = put_time(to, "sentDateTime", reached[SENT], absent);
	to = put_time(to, "deliveredDateTime", reached[DELIVERED], absent);
	to = put_time(to, "completedDateTime", reached[COMPLETED], absent);
	to = put_time(to, "voidedDateTime", reached[VOIDED], absent);
	to = put_time(to, "declinedDateTime", reached[DECLINED], absent);
	to = put_time(to, "statusChangedDateTime", envelope->missing & NO_STATUS_CHANGED ? 0 : now->at, absent);
	to = put_time(to, "lastModifiedDateTime", now->modified, false);
	if (envelope->missing & NO_PLAN_ITEM)
		to = put_null(to, "planItemId", absent);
	else
		to = put_id(to, "planItemId", envelope->plan_item, upper_case);
	to = put_sender(to, envelope, absent, upper_case);
	if (envelope->missing & NO_SUBJECT)
		to = put_null(to, "emailSubject", absent);
	else
		to = put_string(to, "emailSubject", envelope->subject);
	*to++ = '}';
	return to;
}

static void envelope_add_event(struct envelope *envelope, struct dice *dice, enum status status, int64_t at)
{
	envelope->events[envelope->event_count++] = (struct event){status, at, at + (int64_t)roll_below(dice, SECOND)};
}

/* Most settle within a day or two, some in weeks: those are what arrives again with a new status. */
static int64_t draw_settling_time(struct dice *dice)
{
	uint64_t kind = roll_below(dice, 100);
	return MINUTE + (int64_t)roll_below(dice, kind < 72 ? DAY : kind < 95 ? 10 * DAY : 60 * DAY);
}

static void envelope_draw_events(struct envelope *envelope, struct dice *dice, int64_t created)
{
	int64_t sent = created + MINUTE + (int64_t)roll_below(dice, 3 * HOUR);
	int64_t delivered = sent + MINUTE + (int64_t)roll_below(dice, 20 * HOUR);
	int64_t settled = delivered + draw_settling_time(dice);
	uint64_t fate = roll_below(dice, 100);

	envelope->event_count = 0;
	envelope_add_event(envelope, dice, CREATED, created);
	if (fate < 5)
		return; /* stays a draft */
	envelope_add_event(envelope, dice, SENT, sent);
	if (fate < 9)
		return;
	if (fate < 12) {
		envelope_add_event(envelope, dice, VOIDED, settled); /* before anybody opened it */
		return;
	}
	envelope_add_event(envelope, dice, DELIVERED, delivered);
	if (fate >= 15)
		envelope_add_event(envelope, dice, fate < 17 ? VOIDED : fate < 20 ? DECLINED : COMPLETED, settled);
}

/* What is common to all drawn envelopes; the caller has set account_id, plan_item and NO_PLAN_ITEM. */
static void envelope_draw_rest(struct envelope *envelope, struct dice *dice, uint64_t seed, uint64_t account, int64_t created)
{
	uint64_t person = roll_below(dice, LENGTH(people));
	struct dice of_person = dice_for(seed, FOR_PERSON, account * LENGTH(people) + person);
	envelope->sender_id = roll_uuid(&of_person);
	envelope->sender_name = people[person].name;
	envelope->sender_email = people[person].email;
	envelope->subject = subjects[roll_below(dice, LENGTH(subjects))];
	envelope->absent_versions = (unsigned)(roll(dice) & roll(dice) & roll(dice) & 15); /* one in eight */
	envelope->upper_case_versions = (unsigned)(roll(dice) & roll(dice) & roll(dice) & 15);
	envelope_draw_events(envelope, dice, created);
}

/* ---- raw: any number of records on stdout ---- */

#define RAW_BUFFER (1 << 20)
#define RAW_PLAN_ITEMS 12

struct raw_options {
	long long envelopes, accounts, days, redeliver, seed;
};

/* Sets `*first_version` to the version that the envelope first arrived in. */
static void raw_draw(struct envelope *envelope, const struct raw_options *options, int64_t start, uint64_t index, unsigned *first_version)
{
	uint64_t seed = (uint64_t)options->seed;
	int64_t step = (options->days - 1) * DAY / options->envelopes;
	struct dice dice = dice_for(seed, FOR_ENVELOPE, index);

	envelope->id = roll_uuid(&dice);
	uint64_t account = roll_below(&dice, (uint64_t)options->accounts);
	struct dice of_account = dice_for(seed, FOR_ACCOUNT, account);
	envelope->account_id = roll_uuid(&of_account);
	uint64_t second_item = roll_below(&dice, 4) == 0; /* an account has two, and uses one of them more */
	struct dice of_item = dice_for(seed, FOR_PLAN_ITEM, (account + second_item) % RAW_PLAN_ITEMS);
	envelope->plan_item = roll_uuid(&of_item);
	envelope->missing = roll_below(&dice, 10) ? 0 : NO_PLAN_ITEM;
	int64_t created = start + (int64_t)index * step + (int64_t)roll_below(&dice, 20 * HOUR);
	envelope_draw_rest(envelope, &dice, seed, account, created);
	unsigned skipped = roll_below(&dice, 4) ? 0 : (unsigned)roll_below(&dice, envelope->event_count);
	*first_version = envelope->event_count - 1 - skipped;
}

static int raw_flush(char *bytes, char **end, struct error *error)
{
	for (char *from = bytes; from < *end;) {
		ssize_t count = write(STDOUT_FILENO, from, (size_t)(*end - from));
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_set_errno(error, EX_IOERR, "cannot write 'standard output'");
		from += count;
	}
	*end = bytes;
	return 0;
}

static int raw_write(const struct raw_options *options, struct error *error)
{
	static char bytes[RAW_BUFFER];
	char *to = bytes;
	const int64_t start = instant_from("2024-01-31");
	struct envelope envelope;
	unsigned version;

	for (uint64_t i = 0; i < (uint64_t)options->envelopes; i++) {
		raw_draw(&envelope, options, start, i, &version);
		to = put_record(to, &envelope, version);
		*to++ = '\n';
		struct dice dice = dice_for((uint64_t)options->seed, FOR_REDELIVERY, i);
		if (roll_below(&dice, 100) < (uint64_t)options->redeliver) {
			raw_draw(&envelope, options, start, roll_below(&dice, i + 1), &version);
			version += (unsigned)roll_below(&dice, envelope.event_count - version);
			to = put_record(to, &envelope, version);
			*to++ = '\n';
		}
		if (bytes + sizeof bytes - to < 2 * RECORD_ROOM && raw_flush(bytes, &to, error) < 0)
			return -1;
	}
	if (raw_flush(bytes, &to, error) < 0)
		return -1;
	return close(STDOUT_FILENO) < 0 ? error_set_errno(error, EX_IOERR, "cannot write 'standard output'") : 0;
}

/* ---- the recorded organisation: its accounts, plans and licence ---- */

#define ORGANIZATION_ID "9dd1c1a4-5b6e-4c2f-8a37-0e5f6b1d2c90"
#define API_BASE "https://api.docusign.net"
#define CONTRACT_START "2024-01-31"
#define LAST_DAY "2025-04-01" /* nothing is made from here on */
#define LAST_PROCESSING "2025-04-07"
#define DRAWN_ENVELOPES 1940
#define LOOKBACK_DAYS 8
#define PAGE_CAP 100 /* the service's own, lower than the limit that is asked for */

static const char *const nights[] = {"2025-03-18T02:00:00", "2025-03-25T02:00:00", "2025-04-01T02:00:00"};

/* 1970-01-01 was a Thursday, so day % 7 counts from there. */
enum weekday { THURSDAY, FRIDAY, SATURDAY, SUNDAY, MONDAY, TUESDAY, WEDNESDAY };

#define GROUP_AMERICAS "4a9a1e70-1d5e-4b0a-9f63-d1b0c6a7e001"
#define GROUP_EUROPE "4a9a1e70-1d5e-4b0a-9f63-d1b0c6a7e002"
#define GROUP_LABS "4a9a1e70-1d5e-4b0a-9f63-d1b0c6a7e003"

enum plan_item { AMERICAS_PRO, EUROPE_BUSINESS, EUROPE_PRO, LABS_BUSINESS, LABS_UNKNOWN, PLAN_ITEMS, NO_ITEM = PLAN_ITEMS };

static const struct uuid plan_items[PLAN_ITEMS] = {
	[AMERICAS_PRO] = {UINT64_C(0xb7f2d3c81a4e4f11), UINT64_C(0x8c5d2e90a1b3c401)},
	[EUROPE_BUSINESS] = {UINT64_C(0xb7f2d3c81a4e4f11), UINT64_C(0x8c5d2e90a1b3c402)},
	[EUROPE_PRO] = {UINT64_C(0xb7f2d3c81a4e4f11), UINT64_C(0x8c5d2e90a1b3c403)},
	[LABS_BUSINESS] = {UINT64_C(0xb7f2d3c81a4e4f11), UINT64_C(0x8c5d2e90a1b3c404)},
	[LABS_UNKNOWN] = {UINT64_C(0xb7f2d3c81a4e4f11), UINT64_C(0x8c5d2e90a1b3c405)},
};

enum account { PLAIN, QUOTES, EMOJI, RIGHT_TO_LEFT, NEWLINE, NAMELESS, ACCOUNTS };

struct account_row {
	struct uuid id;
	const char *name, *external_id, *site_id, *site_name; /* as JSON; external and site ids are numbers at Docusign */
	const char *group;
	bool compliant;
	bool upper_case; /* the Admin API writes this account's id in capitals */
	enum weekday weekday;
	unsigned minute; /* after midnight, when the account's site is through */
	unsigned share; /* of the envelopes, in percent */
	unsigned item_shares[PLAN_ITEMS + 1]; /* in percent, the last without a plan item */
	const char *quiet_from; /* sends nothing from this day on, or NULL */
};

static const struct account_row accounts[ACCOUNTS] = {
	[PLAIN] = {{UINT64_C(0x7c1e9a523b0f4d6a), UINT64_C(0x9e215f8840c7d301)}, "\"Acme Manufacturing\"", "50117201", "1", "\"na1\"",
		GROUP_AMERICAS, true, false, MONDAY, 5, 30, {[AMERICAS_PRO] = 80, [NO_ITEM] = 20}, NULL},
	[QUOTES] = {{UINT64_C(0x7c1e9a523b0f4d6a), UINT64_C(0x9e215f8840c7d302)}, "\"Acme \\\"Direct\\\" Sales \\\\ Returns\"", "50117202",
		"1", "\"na1\"", GROUP_AMERICAS, true, false, TUESDAY, 17, 20, {[AMERICAS_PRO] = 85, [NO_ITEM] = 15}, NULL},
	[EMOJI] = {{UINT64_C(0x7c1e9a523b0f4d6a), UINT64_C(0x9e215f8840c7d303)}, "\"Acme \360\237\232\200 Labs \\ud83e\\uddea\"",
		"50117203", "3", "\"na3\"", GROUP_LABS, true, true, WEDNESDAY, 23, 15, {[LABS_BUSINESS] = 85, [LABS_UNKNOWN] = 15}, NULL},
	[RIGHT_TO_LEFT] = {{UINT64_C(0x7c1e9a523b0f4d6a), UINT64_C(0x9e215f8840c7d304)},
		"\"\330\264\330\261\331\203\330\251 \330\243\331\203\331\205\331\212 (Acme)\"", "50117204", "11", "\"eu1\"", GROUP_EUROPE,
		true, false, THURSDAY, 41, 15, {[EUROPE_BUSINESS] = 60, [EUROPE_PRO] = 38, [NO_ITEM] = 2}, NULL},
	[NEWLINE] = {{UINT64_C(0x7c1e9a523b0f4d6a), UINT64_C(0x9e215f8840c7d305)}, "\"Acme, North\\nEurope\"", "null", "11", "\"eu1\"",
		GROUP_EUROPE, false, false, FRIDAY, 58, 12, {[EUROPE_BUSINESS] = 60, [EUROPE_PRO] = 40}, NULL},
	[NAMELESS] = {{UINT64_C(0x7c1e9a523b0f4d6a), UINT64_C(0x9e215f8840c7d306)}, "null", "50117206", "null", "null", GROUP_LABS, false,
		false, SATURDAY, 77, 8, {[LABS_BUSINESS] = 80, [LABS_UNKNOWN] = 20}, "2025-02-25"},
};

static const char plan_items_json[] =
	"[\n"
	"{\"plan_id\":\"e2c4a6f8-0b1d-4f35-9a7c-3d5e7f901101\",\"plan_name\":\"Enterprise Pro\",\"associated_accounts_count\":2,"
	"\"asset_group_name\":\"Acme Americas\",\"asset_group_id\":\"" GROUP_AMERICAS "\","
	"\"subscription_name\":\"Acme Enterprise "
	"2024\",\"subscription_id\":\"0c7d5e3f-6a1b-4820-b9d8-f7e6d5c4b301\",\"modules\":["
	"{\"plan_item_id\":\"b7f2d3c8-1a4e-4f11-8c5d-2e90a1b3c401\",\"plan_item_name\":\"eSignature Enterprise Pro - Envelopes\","
	"\"plan_item_description\":\"Envelopes, \\\"Enterprise Pro\\\"\",\"plan_item_internal_id\":\"ENV-EP-01\"}]},\n"
	"{\"plan_id\":\"e2c4a6f8-0b1d-4f35-9a7c-3d5e7f901102\",\"plan_name\":\"Business Pro\",\"associated_accounts_count\":2,"
	"\"asset_group_name\":null,\"asset_group_id\":\"" GROUP_EUROPE "\","
	"\"subscription_name\":\"Acme Europe 2024\",\"subscription_id\":\"0c7d5e3f-6a1b-4820-b9d8-f7e6d5c4b302\",\"modules\":["
	"{\"plan_item_id\":\"B7F2D3C8-1A4E-4F11-8C5D-2E90A1B3C402\",\"plan_item_name\":\"eSignature Business Pro - Envelopes\","
	"\"plan_item_description\":null,\"plan_item_internal_id\":\"ENV-BP-02\"},"
	"{\"plan_item_id\":\"b7f2d3c8-1a4e-4f11-8c5d-2e90a1b3c403\",\"plan_item_name\":\"eSignature Enterprise Pro - Envelopes "
	"(EU)\","
	"\"plan_item_description\":\"Envelopes\",\"plan_item_internal_id\":\"ENV-EP-03\"}]},\n"
	"{\"plan_id\":\"e2c4a6f8-0b1d-4f35-9a7c-3d5e7f901103\",\"plan_name\":null,\"associated_accounts_count\":null,"
	"\"asset_group_name\":\"Acme Labs\",\"asset_group_id\":\"" GROUP_LABS "\","
	"\"subscription_name\":null,\"subscription_id\":\"0c7d5e3f-6a1b-4820-b9d8-f7e6d5c4b303\",\"modules\":["
	"{\"plan_item_id\":\"b7f2d3c8-1a4e-4f11-8c5d-2e90a1b3c404\",\"plan_item_name\":null,"
	"\"plan_item_description\":null,\"plan_item_internal_id\":null},"
	"{\"plan_item_id\":\"b7f2d3c8-1a4e-4f11-8c5d-2e90a1b3c405\",\"plan_item_name\":\"Pilot \360\237\247\252 Envelopes\","
	"\"plan_item_description\":\"Trial pool\",\"plan_item_internal_id\":\"ENV-TRIAL-05\"}]}\n"
	"]\n";

static const char profile_json[] = "{\n"
				   "  \"name\": \"acme\",\n"
				   "  \"integration_type\": \"organization\",\n"
				   "  \"organization_id\": \"" ORGANIZATION_ID "\",\n"
				   "  \"contract_start\": \"" CONTRACT_START "\",\n"
				   "  \"renewal_months\": 3,\n"
				   "  \"active\": true,\n"
				   "  \"download_consumption\": true,\n"
				   "  \"api_base\": \"" API_BASE "\",\n"
				   "  \"audience\": \"account.docusign.com\",\n"
				   "  \"integration_key\": \"3f6b8d21-77c4-4e0d-a5b9-c81d2e4f6a70\",\n"
				   "  \"key_pair_id\": \"d05e9c13-2b48-4f7a-8e61-9a3c5b7d1f24\",\n"
				   "  \"key_file\": \"acme.pem\",\n"
				   "  \"scopes\": [\"organization_read\", \"organization_sub_account_read\", "
				   "\"asset_group_account_read\", \"account_read\"],\n"
				   "  \"feed\": \"datafeed\",\n"
				   "  \"lookback_days\": 8,\n"
				   "  \"concurrency\": 8\n"
				   "}\n";

#define ENTERPRISE_PRO "Docusign eSignature Enterprise Pro"
#define BUSINESS_PRO "Docusign eSignature Business Pro"

static const char models_csv[] =
	"publisher,product,version,edition,software_model,license_metric,unit,identifier_type,identifier\n"
	"Docusign,eSignature,,Enterprise Pro," ENTERPRISE_PRO ",Envelope,envelope,subscription_name,Acme Enterprise*\n"
	"Docusign,eSignature,,Enterprise Pro," ENTERPRISE_PRO ",Envelope,envelope,plan_item_id,b7f2d3c8-1a4e-4f11-8c5d-2e90a1b3c403\n"
	"Docusign,eSignature,,Business Pro," BUSINESS_PRO ",Envelope,envelope,plan_item_name,*Business Pro*\n"
	"Docusign,eSignature,,Business Pro," BUSINESS_PRO ",Envelope,envelope,plan_item_id,b7f2d3c8-1a4e-4f11-8c5d-2e90a1b3c404\n";

static const char exclusions_csv[] =
	"rule_type,identifier,profile,reason,start_date,end_date\n"
	"identifier,b7f2d3c8-1a4e-4f11-8c5d-2e90a1b3c4ff,acme,\"Migration sandbox, never in production\",2024-01-31,2024-04-29\n";

static const struct {
	const char *id, *model, *subscription_period, *start, *end;
	unsigned rights, unit_cost; /* in thousandths of a dollar */
} entitlements[] = {
	{"ENT-EP-01", ENTERPRISE_PRO, "Quarterly", "2024-01-31", "2024-04-29", 300, 2350},
	{"ENT-EP-02", ENTERPRISE_PRO, "Quarterly", "2024-04-30", "2024-07-30", 275, 2350},
	{"ENT-EP-03", ENTERPRISE_PRO, "Quarterly", "2024-07-31", "2024-10-30", 220, 2350},
	{"ENT-EP-04", ENTERPRISE_PRO, "Quarterly", "2024-10-31", "2025-01-30", 243, 2350},
	{"ENT-EP-05", ENTERPRISE_PRO, "Quarterly", "2025-01-31", "2025-04-29", 300, 2415},
	{"ENT-EP-05S", ENTERPRISE_PRO, "Quarterly", "2025-01-31", "2025-04-29", 25, 2600},
	{"ENT-BP-01", BUSINESS_PRO, "Quarterly", "2024-01-31", "2024-04-29", 160, 1875},
	{"ENT-BP-02", BUSINESS_PRO, "Quarterly", "2024-04-30", "2024-07-30", 160, 1875},
	{"ENT-BP-03", BUSINESS_PRO, "Quarterly", "2024-07-31", "2024-10-30", 160, 1875},
	{"ENT-BP-04", BUSINESS_PRO, "Quarterly", "2024-10-31", "2025-01-30", 160, 1875},
	{"ENT-BP-05", BUSINESS_PRO, "Quarterly", "2025-01-31", "2025-04-29", 160, 1925},
	{"ENT-BP-Y1", BUSINESS_PRO, "Annually", "2024-01-31", "2025-01-30", 40, 1333},
	{"ENT-BP-Y2", BUSINESS_PRO, "Annually", "2025-01-31", "2026-01-30", 40, 1399},
};

/* ---- the special envelopes ---- */

enum repeat { ONCE, TWICE_IN_PAGE, AGAIN_NEXT_WEEK, OLD_AFTER_NEW };

#define AFTER_NIGHT_1 "2025-03-18T12:00:00"
#define AFTER_NIGHT_2 "2025-03-25T12:00:00"

struct special {
	const char *about;
	enum account account;
	enum plan_item plan_item;
	const char *created, *sent, *settled; /* NULL where it did not happen */
	enum status settled_as;
	enum repeat repeat;
	const char *held_until; /* arrives from then on, all at once; NULL: with the weekly processing */
	unsigned missing;
	bool absent;
	bool upper_case;
	const char *subject;
};

/* Row k has the envelope id aced00kk-0000-4000-8000-0000000000kk (kk in hexadecimal, from 01), whatever the seed. */
static const struct special specials[] = {
	{"sent before the contract starts", PLAIN, AMERICAS_PRO, .created = "2024-01-30T14:00:00", .sent = "2024-01-30T15:00:00",
		.settled = "2024-02-02T09:00:00", .settled_as = COMPLETED},
	{"sent in the last millisecond of the first period", PLAIN, AMERICAS_PRO, .created = "2024-04-29T22:10:00",
		.sent = "2024-04-29T23:59:59.9999999", .settled = "2024-05-02T10:00:00", .settled_as = COMPLETED},
	{"sent in the first millisecond of the second period", PLAIN, AMERICAS_PRO, .created = "2024-04-29T22:11:00",
		.sent = "2024-04-30T00:00:00.0000000", .settled = "2024-05-02T10:05:00", .settled_as = COMPLETED},
	{"sent in the last millisecond of the fourth period", QUOTES, AMERICAS_PRO, .created = "2025-01-30T20:00:00",
		.sent = "2025-01-30T23:59:59.9999999", .settled = "2025-02-01T08:00:00", .settled_as = COMPLETED},
	{"sent in the first millisecond of the fifth period", QUOTES, AMERICAS_PRO, .created = "2025-01-30T20:01:00",
		.sent = "2025-01-31T00:00:00.0000000", .settled = "2025-02-01T08:05:00", .settled_as = COMPLETED},
	{"sent on the leap day", RIGHT_TO_LEFT, EUROPE_BUSINESS, .created = "2024-02-29T11:00:00", .sent = "2024-02-29T12:00:00",
		.settled = "2024-02-29T18:00:00", .settled_as = COMPLETED},
	{"delivered twice in one page", QUOTES, AMERICAS_PRO, .created = "2024-05-14T09:00:00", .sent = "2024-05-14T09:30:00",
		.settled = "2024-05-15T10:00:00", .settled_as = COMPLETED, .repeat = TWICE_IN_PAGE},
	{"the same record in two arrivals, a week apart", NEWLINE, EUROPE_PRO, .created = "2024-08-13T09:00:00",
		.sent = "2024-08-13T09:30:00", .settled = "2024-08-14T10:00:00", .settled_as = COMPLETED, .repeat = AGAIN_NEXT_WEEK},
	{"the old version arrives after the new one", PLAIN, AMERICAS_PRO, .created = "2024-09-05T09:00:00", .sent = "2024-09-05T09:30:00",
		.settled = "2024-09-12T10:00:00", .settled_as = COMPLETED, .repeat = OLD_AFTER_NEW},
	{"a draft that stays one", EMOJI, LABS_BUSINESS, .created = "2024-06-18T13:00:00"},
	{"a draft in the first period, sent in the second", RIGHT_TO_LEFT, EUROPE_PRO, .created = "2024-04-16T13:00:00",
		.sent = "2024-05-06T08:00:00", .settled = "2024-05-07T09:00:00", .settled_as = COMPLETED},
	{"voided the day after it was sent", NEWLINE, EUROPE_BUSINESS, .created = "2024-03-05T09:00:00", .sent = "2024-03-05T10:00:00",
		.settled = "2024-03-06T11:00:00", .settled_as = VOIDED},
	{"sent in the fourth period, voided between nights 1 and 2", RIGHT_TO_LEFT, EUROPE_BUSINESS, .created = "2025-01-20T09:00:00",
		.sent = "2025-01-20T10:00:00", .settled = "2025-03-18T16:00:00", .settled_as = VOIDED},
	{"declined five weeks after it was sent", EMOJI, LABS_BUSINESS, .created = "2024-07-01T09:00:00", .sent = "2024-07-01T10:00:00",
		.settled = "2024-08-06T11:00:00", .settled_as = DECLINED},
	{"sent in the third period, completed in the fourth", PLAIN, AMERICAS_PRO, .created = "2024-10-28T09:00:00",
		.sent = "2024-10-28T10:00:00", .settled = "2024-11-20T11:00:00", .settled_as = COMPLETED},
	{"sent, later deleted (still consumed)", QUOTES, AMERICAS_PRO, .created = "2024-11-11T09:00:00", .sent = "2024-11-11T10:00:00",
		.settled = "2024-12-02T11:00:00", .settled_as = DELETED},
	{"sent, later timed out (still consumed)", NEWLINE, EUROPE_BUSINESS, .created = "2024-12-03T09:00:00",
		.sent = "2024-12-03T10:00:00", .settled = "2025-01-07T11:00:00", .settled_as = TIMEDOUT},
	{"only what a record must have, the rest null", PLAIN, NO_ITEM, .created = "2024-06-04T09:00:00", .missing = ONLY_REQUIRED},
	{"only what a record must have, the rest absent", PLAIN, NO_ITEM, .created = "2024-06-04T09:01:00", .missing = ONLY_REQUIRED,
		.absent = true},
	{"the sender null", QUOTES, AMERICAS_PRO, .created = "2024-06-05T09:00:00", .sent = "2024-06-05T09:10:00", .missing = NO_SENDER},
	{"all within the sender null", QUOTES, AMERICAS_PRO, .created = "2024-06-05T09:01:00", .sent = "2024-06-05T09:11:00",
		.missing = NO_SENDER_ID | NO_SENDER_NAME | NO_SENDER_EMAIL},
	{"the sender an empty object", QUOTES, AMERICAS_PRO, .created = "2024-06-05T09:02:00", .sent = "2024-06-05T09:12:00",
		.missing = NO_SENDER_ID | NO_SENDER_NAME | NO_SENDER_EMAIL, .absent = true},
	{"the subject null", EMOJI, LABS_BUSINESS, .created = "2024-06-06T09:00:00", .sent = "2024-06-06T09:10:00", .missing = NO_SUBJECT},
	{"createdDateTime and statusChangedDateTime null though sent", NEWLINE, EUROPE_PRO, .created = "2024-06-07T09:00:00",
		.sent = "2024-06-07T09:10:00", .missing = NO_CREATED | NO_STATUS_CHANGED},
	{"all ids in capitals", EMOJI, LABS_BUSINESS, .created = "2024-06-10T09:00:00", .sent = "2024-06-10T09:10:00",
		.settled = "2024-06-10T12:00:00", .settled_as = COMPLETED, .upper_case = true},
	{"subject with quotes and backslashes", PLAIN, AMERICAS_PRO, .created = "2024-07-02T09:00:00", .sent = "2024-07-02T09:10:00",
		.subject = SUBJECT_QUOTES},
	{"subject with emoji", EMOJI, LABS_BUSINESS, .created = "2024-07-02T09:01:00", .sent = "2024-07-02T09:11:00",
		.subject = SUBJECT_EMOJI},
	{"subject right to left", RIGHT_TO_LEFT, EUROPE_PRO, .created = "2024-07-02T09:02:00", .sent = "2024-07-02T09:12:00",
		.subject = SUBJECT_RIGHT_TO_LEFT},
	{"subject with comma, newline and tab", NEWLINE, EUROPE_PRO, .created = "2024-07-02T09:03:00", .sent = "2024-07-02T09:13:00",
		.subject = SUBJECT_NEWLINE},
	{"no plan item, in a group with one: takes that one", PLAIN, NO_ITEM, .created = "2024-09-17T09:00:00",
		.sent = "2024-09-17T09:10:00"},
	{"no plan item, in a group with two: stays without", RIGHT_TO_LEFT, NO_ITEM, .created = "2024-09-17T09:01:00",
		.sent = "2024-09-17T09:11:00"},
	{"no plan item (the member absent), in a group with two", RIGHT_TO_LEFT, NO_ITEM, .created = "2024-12-17T09:01:00",
		.sent = "2024-12-17T09:11:00", .absent = true},
	{"a plan item that no model maps", EMOJI, LABS_UNKNOWN, .created = "2024-09-18T09:00:00", .sent = "2024-09-18T09:10:00"},
	{"late by months: second period, between nights 1 and 2", PLAIN, AMERICAS_PRO, .created = "2024-06-11T09:00:00",
		.sent = "2024-06-11T09:10:00", .settled = "2024-06-12T09:00:00", .settled_as = COMPLETED, .held_until = AFTER_NIGHT_1},
	{"late: fourth period, between nights 1 and 2", PLAIN, AMERICAS_PRO, .created = "2024-11-05T09:00:00",
		.sent = "2024-11-05T09:10:00", .settled = "2024-11-06T09:00:00", .settled_as = COMPLETED, .held_until = AFTER_NIGHT_1},
	{"late: fourth period, between nights 1 and 2", PLAIN, AMERICAS_PRO, .created = "2024-12-09T09:00:00",
		.sent = "2024-12-09T09:10:00", .settled = "2024-12-11T09:00:00", .settled_as = COMPLETED, .held_until = AFTER_NIGHT_1},
	{"late: fourth period, between nights 1 and 2", QUOTES, AMERICAS_PRO, .created = "2025-01-14T09:00:00",
		.sent = "2025-01-14T09:10:00", .settled = "2025-01-16T09:00:00", .settled_as = VOIDED, .held_until = AFTER_NIGHT_1},
	{"late: fourth period, between nights 1 and 2", EMOJI, LABS_BUSINESS, .created = "2025-01-21T09:00:00",
		.sent = "2025-01-21T09:10:00", .held_until = AFTER_NIGHT_1},
	{"late: fourth period, between nights 1 and 2", RIGHT_TO_LEFT, EUROPE_PRO, .created = "2025-01-22T09:00:00",
		.sent = "2025-01-22T09:10:00", .settled = "2025-01-23T09:00:00", .settled_as = DECLINED, .held_until = AFTER_NIGHT_1},
	{"late: fourth period, between nights 1 and 2", NEWLINE, EUROPE_BUSINESS, .created = "2025-01-27T09:00:00",
		.sent = "2025-01-27T09:10:00", .settled = "2025-01-29T09:00:00", .settled_as = COMPLETED, .held_until = AFTER_NIGHT_1},
	{"late: fourth period, between nights 2 and 3", PLAIN, AMERICAS_PRO, .created = "2025-01-08T09:00:00",
		.sent = "2025-01-08T09:10:00", .settled = "2025-01-10T09:00:00", .settled_as = COMPLETED, .held_until = AFTER_NIGHT_2},
	{"late: fourth period, between nights 2 and 3", QUOTES, NO_ITEM, .created = "2025-01-28T09:00:00", .sent = "2025-01-28T09:10:00",
		.settled = "2025-01-29T09:00:00", .settled_as = COMPLETED, .held_until = AFTER_NIGHT_2},
	{"late: fourth period, between nights 2 and 3", EMOJI, LABS_UNKNOWN, .created = "2025-01-28T09:01:00",
		.sent = "2025-01-28T09:11:00", .settled = "2025-01-29T09:00:00", .settled_as = COMPLETED, .held_until = AFTER_NIGHT_2},
	{"late by a year: first period, between nights 2 and 3", NEWLINE, EUROPE_PRO, .created = "2024-03-19T09:00:00",
		.sent = "2024-03-19T09:10:00", .settled = "2024-03-20T09:00:00", .settled_as = COMPLETED, .held_until = AFTER_NIGHT_2},
	{"a late draft: fourth period, between nights 2 and 3", RIGHT_TO_LEFT, EUROPE_PRO, .created = "2025-01-15T09:00:00",
		.held_until = AFTER_NIGHT_2},
};

static struct uuid special_id(size_t row)
{
	uint64_t number = row + 1;
	return (struct uuid){UINT64_C(0xaced000000004000) | number << 32, UINT64_C(0x8000000000000000) | number};
}

/* ---- the service's feed ---- */

struct arrival {
	int64_t at;
	unsigned account;
	unsigned sequence; /* keeps the order of arrivals of the same instant */
	size_t offset, length; /* of the record in feed.texts */
};

struct feed {
	struct arrival *arrivals;
	size_t count, capacity;
	struct buffer texts;
	uint64_t seed;
};

static void feed_add(struct feed *feed, const struct envelope *envelope, unsigned account, unsigned version, int64_t at)
{
	if (feed->count == feed->capacity) {
		size_t capacity = feed->capacity ? 2 * feed->capacity : 1024;
		struct arrival *arrivals = reallocarray(feed->arrivals, capacity, sizeof *arrivals);
		if (!arrivals) {
			feed->texts.failed = true; /* found where the texts are used */
			return;
		}
		feed->arrivals = arrivals;
		feed->capacity = capacity;
	}
	char *from = buffer_reserve(&feed->texts, RECORD_ROOM);
	if (!from)
		return;
	size_t length = (size_t)(put_record(from, envelope, version) - from);
	feed->arrivals[feed->count] = (struct arrival){at, account, (unsigned)feed->count, feed->texts.length, length};
	feed->count++;
	feed->texts.length += length;
}

/* The envelope's arrivals under the weekly rule: on each processing day its newest version from before that day, if it is new. */
static void feed_add_envelope(struct feed *feed, const struct envelope *envelope, unsigned account, enum repeat repeat, int64_t held_until)
{
	const int64_t last = instant_from(LAST_PROCESSING);
	unsigned arrived = 0; /* events that the feed has told so far */
	int64_t day = instant_from("2024-02-01");
	while ((day / DAY) % 7 != (int64_t)accounts[account].weekday)
		day += DAY;

	for (; day <= last; day += 7 * DAY) {
		unsigned known = arrived;
		while (known < envelope->event_count && envelope->events[known].modified < day)
			known++;
		int64_t at = day + accounts[account].minute * MINUTE;
		if (known == arrived || day < held_until)
			continue;
		feed_add(feed, envelope, account, known - 1, at);
		if (repeat == TWICE_IN_PAGE && !arrived)
			feed_add(feed, envelope, account, known - 1, at);
		if (repeat == AGAIN_NEXT_WEEK && !arrived)
			feed_add(feed, envelope, account, known - 1, at + 7 * DAY);
		if (repeat == OLD_AFTER_NEW && arrived && known == envelope->event_count)
			feed_add(feed, envelope, account, arrived - 1, at + 7 * DAY);
		arrived = known;
	}
}

static void feed_add_special(struct feed *feed, size_t row)
{
	const struct special *special = &specials[row];
	struct dice dice = dice_for(feed->seed, FOR_ENVELOPE, row);
	struct envelope envelope;
	envelope.id = special_id(row);
	envelope.account_id = accounts[special->account].id;
	envelope.missing = special->missing;
	if (special->plan_item == NO_ITEM)
		envelope.missing |= NO_PLAN_ITEM;
	else
		envelope.plan_item = plan_items[special->plan_item];
	envelope_draw_rest(&envelope, &dice, feed->seed, special->account, 0);
	envelope.absent_versions = special->absent ? ~0u : 0;
	envelope.upper_case_versions = special->upper_case ? ~0u : 0;
	if (special->subject)
		envelope.subject = special->subject;

	envelope.event_count = 0;
	envelope_add_event(&envelope, &dice, CREATED, instant_from(special->created));
	if (special->sent)
		envelope_add_event(&envelope, &dice, SENT, instant_from(special->sent));
	if (special->settled)
		envelope_add_event(&envelope, &dice, special->settled_as, instant_from(special->settled));
	feed_add_envelope(feed, &envelope, special->account, special->repeat, special->held_until ? instant_from(special->held_until) : 0);
}

/* The first row whose shares, added up, go beyond the percentage. */
static unsigned pick_account(uint64_t percent)
{
	unsigned account = 0;
	for (uint64_t sum = accounts[0].share; account + 1 < ACCOUNTS && percent >= sum; sum += accounts[account].share)
		account++;
	return account;
}

static unsigned pick_item(const unsigned shares[PLAN_ITEMS + 1], uint64_t percent)
{
	unsigned item = 0;
	for (uint64_t sum = shares[0]; item < PLAN_ITEMS && percent >= sum; sum += shares[item])
		item++;
	return item;
}

static void feed_add_drawn(struct feed *feed, uint64_t index)
{
	const int64_t start = instant_from(CONTRACT_START), end = instant_from(LAST_DAY);
	struct dice dice = dice_for(feed->seed, FOR_ENVELOPE, LENGTH(specials) + index);
	struct envelope envelope;
	envelope.id = roll_uuid(&dice);
	int64_t created = start + (int64_t)index * ((end - start - DAY) / DRAWN_ENVELOPES) + (int64_t)roll_below(&dice, 20 * HOUR);
	unsigned account = pick_account(roll_below(&dice, 100));
	if (accounts[account].quiet_from && created >= instant_from(accounts[account].quiet_from) - 3 * HOUR)
		account = PLAIN;
	envelope.account_id = accounts[account].id;
	unsigned item = pick_item(accounts[account].item_shares, roll_below(&dice, 100));
	envelope.missing = item == NO_ITEM ? NO_PLAN_ITEM : 0;
	if (item != NO_ITEM)
		envelope.plan_item = plan_items[item];
	envelope_draw_rest(&envelope, &dice, feed->seed, account, created);

	struct dice of_arrival = dice_for(feed->seed, FOR_ARRIVAL, index);
	uint64_t way = roll_below(&of_arrival, 100);
	enum repeat repeat = way < 2 ? TWICE_IN_PAGE : way < 5 ? AGAIN_NEXT_WEEK : way < 20 ? OLD_AFTER_NEW : ONCE;
	int64_t late = way >= 98 ? 14 * DAY + (int64_t)roll_below(&of_arrival, 28 * DAY) : 0;
	feed_add_envelope(feed, &envelope, account, repeat, late ? created + late : 0);
}

static int compare_arrivals(const void *one, const void *other)
{
	const struct arrival *a = one, *b = other;
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return (a->sequence > b->sequence) - (a->sequence < b->sequence);
}

static void feed_make(struct feed *feed)
{
	for (size_t row = 0; row < LENGTH(specials); row++)
		feed_add_special(feed, row);
	for (uint64_t i = 0; i < DRAWN_ENVELOPES; i++)
		feed_add_drawn(feed, i);
	qsort(feed->arrivals, feed->count, sizeof *feed->arrivals, compare_arrivals);
}

/* ---- files ---- */

static int make_folders(const char *path, struct error *error)
{
	char part[4096];
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
		if (mkdir(part, 0777) < 0 && errno != EEXIST)
			return error_set_errno(error, EX_CANTCREAT, "cannot create '%s'", part);
	}
	return 0;
}

static int write_file(const char *folder, const char *name, const struct buffer *content, struct error *error)
{
	char path[4096];
	if (buffer_check(content, error) < 0)
		return -1;
	if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
		return error_set(error, EX_CANTCREAT, "cannot create '%s': too long a path", name);
	if (make_folders(path, error) < 0)
		return -1;
	FILE *file = fopen(path, "w");
	if (!file)
		return error_set_errno(error, EX_CANTCREAT, "cannot create '%s'", path);
	size_t written = fwrite(content->data, 1, content->length, file);
	if (fclose(file) != 0 || written != content->length)
		return error_set_errno(error, EX_IOERR, "cannot write '%s'", path);
	return 0;
}

static int write_text(const char *folder, const char *name, const char *text, struct error *error)
{
	const struct buffer content = {.data = (char *)text, .length = strlen(text)};
	return write_file(folder, name, &content, error);
}

/* ---- recordings: doc/recording.md ---- */

struct recording {
	struct buffer exchanges, bodies;
	char chain[65]; /* of the last line; "" before the first */
	unsigned count;
	int64_t now;
};

static void sha256_text(const void *bytes, size_t count, char text[65])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned length = 0;
	EVP_Digest(bytes, count, digest, &length, EVP_sha256(), NULL);
	text[0] = '\0';
	for (unsigned i = 0; i < length && i < 32; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

/* Ends the line that began at `start` with its chain value. */
static void recording_end_line(struct recording *recording, size_t start)
{
	struct buffer chained = BUFFER_INIT;
	buffer_append_format(&chained, "%s\n", recording->chain);
	buffer_append(&chained, recording->exchanges.data + start, recording->exchanges.length - start);
	sha256_text(chained.data, chained.length, recording->chain);
	recording->exchanges.failed |= chained.failed;
	buffer_release(&chained);
	buffer_append_format(&recording->exchanges, ",\"chain\":\"%s\"}\n", recording->chain);
}

static void recording_begin(struct recording *recording, const char *program, int64_t now)
{
	char text[32];
	*recording = (struct recording){.exchanges = BUFFER_INIT, .bodies = BUFFER_INIT, .now = now};
	buffer_append_format(&recording->exchanges, "{\"recording\":1,\"program\":\"%s\",\"now\":\"%s\"", program, instant_text(now, text));
	recording_end_line(recording, 0);
}

static void recording_add(struct recording *recording, const char *url, unsigned status, const struct buffer *body)
{
	char requested[32], answered[32], digest[65];
	struct buffer *to = &recording->exchanges;
	size_t start = to->length;
	int64_t at = recording->now + (recording->count * 200 + 120) * (SECOND / 1000);
	unsigned number = ++recording->count;

	sha256_text(body->data, body->length, digest);
	buffer_append_format(to, "{\"exchange\":%u,\"requested_at\":\"%s\",\"answered_at\":\"%s\",\"method\":\"GET\",\"url\":\"%s\"",
		number, instant_text(at, requested), instant_text(at + 190 * (SECOND / 1000), answered), url);
	buffer_append_string(to, ",\"request_headers\":{\"accept\":\"application/json\",\"authorization\":\"redacted\"}");
	buffer_append_format(to,
		",\"status\":%u,\"headers\":{\"content-type\":\"application/json\",\"x-ratelimit-limit\":\"3000\","
		"\"x-ratelimit-remaining\":\"%u\",\"x-ratelimit-reset\":\"%lld\",\"x-burstlimit-limit\":\"500\","
		"\"x-burstlimit-remaining\":\"%u\"}",
		status, 3000 - number, (long long)((at / HOUR + 1) * HOUR / SECOND), 500 - number);
	buffer_append_format(to, ",\"final\":true,\"body_offset\":%zu,\"body_length\":%zu,\"decoded_length\":%zu,\"body_sha256\":\"%s\"",
		recording->bodies.length, body->length, body->length, digest);
	recording_end_line(recording, start);
	buffer_append(&recording->bodies, body->data, body->length);
}

/* Ends the recording and writes its two files into nights/NIGHT. */
static int recording_write(struct recording *recording, const char *folder, const char *program, struct error *error)
{
	char name[128], night[32];
	instant_text(recording->now, night);
	size_t start = recording->exchanges.length;
	buffer_append_format(&recording->exchanges, "{\"end\":true,\"exchanges\":%u", recording->count);
	recording_end_line(recording, start);

	/* 2025-03-18T02:00:00.000Z names the folder 20250318T020000Z */
	int length = snprintf(
		name, sizeof name, "nights/%.4s%.2s%.5s%.2s%.2sZ/%s", night, night + 5, night + 8, night + 14, night + 17, program);
	snprintf(name + length, sizeof name - (size_t)length, ".exchanges");
	int result = write_file(folder, name, &recording->exchanges, error);
	snprintf(name + length, sizeof name - (size_t)length, ".bodies");
	if (result == 0)
		result = write_file(folder, name, &recording->bodies, error);
	buffer_release(&recording->exchanges);
	buffer_release(&recording->bodies);
	return result;
}

/* ---- what the service answers ---- */

enum { NOT_COMPLIANT, COMPLIANT, BOTH };

static void append_accounts(struct buffer *to, int which)
{
	const char *separator = "\n";
	buffer_append_string(to, "{\"assetGroupAccounts\":[");
	for (unsigned pass = 0; pass < 2; pass++) { /* compliant ones first, as the fetchers ask for them */
		for (unsigned i = 0; i < ACCOUNTS; i++) {
			const struct account_row *account = &accounts[i];
			char id[37];
			if (account->compliant != (pass == 0) || (which != BOTH && account->compliant != (which == COMPLIANT)))
				continue;
			*put_uuid(id, account->id, account->upper_case) = '\0';
			buffer_append_format(to,
				"%s{\"assetGroupId\":\"%s\",\"accountId\":\"%s\",\"accountName\":%s,\"externalAccountId\":%s,"
				"\"compliant\":%s,\"siteId\":%s,\"siteName\":%s}",
				separator, account->group, id, account->name, account->external_id, account->compliant ? "true" : "false",
				account->site_id, account->site_name);
			separator = ",\n";
		}
	}
	buffer_append_string(to, "\n]}\n");
}

static void append_organizations(struct buffer *to)
{
	buffer_append_string(to,
		"{\"organizations\":[\n{\"id\":\"" ORGANIZATION_ID "\",\"name\":\"Acme \\\"Global\\\" Holding\","
		"\"description\":null,\"accounts\":[");
	for (unsigned i = 0; i < ACCOUNTS; i++) {
		char id[37];
		buffer_append_format(to, "%s\n{\"id\":\"%s\",\"name\":%s,\"external_account_id\":%s,\"site_id\":%s}", i ? "," : "",
			uuid_text(accounts[i].id, id), accounts[i].name, accounts[i].external_id, accounts[i].site_id);
	}
	buffer_append_string(to, "\n]}\n]}\n");
}

static int record_subscriptions(const char *folder, int64_t now, struct error *error)
{
	const char *base = API_BASE "/Management/v2/organizations";
	struct recording recording;
	struct buffer body = BUFFER_INIT;
	char url[512];

	recording_begin(&recording, "fetch-subscriptions", now);
	for (int which = COMPLIANT; which >= NOT_COMPLIANT; which--) {
		snprintf(url, sizeof url, "%s/%s/assetGroups/accounts?compliant=%s", base, ORGANIZATION_ID,
			which == COMPLIANT ? "true" : "false");
		buffer_reset(&body);
		append_accounts(&body, which);
		recording_add(&recording, url, 200, &body);
	}
	buffer_reset(&body);
	buffer_append_string(&body, "{\"error\":\"access_denied\",\"error_description\":\"The organizations need a user's token.\"}");
	recording_add(&recording, base, 403, &body);
	snprintf(url, sizeof url, "%s/%s/planItems", base, ORGANIZATION_ID);
	buffer_reset(&body);
	buffer_append_string(&body, plan_items_json);
	recording_add(&recording, url, 200, &body);
	buffer_release(&body);
	return recording_write(&recording, folder, "fetch-subscriptions", error);
}

/* One account's way through the feed in one night. */
struct walk {
	char cursor[64];
	size_t position; /* the account's arrivals before it are behind the cursor */
	bool caught_up;
};

/* The k-th arrival of the account, or NULL when it has not so many by `now`. */
static const struct arrival *feed_find(const struct feed *feed, unsigned account, size_t k, int64_t now)
{
	for (size_t i = 0; i < feed->count && feed->arrivals[i].at <= now; i++)
		if (feed->arrivals[i].account == account && k-- == 0)
			return &feed->arrivals[i];
	return NULL;
}

/* The cursor that the service gives out: base64url, padded, so that a client that forgets to encode it is caught. */
static void opaque_cursor(unsigned account, size_t position, char cursor[64])
{
	char plain[40];
	int length = snprintf(plain, sizeof plain, "%u:%zu", account, position);
	EVP_EncodeBlock((unsigned char *)cursor, (unsigned char *)plain, length);
	for (char *byte = cursor; *byte; byte++)
		*byte = *byte == '+' ? '-' : *byte == '/' ? '_' : *byte;
}

static void append_percent_encoded(struct buffer *to, const char *text)
{
	const char *unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	for (; *text; text++) {
		if (strchr(unreserved, *text))
			buffer_append_byte(to, *text);
		else
			buffer_append_format(to, "%%%02X", (unsigned char)*text);
	}
}

/* Asks for one page and moves on. */
static void record_page(struct recording *recording, const struct feed *feed, unsigned account, struct walk *walk)
{
	struct buffer url = BUFFER_INIT, body = BUFFER_INIT, data = BUFFER_INIT;
	const struct arrival *arrival;
	char id[37], next[64];
	unsigned count = 0;

	for (; count < PAGE_CAP && (arrival = feed_find(feed, account, walk->position, recording->now)); count++, walk->position++) {
		buffer_append_string(&data, count ? "," : "");
		buffer_append(&data, feed->texts.data + arrival->offset, arrival->length);
	}
	opaque_cursor(account, walk->position, next);
	buffer_append_format(&body, "{\"endCursor\":\"%s\",\"data\":[", next);
	buffer_append(&body, data.data, data.length);
	buffer_append_string(&body, "]}");
	buffer_append_format(
		&url, "%s/api/v2.0/datasets/envelopes/stream?accountId=%s&cursor=", API_BASE, uuid_text(accounts[account].id, id));
	append_percent_encoded(&url, walk->cursor);
	buffer_append_string(&url, "&limit=1000");
	recording_add(recording, url.data, 200, &body);
	recording->bodies.failed |= url.failed | body.failed | data.failed;

	walk->caught_up = count == 0 && strcmp(walk->cursor, next) == 0;
	memcpy(walk->cursor, next, sizeof next);
	buffer_release(&url);
	buffer_release(&body);
	buffer_release(&data);
}

/* A round asks once for every account that is not caught up, in the order in which fetch-subscriptions lists them. */
static bool record_round(struct recording *recording, const struct feed *feed, struct walk walks[ACCOUNTS])
{
	bool more = false;
	for (unsigned pass = 0; pass < 2; pass++) {
		for (unsigned account = 0; account < ACCOUNTS; account++) {
			if (accounts[account].compliant != (pass == 0) || walks[account].caught_up)
				continue;
			record_page(recording, feed, account, &walks[account]);
			more |= !walks[account].caught_up;
		}
	}
	return more;
}

static int record_feed(const struct feed *feed, const char *folder, int64_t now, int64_t since, struct error *error)
{
	struct walk walks[ACCOUNTS] = {0};
	struct recording recording;
	const struct arrival *arrival;

	recording_begin(&recording, "fetch-datafeed", now);
	for (unsigned account = 0; account < ACCOUNTS; account++) {
		struct walk *walk = &walks[account];
		instant_text(since, walk->cursor);
		while ((arrival = feed_find(feed, account, walk->position, now)) && arrival->at < since)
			walk->position++;
	}
	while (record_round(&recording, feed, walks))
		;
	return recording_write(&recording, folder, "fetch-datafeed", error);
}

/* ---- the fixture's files ---- */

static void append_feed(struct buffer *to, const struct feed *feed)
{
	char at[32], id[37];
	for (size_t i = 0; i < feed->count; i++) {
		const struct arrival *arrival = &feed->arrivals[i];
		buffer_append_format(to, "{\"arrived_at\":\"%s\",\"account_id\":\"%s\",\"record\":", instant_text(arrival->at, at),
			uuid_text(accounts[arrival->account].id, id));
		buffer_append(to, feed->texts.data + arrival->offset, arrival->length);
		buffer_append_string(to, "}\n");
	}
}

static void append_entitlements(struct buffer *to)
{
	buffer_append_string(to,
		"entitlement_id,software_model,agreement_type,license_type,metric_group,license_metric,subscription_period,"
		"start_date,end_date,purchased_rights,unit_cost,total_cost,currency,status\n");
	for (size_t i = 0; i < LENGTH(entitlements); i++) {
		unsigned unit = entitlements[i].unit_cost, total = unit * entitlements[i].rights;
		buffer_append_format(to, "%s,%s,Generic,Subscription,Consumption,Envelope,%s,%s,%s,%u,%u.%03u,%u.%03u,USD,active\n",
			entitlements[i].id, entitlements[i].model, entitlements[i].subscription_period, entitlements[i].start,
			entitlements[i].end, entitlements[i].rights, unit / 1000, unit % 1000, total / 1000, total % 1000);
	}
}

static const char service_readme[] =
	"What the service answers, for the simulator and for tests; made by `generate`, do not edit.\n"
	"- `organizations.json`: GET /Management/v2/organizations, for a user's token (an application token gets 403)\n"
	"- `asset-group-accounts.json`: GET …/assetGroups/accounts, both values of `compliant` in one; the service filters\n"
	"- `plan-items.json`: GET …/planItems\n"
	"- `feed.ndjson`: the data feed in arrival order; an account sees its `record`s with `arrived_at` up to the service's "
	"clock\n";

static void append_readme(struct buffer *to, uint64_t seed)
{
	char id[37];
	buffer_append_format(to,
		"# acme: a recorded organisation\n\n"
		"Made by `build/release/tests/generate --fixture fixtures/acme%s",
		seed == 1 ? "`; do not edit.\n" : "");
	if (seed != 1)
		buffer_append_format(to, " --seed %llu`; do not edit.\n", (unsigned long long)seed);
	buffer_append_string(to,
		"Nobody in here exists.\n\n"
		"The contract starts on 2024-01-31 and renews every 3 months: periods start on 2024-01-31, 2024-04-30 (April has "
		"no 31st),\n"
		"2024-07-31, 2024-10-31 and 2025-01-31. `nights/` has three runs, a week apart; the fifth period is open in all "
		"of them.\n"
		"`service/` is what the service has in the end, so the nights are windows on `service/feed.ndjson`.\n\n"
		"Accounts are processed once a week, each on a weekday of its own. Monday to Saturday:\n\n"
		"| account | id | name (as JSON) | site | asset group |\n|---|---|---|---|---|\n");
	for (unsigned i = 0; i < ACCOUNTS; i++)
		buffer_append_format(to, "| %u | `%s` | `%s` | `%s` | `%s` |\n", i, uuid_text(accounts[i].id, id), accounts[i].name,
			accounts[i].site_name, accounts[i].group);
	buffer_append_format(to,
		"\nAccount %u is in capitals in the Admin API's answer; account %u has no name and no site, sends nothing from "
		"%s on (so its\n"
		"first, time, cursor finds nothing in nights 2 and 3) and, like account %u, is not compliant.\n\n"
		"Plan items, as their models see them: the group of accounts 0 and 1 has exactly one (`%s`, by its "
		"subscription's name),\n",
		EMOJI, NAMELESS, accounts[NAMELESS].quiet_from, NEWLINE, uuid_text(plan_items[AMERICAS_PRO], id));
	buffer_append_format(to, "the two others have two each. `%s` is mapped by no model: the unrecognized identifier.\n\n",
		uuid_text(plan_items[LABS_UNKNOWN], id));
	buffer_append_string(to,
		"Envelopes that are in here on purpose (more of most kinds are among the drawn ones):\n\n"
		"| envelope | account | what |\n|---|---|---|\n");
	for (size_t row = 0; row < LENGTH(specials); row++)
		buffer_append_format(
			to, "| `%s` | %u | %s |\n", uuid_text(special_id(row), id), specials[row].account, specials[row].about);
	buffer_append_string(to,
		"\nLicence: Enterprise Pro is over-licensed in the first period and Not Compliant in the third; "
		"in the fourth it is Compliant,\n"
		"with nothing to spare, after night 1, and Not Compliant once the late envelopes of nights 2 "
		"and 3 are in. Business Pro\n"
		"has quarterly rights and a yearly entitlement, renewed on 2025-01-31.\n");
}

/* Writes what `append` makes. */
static int write_made(const char *folder, const char *name, struct buffer *content, struct error *error)
{
	int result = write_file(folder, name, content, error);
	buffer_reset(content);
	return result;
}

static int write_service(const struct feed *feed, const char *folder, struct error *error)
{
	struct buffer content = BUFFER_INIT;
	append_organizations(&content);
	int result = write_made(folder, "service/organizations.json", &content, error);
	append_accounts(&content, BOTH);
	if (result == 0)
		result = write_made(folder, "service/asset-group-accounts.json", &content, error);
	append_feed(&content, feed);
	if (result == 0)
		result = write_made(folder, "service/feed.ndjson", &content, error);
	append_entitlements(&content);
	if (result == 0)
		result = write_made(folder, "licence/entitlements.csv", &content, error);
	append_readme(&content, feed->seed);
	if (result == 0)
		result = write_made(folder, "README.md", &content, error);
	buffer_release(&content);
	return result;
}

static int write_constant_files(const char *folder, struct error *error)
{
	static const struct {
		const char *name, *text;
	} files[] = {
		{"profiles/acme.json", profile_json},
		{"licence/models.csv", models_csv},
		{"licence/exclusions.csv", exclusions_csv},
		{"service/plan-items.json", plan_items_json},
		{"service/README.md", service_readme},
	};
	for (size_t i = 0; i < LENGTH(files); i++)
		if (write_text(folder, files[i].name, files[i].text, error) < 0)
			return -1;
	return 0;
}

static int write_nights(const struct feed *feed, const char *folder, struct error *error)
{
	int64_t since = instant_from(CONTRACT_START);
	for (size_t i = 0; i < LENGTH(nights); i++) {
		int64_t now = instant_from(nights[i]);
		if (record_subscriptions(folder, now, error) < 0 || record_feed(feed, folder, now, since, error) < 0)
			return -1;
		since = now - LOOKBACK_DAYS * DAY;
	}
	return 0;
}

static int fixture_write(const char *folder, uint64_t seed, struct error *error)
{
	struct feed feed = {.texts = BUFFER_INIT, .seed = seed};
	int result = -1;
	feed_make(&feed);
	if (buffer_check(&feed.texts, error) < 0)
		goto out;
	if (write_constant_files(folder, error) < 0 || write_service(&feed, folder, error) < 0 || write_nights(&feed, folder, error) < 0)
		goto out;
	result = 0;
out:
	free(feed.arrivals);
	buffer_release(&feed.texts);
	return result;
}

/* ---- main ---- */

static int check_options(const struct raw_options *options, const char *folder, int raw, struct error *error)
{
	const struct {
		const char *name;
		long long value, low, high;
	} ranges[] = {
		{"envelopes", options->envelopes, 1, 10000000000},
		{"accounts", options->accounts, 1, 10000000},
		{"days", options->days, 1, 36500},
		{"redeliver", options->redeliver, 0, 100},
		{"seed", options->seed, 0, INT64_MAX},
	};
	if (!folder == !raw)
		return error_set(error, EX_USAGE, "cannot start: one of --fixture DIR and --raw is needed");
	for (size_t i = 0; i < LENGTH(ranges); i++)
		if (ranges[i].value < ranges[i].low || ranges[i].value > ranges[i].high)
			return error_set(error, EX_USAGE, "cannot use '--%s=%lld': it goes from %lld to %lld", ranges[i].name,
				ranges[i].value, ranges[i].low, ranges[i].high);
	return 0;
}

int main(int argc, const char **argv)
{
	struct raw_options options = {.envelopes = 1000, .accounts = 200, .days = 365, .redeliver = 5, .seed = 1};
	struct error error = ERROR_INIT;
	char *folder = NULL;
	int raw = 0;
	const struct poptOption table[] = {
		{"fixture", 0, POPT_ARG_STRING, &folder, 0, "write the recorded organisation into DIR", "DIR"},
		{"raw", 0, POPT_ARG_NONE, &raw, 0, "print raw feed records, from 2024-01-31 on, roughly in the order of time", NULL},
		{"envelopes", 0, POPT_ARG_LONGLONG | POPT_ARGFLAG_SHOW_DEFAULT, &options.envelopes, 0, "raw: distinct envelopes", "N"},
		{"accounts", 0, POPT_ARG_LONGLONG | POPT_ARGFLAG_SHOW_DEFAULT, &options.accounts, 0, "raw: over this many accounts", "N"},
		{"days", 0, POPT_ARG_LONGLONG | POPT_ARGFLAG_SHOW_DEFAULT, &options.days, 0, "raw: over this many days", "N"},
		{"redeliver", 0, POPT_ARG_LONGLONG | POPT_ARGFLAG_SHOW_DEFAULT, &options.redeliver, 0,
			"raw: records in addition, for each hundred, that are an earlier envelope once more, in the same or a "
			"newer version",
			"N"},
		{"seed", 0, POPT_ARG_LONGLONG | POPT_ARGFLAG_SHOW_DEFAULT, &options.seed, 0, "start of all chance", "N"},
		POPT_AUTOHELP POPT_TABLEEND,
	};
	poptContext context = poptGetContext("generate", argc, argv, table, 0);
	int result = poptGetNextOpt(context);
	if (result < -1)
		result = error_set(&error, EX_USAGE, "cannot use '%s': %s", poptBadOption(context, 0), poptStrerror(result));
	else if (poptPeekArg(context))
		result = error_set(&error, EX_USAGE, "cannot use '%s': no operands are expected", poptPeekArg(context));
	else
		result = check_options(&options, folder, raw, &error);
	if (result == 0)
		result = raw ? raw_write(&options, &error) : fixture_write(folder, (uint64_t)options.seed, &error);
	if (result < 0)
		fprintf(stderr, "generate: %s\n", error.text);
	poptFreeContext(context);
	free(folder);
	return result < 0 ? error.status : 0;
}
