#include "http/headroom.h"

#include "base/array.h"
#include "base/instant.h"
#include "config/settings.h"
#include "http/retry.h"
#include "json/json_write.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define FILE_LIMIT ((size_t)4 << 20) /* bytes */
#define LOCK_TRIES 500
#define LOCK_PAUSE_MS 2
#define KEPT_MS 300000 /* after the hour, for the requests that are on their way when the next begins */
#define FURTHEST_END_MS ((RETRY_LIMIT_WAIT_S + 60) * INT64_C(1000)) /* no run writes a later one */

struct headroom_line {
	char *account;
	int limit, left, burst_limit, burst_left;
	int64_t ends_at, burst_ends_at; /* instants */
	struct headroom_share share;
};

struct headroom {
	const char *path;
	void (*report)(bool detail, const char *text);
	bool reported, given_up;
	int descriptor;
	struct headroom_line *lines;
	size_t count;
};

#define AT(member) .offset = offsetof(struct headroom_line, member)

static const struct setting table[] = {
	{"account", SETTING_STRING, AT(account)},
	{"limit", SETTING_INTEGER, AT(limit), .required = true, .least = 0, .most = INT_MAX},
	{"left", SETTING_INTEGER, AT(left), .required = true, .least = -INT_MAX, .most = INT_MAX},
	{"in_flight", SETTING_INTEGER, AT(share.in_flight), .required = true, .least = 0, .most = INT_MAX},
	{"ends_at", SETTING_INSTANT, AT(ends_at), .required = true},
	{"burst_limit", SETTING_INTEGER, AT(burst_limit), .least = 0, .most = INT_MAX},
	{"burst_left", SETTING_INTEGER, AT(burst_left), .least = -INT_MAX, .most = INT_MAX},
	{"burst_ends_at", SETTING_INSTANT, AT(burst_ends_at)},
	{.key = NULL},
};

/* One line, whatever may be wrong with the file later. */
static void say(struct headroom *headroom, const char *reason)
{
	char text[1024];
	if (!headroom->reported && headroom->report) {
		snprintf(text, sizeof text, "cannot share the limits of requests with other runs by '%.600s': %.300s", headroom->path,
			reason);
		headroom->report(false, text);
	}
	headroom->reported = true;
}

static void forget(struct headroom *headroom)
{
	for (size_t i = 0; i < headroom->count; i++)
		settings_release(table, &headroom->lines[i]);
	free(headroom->lines);
	headroom->lines = NULL;
	headroom->count = 0;
}

struct headroom *headroom_open(const char *path, void (*report)(bool detail, const char *text))
{
	struct headroom *headroom = calloc(1, sizeof *headroom);
	if (!headroom)
		return NULL;
	headroom->path = path;
	headroom->report = report;
	headroom->descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (headroom->descriptor >= 0)
		return headroom;
	say(headroom, strerror(errno));
	free(headroom);
	return NULL;
}

void headroom_close(struct headroom *headroom)
{
	if (!headroom)
		return;
	forget(headroom);
	close(headroom->descriptor);
	free(headroom);
}

static int read_line(struct headroom *headroom, const char *text, size_t length, int64_t now, struct error *error)
{
	struct settings settings = {.what = "the line", .status = EX_DATAERR, .null_is_absent = true};
	int64_t clock = instant_of_clock();
	if (settings_parse(&settings, text, length, error) < 0)
		return -1;
	struct headroom_line *line = array_grow((void **)&headroom->lines, &headroom->count, sizeof *line, error);
	int result = line ? settings_read(&settings, table, line, error) : -1;
	if (settings_finish(&settings, result, error) < 0 || !line)
		return -1;
	if (line->ends_at > clock + FURTHEST_END_MS)
		return error_set(error, EX_DATAERR, "\"ends_at\" is more than an hour away");
	line->share.rate.hour = (struct rate_window){
		.known = line->ends_at > clock, .limit = line->limit, .left = line->left, .ends_at = now + line->ends_at - clock};
	if (line->burst_limit > 0 && line->burst_ends_at > clock && line->burst_ends_at <= clock + RATE_BURST_MS)
		line->share.rate.burst = (struct rate_window){
			.known = true, .limit = line->burst_limit, .left = line->burst_left, .ends_at = now + line->burst_ends_at - clock};
	line->share.rate.answered = true;
	return 0;
}

