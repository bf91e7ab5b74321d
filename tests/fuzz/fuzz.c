/*
 * fuzz: runs a fuzz target (fuzz.h) on each file, or each file of a folder.
 *
 *	fuzz TARGET PATH…
 *	fuzz --fields TARGET FILE…     each member of each JSON object in the file is changed, one at a time
 *	fuzz --list
 *
 * With libFuzzer, which has a main of its own, FUZZ_TARGET names the target: see tests/fuzz/run.
 */
#include "fuzz.h"

#include "io/options.h"

#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

static const struct {
	const char *name;
	void (*run)(const uint8_t *bytes, size_t length);
} targets[] = {
#define TARGET(name) {#name, fuzz_##name},
	FUZZ_TARGETS(TARGET)
#undef TARGET
};
#define TARGET_COUNT (sizeof targets / sizeof *targets)

void fuzz_failed(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: this does not hold: %s\n", file, line, condition);
	abort();
}

static int memory_file(int *descriptor, const void *bytes, size_t length)
{
	if (*descriptor < 0)
		*descriptor = memfd_create("fuzz", MFD_CLOEXEC);
	if (*descriptor < 0 || ftruncate(*descriptor, 0) < 0 || pwrite(*descriptor, bytes, length, 0) != (ssize_t)length)
		abort();
	return *descriptor;
}

const char *fuzz_file(size_t place, const void *bytes, size_t length)
{
	static int descriptors[FUZZ_FILES] = {-1, -1, -1, -1, -1};
	static char paths[FUZZ_FILES][32];
	snprintf(paths[place], sizeof paths[place], "/proc/self/fd/%d", memory_file(&descriptors[place], bytes, length));
	return paths[place];
}

void fuzz_stdin(const void *bytes, size_t length)
{
	static int descriptor = -1;
	if (lseek(memory_file(&descriptor, bytes, length), 0, SEEK_SET) < 0 || dup2(descriptor, STDIN_FILENO) < 0)
		abort();
}

void fuzz_output(struct output *output)
{
	output_open(output, -1, "output");
	output->is_held = true;
}

void fuzz_check_lines(const struct buffer *lines)
{
	static struct json_scanner *scanner;
	const char *end = lines->data + lines->length, *next;
	if (!scanner)
		scanner = json_scanner_new(NULL, 0, NULL);
	for (const char *at = lines->data; at < end; at = next + 1) {
		next = memchr(at, '\n', (size_t)(end - at));
		FUZZ_CHECK(next);
		FUZZ_CHECK(json_scan(scanner, at, (size_t)(next - at), NULL, NULL) == 0);
	}
}

void fuzz_close(struct output *output)
{
	fuzz_check_lines(&output->pending);
	buffer_release(&output->pending);
}

