#include "run/run_records.h"

#include "base/regular_file.h"

#include <unistd.h>

static const char *const pointers[] = {RUN_FIELDS(RECORD_POINTER)};

int run_records_read_descriptor(int descriptor, const char *name, record_take *each, void *context, struct error *error)
{
	return records_read(descriptor, name, pointers, RUN_SLOTS, each, context, error);
}

int run_records_read(const char *path, record_take *each, void *context, struct error *error)
{
	int descriptor = regular_file_open(path, error);
	if (descriptor < 0)
		return -1;
	int result = run_records_read_descriptor(descriptor, path, each, context, error);
	close(descriptor);
	return result;
}
