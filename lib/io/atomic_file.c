#include "io/atomic_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int atomic_file_open(struct atomic_file *file, const char *path, unsigned mode, struct error *error)
{
	struct stat status;
	*file = (struct atomic_file){.path = path};
	/* A rename would put a file in the place of a device. */
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
		return error_set(error, EX_CANTCREAT, "cannot create '%s': it is there, and is no ordinary file", path);
	if (asprintf(&file->temporary, "%s.XXXXXX", path) < 0) {
		file->temporary = NULL;
		return error_set(error, EX_OSERR, "out of memory");
	}
	int descriptor = mkostemp(file->temporary, O_CLOEXEC);
	if (descriptor < 0) {
		error_set_errno(error, EX_CANTCREAT, "cannot create '%s'", path);
		free(file->temporary);
		file->temporary = NULL;
		return -1;
	}
	output_open(&file->output, descriptor, path);
	mode_t mask = umask(0);
	umask(mask);
	if (fchmod(descriptor, mode & ~mask) < 0) {
		error_set_errno(error, EX_CANTCREAT, "cannot create '%s'", path);
		atomic_file_abandon(file);
		return -1;
	}
	return 0;
}

int atomic_file_commit(struct atomic_file *file, struct error *error)
{
	int result = output_close(&file->output, error);
	if (result == 0 && fsync(file->output.descriptor) < 0)
		result = error_set_errno(error, EX_IOERR, "cannot write '%s'", file->path);
	if (result == 0 && rename(file->temporary, file->path) < 0)
		result = error_set_errno(error, EX_CANTCREAT, "cannot create '%s'", file->path);
	if (result < 0) {
		atomic_file_abandon(file);
		return -1;
	}
	close(file->output.descriptor);
	free(file->temporary);
	file->temporary = NULL;
	return 0;
}

void atomic_file_abandon(struct atomic_file *file)
{
	if (!file->temporary)
		return;
	output_close(&file->output, NULL);
	close(file->output.descriptor);
	unlink(file->temporary);
	free(file->temporary);
	file->temporary = NULL;
}

int atomic_file_write(const char *path, const struct buffer *content, unsigned mode, struct error *error)
{
	struct atomic_file file;
	if (buffer_check(content, error) < 0 || atomic_file_open(&file, path, mode, error) < 0)
		return -1;
	buffer_append(&file.output.pending, content->data, content->length);
	int result = atomic_file_commit(&file, error);
	atomic_file_abandon(&file);
	return result;
}
