#include "run/run_evidence.h"

#include "base/array.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool ends_in(const char *name, const char *ending)
{
	size_t length = strlen(name), wanted = strlen(ending);
	return length >= wanted && strcmp(name + length - wanted, ending) == 0;
}

/* What decides the figures of a run under way; of a promoted one, all inputs and recordings too, of which the index has the SHA-256 of each body. */
static bool is_evidence(const char *name, bool is_promoted)
{
	bool is_input = strncmp(name, "inputs/", strlen("inputs/")) == 0;
	return (is_input && (is_promoted || ends_in(name, ".csv") || ends_in(name, "/policy.json"))) ||
		(is_promoted && ends_in(name, ".exchanges"));
}

/* The one line of inputs/version. */
static int read_version(struct run_evidence *evidence, const char *folder, struct error *error)
{
	char path[RUN_PATH_LIMIT], line[80] = "";
	snprintf(path, sizeof path, "%s/inputs/version", folder);
	FILE *file = fopen(path, "re");
	if (!file)
		return 0; /* a run of an earlier version has none */
	if (fgets(line, sizeof line, file))
		buffer_append(&evidence->version, line, strcspn(line, "\n"));
	fclose(file);
	if (evidence->version.length)
		evidence->evidence.version = evidence->version.data;
	return buffer_check(&evidence->version, error);
}

static int read_files(struct run_evidence *evidence, const char *folder, struct error *error)
{
	char path[RUN_PATH_LIMIT];
	struct report_evidence *to = &evidence->evidence;
	int result = run_evidence_files_read(&evidence->files, folder, error);
	for (size_t i = 0; i < evidence->files.count && result == 0; i++) {
		if (!is_evidence(evidence->files.names[i], to->is_promoted))
			continue;
		struct report_file *file = array_grow((void **)&to->files, &to->count, sizeof *file, error);
		snprintf(path, sizeof path, "%s/%s", folder, evidence->files.names[i]);
		result = file ? sha256_file(path, file->sha256, error) : -1;
		if (file)
			file->name = evidence->files.names[i];
	}
	return result;
}

int run_evidence_read(struct run_evidence *evidence, const char *folder, struct error *error)
{
	char path[RUN_PATH_LIMIT];
	*evidence = (struct run_evidence){.version = BUFFER_INIT};
	snprintf(path, sizeof path, "%s/begun.json", folder);
	evidence->evidence.is_promoted = access(path, F_OK) != 0;
	snprintf(path, sizeof path, "%s/raw/manifest.json", folder);
	evidence->evidence.manifest = evidence->evidence.is_promoted ? evidence->manifest : NULL;
	if (evidence->evidence.is_promoted && sha256_file(path, evidence->manifest, error) < 0)
		return -1;
	return read_files(evidence, folder, error) < 0 ? -1 : read_version(evidence, folder, error);
}

void run_evidence_release(struct run_evidence *evidence)
{
	run_list_release(&evidence->files);
	buffer_release(&evidence->version);
	free(evidence->evidence.files);
	*evidence = (struct run_evidence){.version = BUFFER_INIT};
}
