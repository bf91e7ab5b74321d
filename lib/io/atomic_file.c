#include "io/atomic_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the path names; itself where there is nothing yet. */
static char *resolve(const char *path)
{
	struct stat status;
	char *target = lstat(path, &status) == 0 && S_ISLNK(status.st_mode) ? realpath(path, NULL) : NULL;
	return target ? target : strdup(path);
}

static int open_device(struct atomic_file *file, struct error *error)
{
	int descriptor = open(file->target, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (descriptor < 0) {
		error_set_errno(error, EX_CANTCREAT, "cannot create '%s'", file->path);
		free(file->target);
		file->target = NULL;
		return -1;
	}
	output_open(&file->output, descriptor, file->path);
	return 0;
}

int atomic_file_open(struct atomic_file *file, const char *path, unsigned mode, struct error *error)
{
	struct stat status;
	*file = (struct atomic_file){.path = path, .target = resolve(path)};
	if (file->target && stat(file->target, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
		return open_device(file, error);
	if (!file->target || asprintf(&file->temporary, "%s.XXXXXX", file->target) < 0) {
		free(file->target);
		*file = (struct atomic_file){.path = path};
		return error_set(error, EX_OSERR, "out of memory");
	}
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what *file holds is released by atomic_file_close() or atomic_file_abandon() */
	int descriptor = mkostemp(file->temporary, O_CLOEXEC);
	if (descriptor < 0) {
		error_set_errno(error, EX_CANTCREAT, "cannot create '%s'", path);
		free(file->temporary);
		free(file->target);
		*file = (struct atomic_file){.path = path};
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

static void release(struct atomic_file *file)
{
	free(file->temporary);
	free(file->target);
	file->temporary = file->target = NULL;
}

int atomic_file_commit(struct atomic_file *file, struct error *error)
{
	int result = output_close(&file->output, error);
	if (result == 0 && file->temporary && fsync(file->output.descriptor) < 0)
		result = error_set_errno(error, EX_IOERR, "cannot write '%s'", file->path);
	if (result == 0 && file->temporary && rename(file->temporary, file->target) < 0)
		result = error_set_errno(error, EX_CANTCREAT, "cannot create '%s'", file->path);
	if (result < 0) {
		atomic_file_abandon(file);
		return -1;
	}
	close(file->output.descriptor);
	release(file);
	return 0;
}

void atomic_file_abandon(struct atomic_file *file)
{
	if (!file->target)
		return;
	output_close(&file->output, NULL);
	close(file->output.descriptor);
	if (file->temporary)
		unlink(file->temporary);
	release(file);
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
