#include "config/loopback.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

/* An IPv4 address of 127.0.0.0/8 in its usual form. */
static bool is_of_127(const char *host, size_t length)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr address;
	if (length >= sizeof text)
		return false;
	memcpy(text, host, length);
	text[length] = 0;
	return inet_pton(AF_INET, text, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

bool host_is_loopback(const char *host, size_t length)
{
	static const char *const names[] = {"localhost", "[::1]"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strlen(names[i]) == length && strncasecmp(host, names[i], length) == 0)
			return true;
	return is_of_127(host, length);
}
