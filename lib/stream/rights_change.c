#include "stream/rights_change.h"

#include "json/json_write.h"

#include <string.h>

#define OR_NONE(text) ((text) ? (text) : "none")

/* As JSON writes whole numbers. */
static bool is_number(const char *text)
{
	return text && *text && text[strspn(text, "0123456789")] == 0 && (*text != '0' || !text[1]);
}

/* ", 275 -> 250 rights"; ", 517.00 USD -> none" */
static void append_sides(const char *before, const char *after, const char *unit_before, const char *unit_after, struct buffer *text)
{
	bool is_same_unit = after && unit_before && unit_after && strcmp(unit_before, unit_after) == 0;
	buffer_append_format(text, ", %s", OR_NONE(before));
	if (before && unit_before && !is_same_unit)
		buffer_append_format(text, " %s", unit_before);
	buffer_append_format(text, " -> %s", OR_NONE(after));
	if (after && unit_after)
		buffer_append_format(text, " %s", unit_after);
}

static bool differ(const char *a, const char *b)
{
	return strcmp(OR_NONE(a), OR_NONE(b)) != 0;
}

void rights_change_append(const char *const texts[RIGHTS_CHANGE_FIELDS], struct buffer *text)
{
	const char *line = texts[CHANGE_line], *currency = texts[CHANGE_currency_before], *currency_after = texts[CHANGE_currency_after];
	buffer_append_format(text, "%s, entitlements line %s%s", OR_NONE(texts[CHANGE_entitlement_id]),
		OR_NONE(line ? line : texts[CHANGE_line_before]), line ? "" : ", gone");
	append_sides(texts[CHANGE_rights_before], texts[CHANGE_rights_after], "rights", "rights", text);
	if (differ(texts[CHANGE_days_before], texts[CHANGE_days_after]))
		append_sides(texts[CHANGE_days_before], texts[CHANGE_days_after], "days", "days", text);
	if (differ(texts[CHANGE_spend_before], texts[CHANGE_spend_after]) || differ(currency, currency_after))
		append_sides(texts[CHANGE_spend_before], texts[CHANGE_spend_after], currency, currency_after, text);
	buffer_append_format(text, " (%s)", OR_NONE(texts[CHANGE_cause]));
}

void rights_change_append_members(const char *const texts[RIGHTS_CHANGE_FIELDS], struct buffer *json)
{
#define NAME(name) #name,
	static const char *const names[] = {RIGHTS_CHANGE(NAME)};
	for (int i = 0; i < RIGHTS_CHANGE_FIELDS; i++)
		if (i >= CHANGE_line && i <= CHANGE_days_after && is_number(texts[i]))
			json_member_raw(json, names[i], texts[i], strlen(texts[i]));
		else
			json_member_text(json, names[i], texts[i]);
}
