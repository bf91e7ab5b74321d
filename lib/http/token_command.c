#include "http/token_command.h"

#include "http/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OUTPUT_LIMIT ((size_t)1 << 20)
#define TIME_LIMIT_S 120 /* three attempts at the token service need less */

extern char **environ;

static bool is_of_auth(char *const command[])
{
	static const char *const options[] = {"-p", NULL, "--no-cache", "--cache", NULL};
	char beside[PATH_MAX + sizeof "auth"];
	ssize_t length = readlink("/proc/self/exe", beside, PATH_MAX);
	char *name = length < 0 ? NULL : memrchr(beside, '/', (size_t)length);
	size_t count = 1;
	if (!name)
		return false;
	memcpy(name + 1, "auth", sizeof "auth");
	for (; command[count]; count++)
		if (count > sizeof options / sizeof *options || (options[count - 1] && strcmp(options[count - 1], command[count]) != 0))
			return false;
	return strcmp(command[0], beside) == 0 && (count == 4 || count == 6);
}

static int start(char *const command[], int output, pid_t *child, struct error *error)
{
	posix_spawn_file_actions_t actions;
	if (posix_spawn_file_actions_init(&actions) != 0)
		return error_set(error, EX_OSERR, "out of memory");
	int problem = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (problem == 0)
		problem = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (problem == 0)
		problem = posix_spawn(child, command[0], &actions, NULL, command, environ);
	posix_spawn_file_actions_destroy(&actions);
	return problem ? error_set(error, EX_UNAVAILABLE, "cannot run '%s': %s", command[0], strerror(problem)) : 0;
}

static int read_output(int descriptor, struct buffer *output, struct error *error)
{
	time_t end = time(NULL) + TIME_LIMIT_S;
	for (;;) {
		struct pollfd waiting = {.fd = descriptor, .events = POLLIN};
		time_t now = time(NULL);
		if (interrupt_came())
			return error_set(error, EX_TEMPFAIL, "interrupted");
		if (now >= end)
			return error_set(error, EX_UNAVAILABLE, "it took longer than %d seconds", TIME_LIMIT_S);
		if (poll(&waiting, 1, (int)(end - now) * 1000) <= 0)
			continue;
		char *to = buffer_reserve(output, 4096);
		if (!to)
			return buffer_check(output, error);
		ssize_t count = read(descriptor, to, 4096);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_set_errno(error, EX_IOERR, "cannot read its output");
		output->length += (size_t)count;
		to[count] = 0;
		if (count == 0)
			return 0;
		if (output->length > OUTPUT_LIMIT)
			return error_set(error, EX_DATAERR, "it printed more than %zu bytes", OUTPUT_LIMIT);
	}
}

static int check_exit(pid_t child, struct error *error)
{
	int status;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return error_set_errno(error, EX_OSERR, "cannot wait for it");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status)) {
		int code = WEXITSTATUS(status);
		bool ours = code >= EX__BASE && code <= EX__MAX;
		return error_set(error, ours ? code : EX_NOPERM, "it ended with exit status %d", code);
	}
	return error_set(error, EX_UNAVAILABLE, "it was ended by signal %d", WTERMSIG(status));
}

static int run(char *const command[], struct buffer *output, struct error *error)
{
	int ends[2];
	pid_t child;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set_errno(error, EX_OSERR, "cannot make a pipe");
	int result = start(command, ends[1], &child, error);
	close(ends[1]);
	if (result == 0) {
		result = read_output(ends[0], output, error);
		if (result < 0)
			kill(child, SIGTERM);
		struct error exit_error = ERROR_INIT;
		int exited = check_exit(child, &exit_error);
		if (result == 0 && exited < 0) {
			*error = exit_error;
			result = -1;
		}
	}
	close(ends[0]);
	return result;
}

/* Moves the token; the other facts of the connection do not change. */
static int move_token(struct connection *connection, const struct buffer *output, struct error *error)
{
	struct connection fresh;
	size_t length = strcspn(output->data, "\n");
	if (connection_parse(output->data, length, &fresh, error) < 0)
		return -1;
	int result = 0;
	if (strcasecmp(fresh.organization_id, connection->organization_id) != 0) {
		result = error_set(error, EX_DATAERR, "its CONNECTION is for another organization, '%s'", fresh.organization_id);
	} else if (!fresh.access_token) {
		result = error_set(error, EX_DATAERR, "its CONNECTION has no token");
	} else {
		char *old = connection->access_token;
		connection->access_token = fresh.access_token;
		connection->expires_at = fresh.expires_at;
		fresh.access_token = old;
	}
	connection_release(&fresh); /* wipes the old token */
	return result;
}

int token_command_renew(struct connection *connection, struct error *error)
{
	struct buffer output = BUFFER_INIT;
	int result = is_of_auth(connection->token_command)
		? run(connection->token_command, &output, error)
		: error_set(error, EX_DATAERR, "it is not the command that auth writes into its CONNECTION, so it is not run");
	if (result == 0)
		result = move_token(connection, &output, error);
	if (result < 0)
		error_prefix(error, "cannot renew the token by '%s'", connection->token_command[0]);
	buffer_release_secret(&output);
	return result;
}
