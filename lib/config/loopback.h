/*
 * loopback.h: which hosts are this machine. Tokens travel, so only these may be spoken to without TLS, or by a port in an audience.
 */
#ifndef ENVTALLY_LOOPBACK_H
#define ENVTALLY_LOOPBACK_H

#include <stdbool.h>
#include <stddef.h>

/* `host` without a port; an IPv6 address is in brackets, as in a URL. */
bool host_is_loopback(const char *host, size_t length);

#endif
