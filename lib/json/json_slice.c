#include "json/json_slice.h"

#include "base/instant.h"

#include <stdlib.h>
#include <string.h>

bool json_slice_equals(const struct json_slice *slice, const char *text)
{
	return slice->kind == JSON_STRING && strlen(text) == slice->length && memcmp(slice->text, text, slice->length) == 0;
}

bool json_slice_integer(const struct json_slice *slice, int64_t *value)
{
	char *end;
	if (slice->kind != JSON_NUMBER || slice->length > 18)
		return false;
	*value = strtoll(slice->text, &end, 10);
	return end == slice->text + slice->length;
}

bool json_slice_instant(const struct json_slice *slice, int64_t *instant)
{
	return slice->kind == JSON_STRING && instant_parse(slice->text, slice->length, instant) == 0;
}
