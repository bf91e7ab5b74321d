#include "base/run_name.h"

#include "base/instant.h"

#include <stdio.h>

void run_name(int64_t now, char name[RUN_NAME_SIZE])
{
	char text[INSTANT_LENGTH];
	instant_format(now, text);
	snprintf(name, RUN_NAME_SIZE, "%.4s%.2s%.2sT%.2s%.2s%.2sZ", text, text + 5, text + 8, text + 11, text + 14, text + 17);
}
