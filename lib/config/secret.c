#include "config/secret.h"

#include <ctype.h>
#include <string.h>

enum password_source password_source_parse(const char *text, const char **rest)
{
	static const char *const prefixes[] = {[PASSWORD_FILE] = "file:", [PASSWORD_DESCRIPTOR] = "fd:", [PASSWORD_ENVIRONMENT] = "env:"};
	for (int source = PASSWORD_FILE; source <= PASSWORD_ENVIRONMENT; source++) {
		size_t length = strlen(prefixes[source]);
		if (strncmp(text, prefixes[source], length) != 0)
			continue;
		*rest = text + length;
		bool is_number = (*rest)[strspn(*rest, "0123456789")] == 0 && strlen(*rest) < 10;
		return **rest && (source != PASSWORD_DESCRIPTOR || is_number) ? source : PASSWORD_UNKNOWN;
	}
	return PASSWORD_UNKNOWN;
}

bool secret_has_name(const char *name)
{
	static const char *const words[] = {"password", "passwd", "passphrase", "pwd", "secret", "token", "credential", "privatekey",
		"apikey", "assertion", "authorization"};
	char plain[100];
	size_t length = 0;
	/* key-password, keyPassword and KEY_PASSWORD are one name. */
	for (; *name && length < sizeof plain - 1; name++)
		if (isalnum((unsigned char)*name))
			plain[length++] = (char)tolower((unsigned char)*name);
	plain[length] = 0;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strstr(plain, words[i]))
			return true;
	return false;
}

bool secret_has_form(const char *value)
{
	const char *authority = strstr(value, "://"), *at = authority ? strchr(authority, '@') : NULL;
	if (at && at < authority + 3 + strcspn(authority + 3, "/?#"))
		return true;
	return strstr(value, "-----BEGIN ") || (strncmp(value, "eyJ", 3) == 0 && strchr(value, '.'));
}
