/*
 * fuzz_manifest: the manifest of the second of two runs; or, when the input has a line "%", the promotions before that line, too. A manifest
 * that is accepted covers every file: after a change to any of them, or with one more, it is refused.
 */
#include "fuzz.h"

#include "base/sha256.h"
#include "run/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static char root[] = "/tmp/fuzz-manifest.XXXXXX";
static const char *const runs[] = {"20250318T020000Z", "20250325T020000Z"};
static const char *const files[] = {"job.json", "inputs/profile.json", "raw/a.exchanges"};
#define FILES (sizeof files / sizeof *files)

static const char *path_of(const char *run, const char *file)
{
	static char path[256];
	snprintf(path, sizeof path, "%s/%s%s%s", root, run, *file ? "/" : "", file);
	return path;
}

static void write_file(const char *path, const void *bytes, size_t length)
{
	FILE *file = fopen(path, "w");
	FUZZ_CHECK(file && fwrite(bytes, 1, length, file) == length && fclose(file) == 0);
}

static void remove_root(void)
{
	static const char *const all[] = {"job.json", "inputs/profile.json", "raw/a.exchanges", "raw/manifest.json"};
	static const char *const folders[] = {"inputs", "raw", ""};
	for (size_t run = 0; run < 2; run++) {
		for (size_t i = 0; i < sizeof all / sizeof *all; i++)
			unlink(path_of(runs[run], all[i]));
		for (size_t i = 0; i < 3; i++)
			rmdir(path_of(runs[run], folders[i]));
	}
	rmdir(root);
}

/* Two runs with the same files; the first has its manifest. */
static void make_root(char digest[])
{
	const struct promotions none = {.count = 0};
	FUZZ_CHECK(mkdtemp(root));
	atexit(remove_root);
	for (size_t run = 0; run < 2; run++) {
		mkdir(path_of(runs[run], ""), 0700);
		mkdir(path_of(runs[run], "inputs"), 0700);
		mkdir(path_of(runs[run], "raw"), 0700);
		for (size_t i = 0; i < FILES; i++)
			write_file(path_of(runs[run], files[i]), files[i], strlen(files[i]));
	}
	FUZZ_CHECK(manifest_write(path_of(runs[0], ""), root, &none, digest, NULL) == 0);
}

static int verify(const struct promotions *promotions)
{
	struct manifest_chain chain;
	struct error error = ERROR_INIT;
	int result = manifest_verify(root, promotions, NULL, false, &chain, &error);
	if (result == 0)
		result = manifest_find_forgotten(root, promotions, &chain, &error);
	FUZZ_CHECK(result == 0 || error.status == EX_DATAERR);
	return result;
}

static void check_covered(const struct promotions *promotions)
{
	for (size_t i = 0; i < FILES; i++) {
		write_file(path_of(runs[1], files[i]), "changed", 7);
		FUZZ_CHECK(verify(promotions) < 0);
		unlink(path_of(runs[1], files[i]));
		FUZZ_CHECK(verify(promotions) < 0);
		write_file(path_of(runs[1], files[i]), files[i], strlen(files[i]));
	}
	write_file(path_of(runs[1], "inputs/policy.json"), "{}", 2);
	FUZZ_CHECK(verify(promotions) < 0);
	unlink(path_of(runs[1], "inputs/policy.json"));
	FUZZ_CHECK(verify(promotions) == 0);
}

void fuzz_manifest(const uint8_t *bytes, size_t length)
{
	static char first[SHA256_HEX_LENGTH + 1];
	const uint8_t *separator = memmem(bytes, length, "\n%\n", 3);
	const uint8_t *manifest = separator ? separator + 3 : bytes;
	size_t size = (size_t)(bytes + length - manifest);
	struct promotions given;
	struct promotion list[2] = {{.state = "succeeded"}, {.state = "succeeded"}};
	const struct promotions two = {.list = list, .count = 2};
	if (!*first)
		make_root(first);
	write_file(path_of(runs[1], "raw/manifest.json"), manifest, size);
	for (size_t run = 0; run < 2; run++)
		snprintf(list[run].run_id, sizeof list[run].run_id, "%s", runs[run]);
	memcpy(list[0].manifest, first, sizeof first);
	sha256_hex(manifest, size, list[1].manifest, NULL); /* whoever changes a manifest may change the ledger as well */
	if (verify(&two) == 0)
		check_covered(&two);
	if (separator && promotions_read_file(&given, fuzz_file(0, bytes, (size_t)(separator + 1 - bytes)), NULL) == 0) {
		for (size_t i = 0; i < given.count; i++)
			FUZZ_CHECK(*given.list[i].run_id && !strpbrk(given.list[i].run_id, "/."));
		if (given.count)
			verify(&given);
		promotions_release(&given);
	}
}
