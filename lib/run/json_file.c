#include "run/json_file.h"

#include "base/regular_file.h"

#include <string.h>
#include <unistd.h>

int json_file_read(struct json_file *file, const char *path, const char *const pointers[], size_t count, struct error *error)
{
	*file = (struct json_file){.text = BUFFER_INIT};
	int descriptor = regular_file_open(path, error);
	int result = descriptor < 0 ? -1 : buffer_append_descriptor(&file->text, descriptor, JSON_FILE_LIMIT, path, error);
	if (descriptor >= 0)
		close(descriptor);
	if (result == 0 && buffer_check(&file->text, error) == 0 && (file->scanner = json_scanner_new(pointers, count, error))) {
		if (json_scan(file->scanner, file->text.data, file->text.length, file->slices, error) == 0)
			return 0;
		error_prefix(error, "cannot read '%s'", path);
	}
	json_file_release(file);
	return -1;
}

void json_file_release(struct json_file *file)
{
	json_scanner_free(file->scanner);
	buffer_release(&file->text);
	file->scanner = NULL;
}

const char *json_file_text(const struct json_file *file, int slot, char *text, size_t size)
{
	const struct json_slice *slice = &file->slices[slot];
	size_t length = slice->kind == JSON_ABSENT || slice->kind == JSON_NULL ? 0 : slice->length;
	if (length >= size)
		length = size - 1;
	memcpy(text, slice->text ? slice->text : "", length);
	text[length] = 0;
	return text;
}
