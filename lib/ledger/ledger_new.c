#include "ledger/ledger_new.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void forget(struct ledger_new *made)
{
	if (made->descriptor >= 0)
		close(made->descriptor);
	free(made->path);
	*made = (struct ledger_new){.path = NULL, .descriptor = -1};
}

/* Is the opened file still the one of that name? An earlier writer may have renamed or removed it. */
static bool has_name(const struct ledger_new *made)
{
	struct stat opened, named;
	return fstat(made->descriptor, &opened) == 0 && stat(made->path, &named) == 0 && opened.st_ino == named.st_ino &&
		opened.st_dev == named.st_dev;
}

int ledger_new_begin(struct ledger_new *made, const char *path, struct error *error)
{
	*made = (struct ledger_new){.descriptor = -1};
	if (asprintf(&made->path, "%s-new", path) < 0) {
		made->path = NULL;
		return error_set(error, EX_OSERR, "out of memory");
	}
	for (;;) {
		made->descriptor = open(made->path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
		if (made->descriptor < 0) {
			error_set_errno(error, EX_CANTCREAT, "cannot create ledger '%s'", path);
			break;
		}
		if (flock(made->descriptor, LOCK_EX | LOCK_NB) < 0) {
			if (errno == EWOULDBLOCK)
				error_set(error, EX_TEMPFAIL, "cannot write ledger '%s': another program is writing it, try again later",
					path);
			else
				error_set_errno(error, EX_CANTCREAT, "cannot create ledger '%s'", path);
			break;
		}
		if (!has_name(made)) {
			close(made->descriptor);
			continue;
		}
		if (access(path, F_OK) == 0) {
			ledger_new_abandon(made);
			return 0;
		}
		if (ftruncate(made->descriptor, 0) == 0)
			return 1;
		error_set_errno(error, EX_CANTCREAT, "cannot create ledger '%s'", path);
		break;
	}
	forget(made);
	return -1;
}

static int sync_folder(const char *path)
{
	char *copy = strdup(path);
	int folder = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int result = folder < 0 || fsync(folder) < 0 ? -1 : 0;
	if (folder >= 0)
		close(folder);
	free(copy);
	return result;
}

int ledger_new_finish(struct ledger_new *made, const char *path, struct error *error)
{
	if (rename(made->path, path) < 0)
		return error_set_errno(error, EX_CANTCREAT, "cannot create ledger '%s'", path);
	forget(made);
	return sync_folder(path) < 0 ? error_set_errno(error, EX_IOERR, "cannot write the folder of ledger '%s'", path) : 0;
}

void ledger_new_abandon(struct ledger_new *made)
{
	if (made->path && made->descriptor >= 0)
		unlink(made->path);
	forget(made);
}
