/*
 * token_command.h: a new access token from the command that the CONNECTION names: auth, with its profile.
 *
 * A CONNECTION comes on standard input, so anybody may have written it. It is run only if it is a command that our auth writes: the auth
 * that is beside this program, with -p PROFILE --no-cache and perhaps --cache FOLDER.
 */
#ifndef ENVTALLY_TOKEN_COMMAND_H
#define ENVTALLY_TOKEN_COMMAND_H

#include "config/connection.h"

/*
 * Runs connection->token_command, whose standard output is a pipe to us and nowhere else, and takes token and expiry from the
 * CONNECTION that it prints. Its stderr is ours. EX_DATAERR for another command; else an error keeps the command's exit status where it is one of <sysexits.h>.
 */
int token_command_renew(struct connection *connection, struct error *error);

#endif
