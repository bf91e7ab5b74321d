#include "config/loopback.h"

#include <string.h>

bool host_is_loopback(const char *host, size_t length)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strlen(names[i]) == length && memcmp(host, names[i], length) == 0)
			return true;
	return false;
}
