#include "io/options.h"

#include "base/format_arguments.h"
#include "base/instant.h"
#include "base/near_miss.h"
#include "io/diag.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int verbose, quiet;
static char *log_format, *now_text;
static int64_t now = INSTANT_NONE;

enum { OPTION_HELP = 0x7f00, OPTION_VERSION, OPTION_VERBOSE };

static struct poptOption common_options[] = {
	{"now", 0, POPT_ARG_STRING, &now_text, 0, "the clock of this run (default: ENVTALLY_NOW, or the current time)", "RFC3339"},
	{"verbose", 'v', POPT_ARG_NONE, NULL, OPTION_VERBOSE, "print more on stderr", NULL},
	{"quiet", 'q', POPT_ARG_NONE, &quiet, 0, "print nothing but errors on stderr", NULL},
	{"log-format", 0, POPT_ARG_STRING, &log_format, 0, "format of stderr: text or json", "FORMAT"},
	{"help", 'h', POPT_ARG_NONE, NULL, OPTION_HELP, "print this and exit", NULL},
	{"version", 0, POPT_ARG_NONE, NULL, OPTION_VERSION, "print the version and exit", NULL},
	POPT_TABLEEND,
};

void options_refuse(const char *format, ...)
{
	struct error error;
	char text[900];
	FORMAT_ARGUMENTS(text, format);
	error_set(&error, EX_USAGE, "%s (see --help)", text);
	diag_error(&error);
	exit(EX_USAGE);
}

static void print_help(poptContext context, const struct options_manual *manual)
{
	printf("Usage: %s [OPTION]...%s%s\n%s\n", manual->program, *manual->operands ? " " : "", manual->operands, manual->summary);
	/* popt's own "Usage:" line is left out: ours names what is read and written. */
	char *text = NULL;
	size_t length = 0;
	FILE *memory = open_memstream(&text, &length);
	if (memory) {
		poptPrintHelp(context, memory, 0);
		fclose(memory);
		const char *rest = strchr(text, '\n');
		fputs(rest ? rest + 1 : text, stdout);
		free(text);
	}
	printf("\n%s", manual->description);
	if (fflush(stdout) || ferror(stdout))
		exit(EX_IOERR);
	exit(0);
}

static void set_now(void)
{
	const char *source = now_text ? now_text : getenv("ENVTALLY_NOW");
	if (!source || !*source)
		now = instant_of_clock();
	else if (instant_parse(source, strlen(source), &now) < 0)
		options_refuse("cannot read the clock '%s': %s must be a time such as 2026-03-01T02:00:00Z", source,
			now_text ? "--now" : "ENVTALLY_NOW");
}

/* What follows a '=' is not repeated: it may be a password. */
static int name_length(const char *argument)
{
	return (int)strcspn(argument, "=");
}

/* Looked up before the options are parsed, so that a mistake in them is reported in the format that they ask for. */
static bool wants_json(int argc, const char **argv)
{
	bool json = false;
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strncmp(argv[i], "--log-format=", 13) == 0)
			json = strcmp(argv[i] + 13, "json") == 0;
		else if (strcmp(argv[i], "--log-format") == 0 && i + 1 < argc)
			json = strcmp(argv[i + 1], "json") == 0;
	}
	return json;
}

/*
 * A program started with a standard descriptor closed would get its number for the first file it opens: records would go
 * into a file of rejects, a recording or a ledger. Held like this, reading standard input and writing to the others fails.
 */
static void hold_standard_descriptors(void)
{
	for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++)
		if (fcntl(descriptor, F_GETFD) < 0 && open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			return;
}

static void try_names(struct near_miss *search, const struct poptOption table[])
{
	for (const struct poptOption *option = table; option->longName || option->shortName || option->arg; option++)
		if (option->longName)
			near_miss_try(search, option->longName);
}

static _Noreturn void refuse_option(const char *option, int reason, const struct poptOption table[])
{
	char name[NEAR_MISS_LENGTH + 2];
	snprintf(name, sizeof name, "%.*s", name_length(option), option);
	struct near_miss search = {.wanted = name + strspn(name, "-")};
	if (reason == POPT_ERROR_BADOPT && strncmp(option, "--", 2) == 0) {
		try_names(&search, table);
		try_names(&search, common_options);
	}
	options_refuse("cannot use '%.*s': %s%s%s%s", name_length(option), option, poptStrerror(reason),
		search.nearest ? "; did you mean --" : "", search.nearest ? search.nearest : "", search.nearest ? "?" : "");
}

const char **options_parse(int argc, const char **argv, struct poptOption *table, const struct options_manual *manual)
{
	static char title_of_own[] = "Options:", title_of_common[] = "Options of every program:";
	struct poptOption all[] = {
		{NULL, 0, POPT_ARG_INCLUDE_TABLE, table, 0, title_of_own, NULL},
		{NULL, 0, POPT_ARG_INCLUDE_TABLE, common_options, 0, title_of_common, NULL},
		POPT_TABLEEND,
	};
	bool has_own = table->longName || table->shortName || table->arg;
	hold_standard_descriptors();
	diag_begin(manual->program, wants_json(argc, argv));
	static poptContext context; /* stays for the life of the process: the operands are its memory */
	context = poptGetContext(manual->program, argc, argv, has_own ? all : all + 1, 0); /* no title over nothing */
	int option;
	while ((option = poptGetNextOpt(context)) >= 0) {
		if (option == OPTION_VERBOSE)
			verbose++;
		if (option == OPTION_HELP)
			print_help(context, manual);
		if (option == OPTION_VERSION) {
			printf("%s (envtally) " ENVTALLY_VERSION "\n", manual->program);
			exit(fflush(stdout) || ferror(stdout) ? EX_IOERR : 0);
		}
	}
	if (option < -1)
		refuse_option(poptBadOption(context, POPT_BADOPTION_NOALIAS), option, table);
	if (log_format && strcmp(log_format, "json") != 0 && strcmp(log_format, "text") != 0)
		options_refuse("cannot use --log-format '%s': it must be text or json", log_format);
	diag_set_verbosity(quiet ? -1 : verbose);
	set_now();
	const char **operands = poptGetArgs(context);
	static const char *none[] = {NULL};
	if (operands && *operands && !*manual->operands)
		options_refuse("cannot use '%.*s': %s takes no operands%s", name_length(*operands), *operands, manual->program,
			manual->reads_no_input ? "" : ", it reads standard input");
	return operands ? operands : none;
}

int64_t options_now(void)
{
	return now;
}
