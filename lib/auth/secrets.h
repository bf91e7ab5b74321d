/*
 * secrets.h: for programs that hold keys or tokens: nothing of their memory may reach a disk or another process.
 */
#ifndef ENVTALLY_SECRETS_H
#define ENVTALLY_SECRETS_H

/* No core dumps, and no ptrace or /proc/PID/mem by other processes of the user. Call first in main. */
void secrets_protect(void);

#endif
