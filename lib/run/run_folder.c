#include "run/run_folder.h"

#include "base/array.h"
#include "run/json_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The run's name in the folder's, for folders of that kind: returned with its length; NULL for others. */
static const char *run_of_entry(const struct dirent *entry, enum run_kind kind, size_t *length)
{
	const char *name = entry->d_name;
	*length = strlen(name);
	if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)
		return NULL;
	static const char *const endings[] = {[RUN_INTERRUPTED] = ".partial", [RUN_DISCARDED] = ".discarded"};
	if (kind == RUN_FINISHED)
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

int run_job_read(struct run_job *job, const char *runs, const char *run, struct error *error)
{
	static const char *const pointers[] = {"/run_id", "/profile", "/state", "/started_at", "/counts/consumption",
		"/counts/restatements", "/counts/rejects", "/counts/accounts_without_billing"};
	char path[RUN_PATH_LIMIT];
	struct json_file file;
	if (json_file_read(&file, run_path(path, runs, run, "job.json"), pointers, sizeof pointers / sizeof *pointers, error) < 0)
		return -1;
	json_file_text(&file, 0, job->run_id, sizeof job->run_id);
	json_file_text(&file, 1, job->profile, sizeof job->profile);
	json_file_text(&file, 2, job->state, sizeof job->state);
	json_file_text(&file, 3, job->started_at, sizeof job->started_at);
	json_file_text(&file, 4, job->consumption, sizeof job->consumption);
	json_file_text(&file, 5, job->restatements, sizeof job->restatements);
	json_file_text(&file, 6, job->rejects, sizeof job->rejects);
	json_file_text(&file, 7, job->accounts_without_billing, sizeof job->accounts_without_billing);
	json_file_release(&file);
	return 0;
}
