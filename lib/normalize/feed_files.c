#include "normalize/feed_files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_file(const char *path, feed_files_each *each, void *context, struct error *error)
{
	struct buffer bytes = BUFFER_INIT;
	struct error problem = ERROR_INIT;
	bool is_input = strcmp(path, "-") == 0;
	const char *name = is_input ? "standard input" : path;
	if (is_input)
		buffer_append_descriptor(&bytes, STDIN_FILENO, DOCUMENT_LIMIT, name, &problem);
	else
		buffer_append_file(&bytes, path, DOCUMENT_LIMIT, &problem);
	int result = each(context, name, &bytes, &problem, error);
	buffer_release(&bytes);
	return result;
}

int feed_files_wrap(const char *path, const struct buffer *bytes, enum document_format format, struct buffer *wrapped, struct error *error)
{
	buffer_reset(wrapped);
	buffer_append_string(wrapped, "{\"body\":");
	if (document_append(format, bytes->data, bytes->length, wrapped, error) < 0)
		return error_prefix(error, "cannot read '%s'", path);
	buffer_append_byte(wrapped, '}');
	return buffer_check(wrapped, error);
}

static int is_visible(const struct dirent *entry)
{
	return *entry->d_name != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int feed_files_read(const char *path, feed_files_each *each, void *context, struct error *error)
{
	struct stat about;
	struct dirent **entries;
	int result = 0;
	if (strcmp(path, "-") == 0 || stat(path, &about) < 0 || !S_ISDIR(about.st_mode))
		return read_file(path, each, context, error);
	int count = scandir(path, &entries, is_visible, by_bytes);
	if (count < 0)
		return error_set_errno(error, EX_NOINPUT, "cannot read '%s'", path);
	for (int i = 0; i < count; i++) {
		char *file = NULL;
		if (result == 0 && asprintf(&file, "%s/%s", path, entries[i]->d_name) < 0)
			result = error_set(error, EX_OSERR, "out of memory");
		if (result == 0 && stat(file, &about) == 0 && S_ISREG(about.st_mode))
			result = read_file(file, each, context, error);
		free(file);
		free(entries[i]);
	}
	free(entries);
	return result;
}
