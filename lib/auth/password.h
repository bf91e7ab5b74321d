/*
 * password.h: reads a password from a source named as for openssl's -passin (openssl-passphrase-options(1)).
 *
 *   file:PATH  the first line of the file, without its newline (a carriage return before it and a BOM are dropped too);
 *              a relative PATH starts at `base_directory`
 *   fd:N       the first line read from descriptor N, byte by byte, so that the rest stays unread
 *   env:NAME   the environment variable: other processes of the user can read it, so the caller should warn
 *   NULL       asked for on /dev/tty with the echo off, if the process has a terminal
 *
 * pass:SECRET is refused: a command line is seen by every user of the machine, and a profile is copied and committed.
 * No message repeats an invalid source, since it may be the password itself.
 *
 * Errors: EX_CONFIG for a source that is not one, an unset variable, an empty password or one with more than
 * PASSWORD_LIMIT bytes or a NUL in it, and when there is no source and no terminal; EX_NOINPUT for a file or descriptor that
 * cannot be opened; EX_IOERR for a read error; EX_NOPERM if the user interrupts the prompt.
 */
#ifndef ENVTALLY_PASSWORD_H
#define ENVTALLY_PASSWORD_H

#include "base/buffer.h"

#define PASSWORD_LIMIT 1023

/* Checks the form of a source without reading it. */
int password_check_source(const char *source, struct error *error);

/* Appends the password to `password`, which the caller ends with buffer_release_secret(). `base_directory` NULL: the working
 * directory. */
int password_read(const char *source, const char *base_directory, struct buffer *password, struct error *error);

#endif
