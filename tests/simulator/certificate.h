/*
 * certificate.h: keys and certificates for one run, made anew at each start, but for a key pair that is given.
 *
 * Texts are PEM, in buffers that the caller releases.
 */
#ifndef SIMULATOR_CERTIFICATE_H
#define SIMULATOR_CERTIFICATE_H

#include "base/buffer.h"

/* A certificate authority, and a server certificate for 127.0.0.1 and localhost under it. */
int certificate_make(struct buffer *authority, struct buffer *server, struct buffer *server_key, struct error *error);

/* An RSA-2048 key pair, as registered with an integration key at Docusign: a new one, or that of the private key in a file (PEM). */
int certificate_make_key_pair(const char *file, struct buffer *private_key, struct buffer *public_key, struct error *error);

#endif
