#include "stream/count_object.h"

#include "json/json_escapes.h"

#include <string.h>

int64_t count_parse(const char *text, const char **end)
{
	int64_t count = 0;
	const char *at = text;
	for (; *at >= '0' && *at <= '9' && at - text < COUNT_DIGITS; at++)
		count = count * 10 + (*at - '0');
	*end = at;
	return at == text || (*at >= '0' && *at <= '9') ? -1 : count;
}

int count_object_next(const struct json_slice *object, const char **at, struct count_member *member)
{
	if (object->kind != JSON_OBJECT)
		return -1;
	const char *end = object->text + object->length, *from = *at ? *at : object->text;
	const char *name = memchr(from, '"', (size_t)(end - from));
	if (!name)
		return 0;
	const char *name_end = name + 1;
	while (name_end < end && *name_end != '"')
		name_end += *name_end == '\\' ? 2 : 1;
	if (name_end >= end)
		return -1;
	const char *number = name_end + 1 + strspn(name_end + 1, " \t:");
	*member = (struct count_member){.name = name + 1, .length = (size_t)(name_end - name - 1), .count = count_parse(number, at)};
	if (memchr(member->name, '\\', member->length)) {
		ptrdiff_t length = json_unescape(member->unescaped, sizeof member->unescaped, member->name, member->length);
		if (length < 0)
			return -1;
		member->name = member->unescaped;
		member->length = (size_t)length;
	}
	return member->count < 0 || !strchr(",} \t", **at) ? -1 : 1;
}
