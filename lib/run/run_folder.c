#include "run/run_folder.h"

#include "base/array.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

static int add_name(struct run_list *list, const char *name, size_t length, struct error *error)
{
	char **place = array_grow((void **)&list->names, &list->count, sizeof *list->names, error);
	if (!place)
		return -1;
	*place = strndup(name, length);
	return *place ? 0 : error_set(error, EX_OSERR, "out of memory");
}

static int sort(struct run_list *list, int result)
{
	if (result < 0)
		run_list_release(list);
	else if (list->count)
		qsort(list->names, list->count, sizeof *list->names, compare_names);
	return result;
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
		if (name)
			result = add_name(list, name, length, error);
	}
	closedir(folder);
	return sort(list, result);
}

/* Of FOLDER/UNDER, which is "", "inputs/" or "raw/". */
static int add_files(struct run_list *files, const char *folder, const char *under, struct error *error)
{
	char path[RUN_PATH_LIMIT], file[sizeof "inputs/" + NAME_MAX];
	struct dirent *entry;
	struct stat status;
	int result = 0;
	snprintf(path, sizeof path, "%s/%s", folder, under);
	DIR *directory = opendir(path);
	if (!directory)
		return error_set_errno(error, EX_NOINPUT, "cannot open '%s'", path);
	while (result == 0 && (entry = readdir(directory))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(file, sizeof file, "%s%s", under, entry->d_name);
		if (fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			result = error_set_errno(error, EX_NOINPUT, "cannot read '%s/%s'", folder, file);
		else if (S_ISREG(status.st_mode))
			result = add_name(files, file, strlen(file), error);
		else if (S_ISDIR(status.st_mode) && (strcmp(file, "inputs") == 0 || strcmp(file, "raw") == 0))
			result = add_files(files, folder, *file == 'r' ? "raw/" : "inputs/", error);
		else
			result = error_set(error, EX_DATAERR, "'%s' is neither a file of a run nor inputs/ or raw/", file);
	}
	closedir(directory);
	return result;
}

int run_files_read(struct run_list *files, const char *folder, struct error *error)
{
	*files = (struct run_list){.count = 0};
	return sort(files, add_files(files, folder, "", error));
}

int run_evidence_files_read(struct run_list *files, const char *folder, struct error *error)
{
	*files = (struct run_list){.count = 0};
	return sort(files, add_files(files, folder, "inputs/", error) < 0 ? -1 : add_files(files, folder, "raw/", error));
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

bool run_is_folded(const char *folder)
{
	char path[RUN_PATH_LIMIT];
	snprintf(path, sizeof path, "%s/%s", folder, RUN_ARCHIVE);
	return access(path, F_OK) == 0;
}

const char *run_missing_file(const char *folder)
{
	static const struct {
		const char *name;
		bool is_kept; /* by the folder of a folded run */
	} files[] = {{"raw/manifest.json", true}, {"inputs/profile.json", false}, {"job.json", true}, {"accounts.ndjson", false},
		{"subscriptions.ndjson", false}, {"consumption.ndjson", false}, {"restatements.ndjson", true}, {"results.ndjson", false},
		{"rejects.ndjson", false}, {"report.html", false}};
	char path[RUN_PATH_LIMIT];
	bool is_folded = run_is_folded(folder);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, files[i].name);
		if ((files[i].is_kept || !is_folded) && access(path, F_OK) != 0)
			return files[i].name;
	}
	return NULL;
}
