#include "base/period_state.h"

#include "base/instant.h"

#include <string.h>

static const char *const names[] = {"", "open", "provisional", "final"};

enum period_state period_state_at(int64_t period_end, int64_t now, int64_t read_until)
{
	if (now < period_end)
		return PERIOD_OPEN;
	return read_until != INSTANT_NONE && read_until >= period_end + DAY_MS ? PERIOD_FINAL : PERIOD_PROVISIONAL;
}

const char *period_state_name(enum period_state state)
{
	return names[state];
}

enum period_state period_state_of_name(const char *name, size_t length)
{
	for (int state = PERIOD_OPEN; name && state <= PERIOD_FINAL; state++)
		if (strlen(names[state]) == length && memcmp(names[state], name, length) == 0)
			return state;
	return PERIOD_STATE_UNKNOWN;
}
