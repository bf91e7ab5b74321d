#include "run/run_records.h"

#include "base/regular_file.h"

#include <unistd.h>

static const char *const pointers[] = {RUN_FIELDS(RECORD_POINTER)};

int run_records_read_descriptor(int descriptor, const char *name, run_record *each, void *context, struct error *error)
{
	struct message_reader reader;
	struct message message;
	int got;
	if (message_reader_open(&reader, descriptor, name, pointers, RUN_SLOTS, false, error) < 0)
		return -1;
	while ((got = message_next(&reader, &message, error)) > 0) {
		struct record record = {.reader = &reader, .message = &message, .error = error};
		if (message.type != MESSAGE_RECORD)
			continue;
		each(context, &record);
		if (record.failed) {
			got = -1;
			break;
		}
	}
	message_reader_release(&reader);
	return got;
}

int run_records_read(const char *path, run_record *each, void *context, struct error *error)
{
	int descriptor = regular_file_open(path, error);
	if (descriptor < 0)
		return -1;
	int result = run_records_read_descriptor(descriptor, path, each, context, error);
	close(descriptor);
	return result;
}
