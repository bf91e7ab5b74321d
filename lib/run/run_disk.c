#include "run/run_disk.h"

#include "base/regular_file.h"
#include "run/run_folder.h"

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define END "{\"end\":true,\"exchanges\":"

/* Of the recording's last line. */
static int64_t exchanges(const char *path)
{
	char text[257];
	struct stat status;
	int descriptor = regular_file_open(path, NULL);
	if (descriptor < 0)
		return -1;
	ssize_t length = fstat(descriptor, &status) < 0
		? -1
		: pread(descriptor, text, sizeof text - 1,
			  status.st_size < (off_t)sizeof text ? 0 : status.st_size - (off_t)sizeof text + 1);
	close(descriptor);
	text[length < 0 ? 0 : length] = 0;
	const char *end = strstr(text, END);
	return end ? strtoll(end + strlen(END), NULL, 10) : -1;
}

int64_t run_requests(const char *run_folder)
{
	static const char *const programs[] = {"fetch-subscriptions", "fetch-datafeed"};
	char path[RUN_PATH_LIMIT];
	int64_t sum = 0;
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/raw/%s.exchanges", run_folder, programs[i]);
		int64_t count = exchanges(path);
		if (count < 0)
			return -1;
		sum += count;
	}
	return sum;
}

int64_t run_disk_bytes(const char *folder)
{
	char *paths[] = {(char *)folder, NULL};
	int64_t bytes = 0;
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	if (!tree)
		return 0;
	for (FTSENT *entry; (entry = fts_read(tree));)
		if (entry->fts_info == FTS_F && entry->fts_statp->st_nlink > 0)
			bytes += (int64_t)entry->fts_statp->st_blocks * 512 / (int64_t)entry->fts_statp->st_nlink;
	fts_close(tree);
	return bytes;
}

int64_t ledger_disk_bytes(const char *path)
{
	static const char *const endings[] = {"", "-wal"};
	char name[RUN_PATH_LIMIT];
	struct stat status;
	int64_t bytes = 0;
	for (size_t i = 0; i < 2; i++) {
		snprintf(name, sizeof name, "%s%s", path, endings[i]);
		if (stat(name, &status) == 0)
			bytes += (int64_t)status.st_blocks * 512;
	}
	return bytes;
}
