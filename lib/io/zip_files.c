#include "io/zip_files.h"

#include <string.h>
#include <zip.h>

#define PIECE ((size_t)64 << 10)

static int read_file(zip_t *archive, zip_uint64_t index, size_t limit, struct buffer *content, struct error *error)
{
	zip_file_t *file = zip_fopen_index(archive, index, 0);
	zip_int64_t got = 1;
	if (!file)
		return error_set(error, EX_DATAERR, "the ZIP archive is damaged: %.100s", zip_strerror(archive));
	while (got > 0) {
		char *to = buffer_reserve(content, PIECE);
		got = to ? zip_fread(file, to, PIECE) : 0;
		if (got > 0)
			content->length += (size_t)got;
		content->data[content->length] = 0;
		if (content->length > limit)
			break;
	}
	if (got < 0)
		error_set(error, EX_DATAERR, "the ZIP archive is damaged: %.100s", zip_file_strerror(file));
	else if (content->length > limit)
		got = error_set(error, EX_DATAERR, "it decodes to more than the limit of bytes");
	else
		got = buffer_check(content, error);
	zip_fclose(file);
	return (int)got;
}

static int read_files(zip_t *archive, size_t limit, int (*each)(void *context, const char *bytes, size_t length, struct error *error),
	void *context, struct error *error)
{
	struct buffer content = BUFFER_INIT;
	zip_int64_t count = zip_get_num_entries(archive, 0);
	int result = 0;
	if (count > ZIP_FILES_MOST)
		return error_set(
			error, EX_DATAERR, "the ZIP archive has %lld files: at most %d are read", (long long)count, ZIP_FILES_MOST);
	for (zip_int64_t i = 0; i < count && result == 0; i++) {
		zip_stat_t about;
		if (zip_stat_index(archive, (zip_uint64_t)i, 0, &about) < 0 || !(about.valid & ZIP_STAT_NAME))
			result = error_set(error, EX_DATAERR, "the ZIP archive is damaged: %.100s", zip_strerror(archive));
		else if (*about.name && about.name[strlen(about.name) - 1] == '/')
			continue;
		else if (about.valid & ZIP_STAT_ENCRYPTION_METHOD && about.encryption_method != ZIP_EM_NONE)
			result = error_set(error, EX_DATAERR, "the ZIP archive is encrypted");
		buffer_reset(&content);
		if (result == 0)
			result = read_file(archive, (zip_uint64_t)i, limit, &content, error);
		limit -= result == 0 ? content.length : 0;
		if (result == 0)
			result = each(context, content.data, content.length, error);
	}
	buffer_release(&content);
	return result;
}

int zip_files_read(const char *bytes, size_t length, size_t limit,
	int (*each)(void *context, const char *bytes, size_t length, struct error *error), void *context, struct error *error)
{
	zip_error_t problem;
	zip_error_init(&problem);
	zip_source_t *source = zip_source_buffer_create(bytes, length, 0, &problem);
	zip_t *archive = source ? zip_open_from_source(source, ZIP_RDONLY, &problem) : NULL;
	int result = -1;
	if (archive)
		result = read_files(archive, limit, each, context, error);
	else
		error_set(error, EX_DATAERR, "the ZIP archive is damaged: %.100s", zip_error_strerror(&problem));
	if (archive)
		zip_discard(archive);
	else
		zip_source_free(source);
	zip_error_fini(&problem);
	return result;
}
