#include "base/file_name.h"

static bool is_letter_or_digit(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
}

bool file_name_is_plain(const char *text, size_t length)
{
	if (length == 0 || length > FILE_NAME_LIMIT || !is_letter_or_digit(*text))
		return false;
	for (size_t i = 0; i < length; i++)
		if (!is_letter_or_digit(text[i]) && text[i] != '.' && text[i] != '_' && text[i] != '-')
			return false;
	return true;
}
