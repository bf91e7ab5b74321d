#include "run/run_folder.h"

#include "base/array.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The run's name in the folder's, for folders of that kind: returned with its length; NULL for others. */
static const char *run_of_entry(const struct dirent *entry, enum run_kind kind, size_t *length)
{
	const char *name = entry->d_name;
	*length = strlen(name);
	if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)
		return NULL;
	static const char *const endings[] = {[RUN_INTERRUPTED] = ".partial", [RUN_DISCARDED] = ".discarded"};
	if (kind == RUN_NAMED)
		return *name == '.' ? NULL : name;
	size_t ending = strlen(endings[kind]);
	if (*name != '.' || *length <= ending + 1 || strcmp(name + *length - ending, endings[kind]) != 0)
		return NULL;
	*length -= ending + 1;
	return name + 1;
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

int run_list_read(struct run_list *list, const char *runs, enum run_kind kind, struct error *error)
{
	struct dirent *entry;
	int result = 0;
	*list = (struct run_list){.count = 0};
	DIR *folder = opendir(runs);
	if (!folder)
		return errno == ENOENT ? 0 : error_set_errno(error, EX_NOINPUT, "cannot open '%s'", runs);
	while (result == 0 && (entry = readdir(folder))) {
		size_t length;
		const char *name = run_of_entry(entry, kind, &length);
		char **place = name ? array_grow((void **)&list->names, &list->count, sizeof *list->names, error) : NULL;
		if (place && !(*place = strndup(name, length)))
			error_set(error, EX_OSERR, "out of memory");
		if (name && (!place || !*place))
			result = -1;
	}
	closedir(folder);
	if (result < 0)
		run_list_release(list);
	else if (list->count)
		qsort(list->names, list->count, sizeof *list->names, compare_names);
	return result;
}

void run_list_release(struct run_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->names[i]);
	free(list->names);
	*list = (struct run_list){.count = 0};
}

const char *run_path(char *path, const char *runs, const char *run, const char *file)
{
	snprintf(path, RUN_PATH_LIMIT, "%s/%s/%s", runs, run, file);
	return path;
}

bool run_is_kept(const char *runs, const char *run)
{
	static const char *const files[] = {"job.json", "accounts.ndjson", "subscriptions.ndjson", "consumption.ndjson",
		"restatements.ndjson", "results.ndjson", "raw/manifest.json"};
	char path[RUN_PATH_LIMIT];
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (access(run_path(path, runs, run, files[i]), F_OK) != 0)
			return false;
	return true;
}
