#include "auth/pkcs12_password.h"

#include "base/buffer.h"

#include <string.h>

/* Appends UTF-8 for the characters that the bytes are in Latin-1. */
static void append_widened(struct buffer *text, const char *bytes)
{
	for (; *bytes; bytes++) {
		unsigned char byte = (unsigned char)*bytes;
		if (byte >= 0x80)
			buffer_append_byte(text, (char)(0xc0 | byte >> 6));
		buffer_append_byte(text, (char)(byte < 0x80 ? byte : 0x80 | (byte & 0x3f)));
	}
}

bool pkcs12_password_try(const char *password, pkcs12_try *try, void *context)
{
	if (!password)
		return try(context, "", 0) || try(context, NULL, 0);
	if (try(context, password, (int)strlen(password)))
		return true;
	struct buffer widened = BUFFER_INIT;
	append_widened(&widened, password);
	bool done = !widened.failed && widened.length > strlen(password) && try(context, widened.data, (int)widened.length);
	buffer_release_secret(&widened);
	return done;
}
