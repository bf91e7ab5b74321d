#include "recording/recording.h"

#include <stdio.h>

char *recording_path(const char *directory, const char *program, const char *suffix)
{
	char *path;
	return asprintf(&path, "%s/%s.%s", directory, program, suffix) < 0 ? NULL : path;
}
