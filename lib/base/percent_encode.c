#include "base/percent_encode.h"

#include <string.h>

void percent_encode(struct buffer *to, const char *text, size_t length)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	for (size_t i = 0; i < length; i++) {
		if (text[i] && strchr(unreserved, text[i]))
			buffer_append_byte(to, text[i]);
		else
			buffer_append_format(to, "%%%02X", (unsigned char)text[i]);
	}
}