void fuzz_gzip(const void *bytes, size_t length, struct buffer *packed)
{
	z_stream stream = {.next_in = (uint8_t *)(uintptr_t)bytes, .avail_in = (uInt)length};
	deflateInit2(&stream, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
	stream.avail_out = (uInt)deflateBound(&stream, length);
	stream.next_out = (uint8_t *)buffer_reserve(packed, stream.avail_out);
	FUZZ_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
	packed->length = stream.total_out;
	deflateEnd(&stream);
}

static const char entitlements[] =
	"entitlement_id,software_model,license_metric,subscription_period,start_date,end_date,purchased_rights,total_cost,currency,allocation_type,"
	"allocation_value\n"
	"E1,Pro,Envelope,Quarterly,2024-01-31,2024-04-29,3,7.05,USD,,\nE2,Pro,Envelope,Annually,2025-01-31,2027-01-30,2,2200.00,USD,account,a1\n"
	"E3,Business,Envelope,Annually,2024-01-31,,unlimited,9000.00,USD,,\n";
static const char models[] = "publisher,product,software_model,license_metric,unit,identifier_type,identifier\n"
			     "Docusign,eSignature,Pro,Envelope,envelope,plan_item_id,p*\n"
			     "Docusign,eSignature,Business,Envelope,envelope,subscription_name,*\n";
static const char rules[] =
	"rule_type,identifier,profile,reason,start_date,end_date\naccount,a9,,Test,,\nidentifier,px,,Test,2025-01-31,2026-01-30\n";

static const char consumption[] = "account_id,software_model,license_metric,start_date,end_date,units,source,profile\n"
				  "a1,Pro,Envelope,2025-02-01,2025-02-28,40,Reseller,\nr1,Pro,Envelope,2025-03-31,,5,Reseller,acme\n";

static void complain(const char *message, bool is_mistake)
{
	FUZZ_CHECK(!message || !is_mistake);
}

const struct licence *fuzz_rights(void)
{
	static struct licence licence;
	struct error error = ERROR_INIT;
	const struct licence_files files = {.entitlements = fuzz_file(0, entitlements, sizeof entitlements - 1),
		.models = fuzz_file(1, models, sizeof models - 1),
		.exclusions = fuzz_file(2, rules, sizeof rules - 1),
		.consumption = fuzz_file(4, consumption, sizeof consumption - 1)};
	if (!licence.models.count)
		FUZZ_CHECK(licence_load(&licence, &files, complain, &error) == 0);
	return &licence;
}

int64_t fuzz_number(struct fuzz_input *input)
{
	int64_t number = 0;
	size_t size = input->left < sizeof number ? input->left : sizeof number;
	memcpy(&number, input->at, size);
	input->at += size;
	input->left -= size;
	return number;
}

int64_t fuzz_range(struct fuzz_input *input, int64_t least, int64_t most)
{
	return least + (int64_t)((uint64_t)fuzz_number(input) % (uint64_t)(most - least + 1));
}

bool fuzz_line(struct fuzz_input *input, struct buffer *line)
{
	if (!input->left)
		return false;
	const uint8_t *newline = memchr(input->at, '\n', input->left);
	size_t length = newline ? (size_t)(newline - input->at) : input->left;
	buffer_reset(line);
	buffer_append(line, input->at, length);
	length += newline != NULL;
	input->at += length;
	input->left -= length;
	return true;
}

/* What the programs' own options set: the clock, and that nothing is said. */
static void set_options(void)
{
	static struct poptOption none[] = {POPT_TABLEEND};
	static const struct options_manual manual = {.program = "fuzz", .operands = ""};
	static const char *arguments[] = {"fuzz", "--quiet", "--now", "2025-04-01T02:00:00Z", NULL};
	options_parse(4, arguments, none, &manual);
}

static void (*find_target(const char *name))(const uint8_t *, size_t)
{
	set_options();
	for (size_t i = 0; name && i < TARGET_COUNT; i++)
		if (strcmp(targets[i].name, name) == 0)
			return targets[i].run;
	fprintf(stderr, "fuzz: cannot run '%s': there is no such target (fuzz --list)\n", name ? name : "");
	exit(EX_USAGE);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static void (*run)(const uint8_t *, size_t);
	if (!run)
		run = find_target(getenv("FUZZ_TARGET"));
	run(bytes, length);
	return 0;
}

#ifndef FUZZ_LIBFUZZER

/* Of the input's own size, so that a sanitizer sees what reads beyond it. */
static void run_bytes(void (*run)(const uint8_t *, size_t), const struct buffer *input)
{
	uint8_t *bytes = malloc(input->length + !input->length);
	memcpy(bytes, input->data, input->length);
	run(bytes, input->length);
	free(bytes);
}

static void read_file(const char *path, struct buffer *file)
{
	struct error error = ERROR_INIT;
	if (buffer_append_file(file, path, (size_t)16 << 20, &error) < 0) {
		fprintf(stderr, "fuzz: %s\n", error.text);
		exit(error.status);
	}
}

static void run_file(void (*run)(const uint8_t *, size_t), const char *path)
{
	struct buffer file = BUFFER_INIT;
	read_file(path, &file);
	run_bytes(run, &file);
	buffer_release(&file);
}

/* The end of the JSON string that begins there. */
static const char *string_end(const char *at)
{
	for (at++; *at != '"'; at++)
		at += *at == '\\';
	return at + 1;
}

/* The end of the JSON value that begins there. */
static const char *value_end(const char *at)
{
	int depth = 0;
	do {
		depth += *at == '{' || *at == '[';
		depth -= *at == '}' || *at == ']';
		at = *at == '"' ? string_end(at) : at + 1;
	} while (depth > 0 || (depth == 0 && !strchr(",}] \n", *at)));
	return at;
}

/* The member whose name begins at `name` has each of the values, and is called otherwise. */
static void change_member(void (*run)(const uint8_t *, size_t), const struct buffer *file, const char *name)
{
	static const char *const values[] = {
		"null", "{}", "-1", "\"\"", "999999999999999999", "\"\\u0000\\u202e\\u009b\"", "\"9999-12-31T23:59:59.999Z\""};
	struct buffer input = BUFFER_INIT;
	const char *name_end = string_end(name), *value = name_end + strspn(name_end, ": \n\t"), *end = value_end(value);
	const char *stops[] = {value, name};
	for (size_t i = 0; i <= sizeof values / sizeof *values; i++) {
		bool is_absent = i == sizeof values / sizeof *values;
		const char *new = is_absent ? "\"absent" : values[i], *rest = is_absent ? name_end - 1 : end;
		buffer_reset(&input);
		buffer_append(&input, file->data, (size_t)(stops[is_absent] - file->data));
		buffer_append_string(&input, new);
		buffer_append(&input, rest, (size_t)(file->data + file->length - rest));
		fprintf(stderr, "%.*s: %s\n", (int)(name_end - name), name, is_absent ? "absent" : new);
		run_bytes(run, &input);
	}
	buffer_release(&input);
}

/* Of lines that begin alike up to the record, the first is enough. */
static void change_fields(void (*run)(const uint8_t *, size_t), const char *path)
{
	struct buffer file = BUFFER_INIT;
	const char *last = "";
	read_file(path, &file);
	for (const char *at = file.data, *next; *at; at = next) {
		size_t length = strcspn(at, "\n");
		next = at + length + (at[length] == '\n');
		const char *record = memmem(at, length, "\"record\":", 9);
		fprintf(stderr, "%s: %.*s\n", path, (int)(record ? record - at : 0), at);
		if (record && strncmp(at, last, (size_t)(record - at)) == 0)
			continue;
		last = record ? at : "";
		while (at < next) {
			const char *end = *at == '"' ? string_end(at) : at + 1;
			if (*at == '"' && *end == ':')
				change_member(run, &file, at);
			at = end;
		}
	}
	buffer_release(&file);
}

/* A failed file is named by this line, the last one. */
static void run_path(void (*run)(const uint8_t *, size_t), const char *path)
{
	char pattern[4096];
	glob_t found;
	snprintf(pattern, sizeof pattern, "%s/*", path);
	if (glob(pattern, 0, NULL, &found) != 0) {
		fprintf(stderr, "%s\n", path);
		run_file(run, path);
		return;
	}
	for (size_t i = 0; i < found.gl_pathc; i++)
		run_path(run, found.gl_pathv[i]);
	globfree(&found);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--list") == 0) {
		for (size_t i = 0; i < TARGET_COUNT; i++)
			puts(targets[i].name);
		return 0;
	}
	int name = argc > 1 && strcmp(argv[1], "--fields") == 0 ? 2 : 1;
	void (*run)(const uint8_t *, size_t) = find_target(argc > name ? argv[name] : NULL);
	for (int i = name + 1; i < argc; i++)
		(name == 1 ? run_path : change_fields)(run, argv[i]);
	return 0;
}

#endif
