/*
 * profile_writer.h: a profile with which envtally can be tried against this run of the simulator.
 *
 * DIR/profiles/NAME.json is the served profile with this run's addresses; beside it NAME.pem, a private key made for this run or given
 * (0600), and NAME-ca.pem, the authority to trust.
 */
#ifndef SIMULATOR_PROFILE_WRITER_H
#define SIMULATOR_PROFILE_WRITER_H

#include "base/buffer.h"
#include "world.h"

struct profile_writer {
	char integration_key[40]; /* "" when any is good */
	char key_pair_id[40];
	const char *key_file; /* of the private key, or NULL: a new one */
	const char *user_id; /* whom the profile impersonates, or NULL */
	struct buffer authority, private_key; /* PEM */
};

#define PROFILE_WRITER_INIT \
	{ \
		.authority = BUFFER_INIT, .private_key = BUFFER_INIT \
	}

/* With a directory: makes or reads the key pair and registers it. Takes over which integration key and key pair id are known. */
int profile_writer_begin(struct profile_writer *writer, const struct world *world, const char *directory, struct error *error);

int profile_writer_write(
	const struct profile_writer *writer, const struct world *world, const char *directory, const char *base, struct error *error);

int profile_writer_write_file(const char *path, const struct buffer *content, unsigned mode, struct error *error);

void profile_writer_release(struct profile_writer *writer);

#endif