/* What is not as it should be counts for nothing; it is written anew. */
static void read_lines(struct headroom *headroom, int64_t now)
{
	struct buffer text = BUFFER_INIT;
	struct error error = ERROR_INIT;
	int result = lseek(headroom->descriptor, 0, SEEK_SET) == 0
		? buffer_append_descriptor(&text, headroom->descriptor, FILE_LIMIT, headroom->path, &error)
		: -1;
	for (size_t at = 0; result == 0 && at < text.length;) {
		size_t length = strcspn(text.data + at, "\n");
		result = read_line(headroom, text.data + at, length, now, &error);
		at += length + 1;
	}
	if (result < 0) {
		forget(headroom);
		say(headroom, error.text);
	}
	buffer_release(&text);
}

bool headroom_lock(struct headroom *headroom, int64_t now)
{
	if (!headroom || headroom->given_up)
		return false;
	for (int tries = 1; flock(headroom->descriptor, LOCK_EX | LOCK_NB) < 0; tries++) {
		if (tries == LOCK_TRIES || errno != EWOULDBLOCK) {
			say(headroom, errno == EWOULDBLOCK ? "another run keeps it locked" : strerror(errno));
			headroom->given_up = true;
			return false;
		}
		retry_wait(LOCK_PAUSE_MS, -1);
	}
	forget(headroom);
	read_lines(headroom, now);
	return true;
}

struct headroom_share *headroom_find(struct headroom *headroom, const char *account)
{
	for (size_t i = 0; i < headroom->count; i++) {
		const char *other = headroom->lines[i].account;
		if (account && other ? strcmp(account, other) == 0 : account == other)
			return &headroom->lines[i].share;
	}
	return NULL;
}

struct headroom_share *headroom_at(struct headroom *headroom, const char *account, int64_t now)
{
	struct headroom_share *share = headroom_find(headroom, account);
	char *copy = account && !share ? strdup(account) : NULL;
	if (share || (account && !copy))
		return share;
	struct headroom_line *line = array_grow((void **)&headroom->lines, &headroom->count, sizeof *line, NULL);
	if (!line) {
		free(copy);
		return NULL;
	}
	line->account = copy;
	line->share.rate = (struct rate_limit){.answered = true, .hour = {.ends_at = now}};
	return &line->share;
}

static int narrow(int64_t number)
{
	return number > INT_MAX ? INT_MAX : number < -INT_MAX ? -INT_MAX : (int)number;
}

/* In place: other runs have it open, too. */
static int write_lines(struct headroom *headroom, int64_t now)
{
	struct buffer text = BUFFER_INIT;
	int64_t clock = instant_of_clock();
	for (size_t i = 0; i < headroom->count; i++) {
		struct headroom_line *line = &headroom->lines[i];
		const struct rate_window *hour = &line->share.rate.hour, *burst = &line->share.rate.burst;
		if (hour->ends_at + KEPT_MS <= now)
			continue;
		line->limit = narrow(hour->limit);
		line->left = narrow(hour->left);
		line->ends_at = clock + hour->ends_at - now;
		line->burst_limit = burst->known ? narrow(burst->limit) : 0;
		line->burst_left = burst->known ? narrow(burst->left) : 0;
		line->burst_ends_at = burst->known ? clock + burst->ends_at - now : line->ends_at;
		json_begin(&text, '{');
		settings_append(table, line, &text);
		json_end(&text, '}');
		json_finish(&text);
		buffer_append_byte(&text, '\n');
	}
	bool written = !text.failed && pwrite(headroom->descriptor, text.data, text.length, 0) == (ssize_t)text.length &&
		ftruncate(headroom->descriptor, (off_t)text.length) == 0;
	buffer_release(&text);
	return written ? 0 : -1;
}

void headroom_unlock(struct headroom *headroom, bool changed, int64_t now)
{
	if (changed && write_lines(headroom, now) < 0)
		say(headroom, strerror(errno));
	flock(headroom->descriptor, LOCK_UN);
}
