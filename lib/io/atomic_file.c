#include "io/atomic_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int atomic_file_open(struct atomic_file *aside, const char *path, unsigned mode, struct error *error)
{
	*aside = (struct atomic_file){.path = path};
	if (asprintf(&aside->temporary, "%s.XXXXXX", path) < 0) {
		aside->temporary = NULL;
		return error_set(error, EX_OSERR, "out of memory");
	}
	int descriptor = mkostemp(aside->temporary, O_CLOEXEC);
	if (descriptor < 0) {
		error_set_errno(error, EX_CANTCREAT, "cannot create '%s'", path);
		free(aside->temporary);
		aside->temporary = NULL;
		return -1;
	}
	output_open(&aside->output, descriptor, path);
	if (fchmod(descriptor, mode) < 0) {
		error_set_errno(error, EX_CANTCREAT, "cannot create '%s'", path);
		atomic_file_abandon(aside);
		return -1;
	}
	return 0;
}

int atomic_file_commit(struct atomic_file *aside, struct error *error)
{
	int result = output_close(&aside->output, error);
	if (result == 0 && fsync(aside->output.descriptor) < 0)
		result = error_set_errno(error, EX_IOERR, "cannot write '%s'", aside->path);
	if (result == 0 && rename(aside->temporary, aside->path) < 0)
		result = error_set_errno(error, EX_CANTCREAT, "cannot create '%s'", aside->path);
	if (result < 0) {
		atomic_file_abandon(aside);
		return -1;
	}
	close(aside->output.descriptor);
	free(aside->temporary);
	aside->temporary = NULL;
	return 0;
}

void atomic_file_abandon(struct atomic_file *aside)
{
	if (!aside->temporary)
		return;
	output_close(&aside->output, NULL);
	close(aside->output.descriptor);
	unlink(aside->temporary);
	free(aside->temporary);
	aside->temporary = NULL;
}
