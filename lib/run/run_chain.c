#include "run/run_chain.h"

#include "base/array.h"
#include "base/file_name.h"
#include "base/instant.h"
#include "run/json_file.h"
#include "run/run_folder.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct link {
	struct promotion run;
	char previous[64]; /* "": it is the first */
};

struct links {
	struct link *list;
	size_t count;
};

static int read_manifest(const char *path, struct link *link, struct error *error)
{
	static const char *const pointers[] = {"/previous/run"};
	struct json_file manifest;
	if (json_file_read(&manifest, path, pointers, 1, error) < 0)
		return -1;
	json_file_text(&manifest, 0, link->previous, sizeof link->previous);
	json_file_release(&manifest);
	return sha256_file(path, link->run.manifest, error);
}

static int has_lost(const char *run, const char *file, struct error *error)
{
	return error_set(error, EX_NOINPUT, "cannot follow the chain of runs: the folder of %s has lost '%s'", run, file);
}

/* Adds the run of a folder, if it is one. With a manifest alone it is one, too, or the last run would be left out. */
static int add(struct links *links, const char *runs, const char *name, struct error *error)
{
	static const char *const pointers[] = {"/run_id", "/state", "/started_at", "/ended_at"};
	char path[RUN_PATH_LIMIT];
	struct link new = {.previous = ""};
	struct json_file job;
	if (!file_name_is_plain(name, strlen(name)))
		return 0;
	bool has_manifest = access(run_path(path, runs, name, "raw/manifest.json"), F_OK) == 0;
	if (access(run_path(path, runs, name, "job.json"), F_OK) != 0)
		return has_manifest ? has_lost(name, "job.json", error) : 0;
	if (json_file_read(&job, path, pointers, 4, error) < 0)
		return -1;
	json_file_text(&job, 0, new.run.run_id, sizeof new.run.run_id);
	json_file_text(&job, 1, new.run.state, sizeof new.run.state);
	json_file_text(&job, 2, new.run.started_at, sizeof new.run.started_at);
	json_file_text(&job, 3, new.run.ended_at, sizeof new.run.ended_at);
	json_file_release(&job);
	if (strcmp(new.run.run_id, name) != 0)
		return 0;
	if (!has_manifest)
		return has_lost(name, "raw/manifest.json", error);
	bool ended = instant_parse(new.run.ended_at, strlen(new.run.ended_at), &new.run.clock) == 0;
	if (!ended || instant_parse(new.run.started_at, strlen(new.run.started_at), &new.run.clock) < 0 ||
		(strcmp(new.run.state, "succeeded") != 0 && strcmp(new.run.state, "partial") != 0))
		return error_set(error, EX_DATAERR, "cannot read '%s': its state, started_at or ended_at is not that of a run", path);
	if (read_manifest(run_path(path, runs, name, "raw/manifest.json"), &new, error) < 0)
		return -1;
	struct link *place = array_grow((void **)&links->list, &links->count, sizeof *place, error);
	if (place)
		*place = new;
	return place ? 0 : -1;
}

/* The run after `previous`, NULL at the end. */
static const struct link *next(const struct links *links, const char *previous, struct error *error)
{
	const struct link *found = NULL;
	for (size_t i = 0; i < links->count; i++) {
		const struct link *link = &links->list[i];
		if (strcmp(link->previous, previous) != 0)
			continue;
		if (found) {
			error_set(error, EX_DATAERR, "cannot follow the chain of runs: both %s and %s come after %s", found->run.run_id,
				link->run.run_id, *previous ? previous : "none");
			return NULL;
		}
		found = link;
	}
	return found;
}

static int order(const struct links *links, struct promotions *chain, struct error *error)
{
	const struct link *link = next(links, "", error);
	while (link && chain->count < links->count) {
		struct promotion *place = array_grow((void **)&chain->list, &chain->count, sizeof *place, error);
		if (!place)
			return -1;
		*place = link->run;
		link = next(links, place->run_id, error);
	}
	if (error->status)
		return -1;
	for (size_t i = 0; i < links->count; i++)
		if (promotions_find(chain, links->list[i].run.run_id, strlen(links->list[i].run.run_id)) < 0)
			return error_set(error, EX_NOINPUT, "cannot follow the chain of runs: %s comes after %s, whose folder is lost",
				links->list[i].run.run_id, links->list[i].previous);
	return 0;
}

int run_chain_read(const char *runs, struct promotions *chain, struct error *error)
{
	struct links links = {.count = 0};
	struct run_list names;
	*chain = (struct promotions){.count = 0};
	if (run_list_read(&names, runs, RUN_NAMED, error) < 0)
		return -1;
	int result = 0;
	for (size_t i = 0; i < names.count && result == 0; i++)
		result = add(&links, runs, names.names[i], error);
	if (result == 0)
		result = order(&links, chain, error);
	if (result < 0)
		promotions_release(chain);
	run_list_release(&names);
	free(links.list);
	return result;
}
