/*
 * fault: runs a command and counts the system calls by which it and all it starts change files; one of them is hit.
 *
 *   fault REPORT MODE AT COMMAND [ARGUMENT]...
 *
 * MODE  kill    the process ends by SIGKILL in place of the call
 *       tear    the same, but half of what it was to write is written
 *       group   as tear, for all processes at once, as when the machine loses power
 *       EIO     the call fails
 *       ENOSPC  it and all later ones that need room fail; a write that is hit writes half and returns that, as a full disk does
 * AT    the call that is hit: 1 for the first, 0 for none
 *
 * The first line of REPORT is the number of calls, the second the program, call and path that was hit. Exits as the command did (137: it
 * was killed), when every process that it started has ended, so that nothing writes afterwards. 2: this system does not let us.
 *
 * The calls are seen by seccomp's user notification, which needs no privilege and sees all processes alike, shells and jq too, in one order.
 * A call that has to do with files counts; a write only to a regular file, and not to standard error, which is no output; fsync to a folder, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NONE = -1 };

/* The calls that count, and which of their arguments are descriptor, path and flags of open(). */
static const struct call {
	int number;
	const char *name;
	int descriptor, path, flags;
	bool needs_room;
} calls[] = {
	{SYS_write, "write", 0, NONE, NONE, true},
	{SYS_pwrite64, "pwrite", 0, NONE, NONE, true},
	{SYS_writev, "writev", 0, NONE, NONE, true},
	{SYS_pwritev, "pwritev", 0, NONE, NONE, true},
	{SYS_copy_file_range, "copy_file_range", 2, NONE, NONE, true},
	{SYS_sendfile, "sendfile", 0, NONE, NONE, true},
	{SYS_fallocate, "fallocate", 0, NONE, NONE, true},
	{SYS_ftruncate, "ftruncate", 0, NONE, NONE, false},
	{SYS_fsync, "fsync", 0, NONE, NONE, true},
	{SYS_fdatasync, "fdatasync", 0, NONE, NONE, true},
	{SYS_openat, "openat", NONE, 1, 2, true},
	{SYS_mkdirat, "mkdirat", NONE, 1, NONE, true},
	{SYS_linkat, "linkat", NONE, 1, NONE, true},
	{SYS_symlinkat, "symlinkat", NONE, 2, NONE, true},
	{SYS_renameat2, "renameat2", NONE, 1, NONE, true},
	{SYS_unlinkat, "unlinkat", NONE, 1, NONE, false},
#ifdef SYS_open /* what newer architectures do not have */
	{SYS_open, "open", NONE, 0, 1, true},
	{SYS_creat, "creat", NONE, 0, NONE, true},
	{SYS_mkdir, "mkdir", NONE, 0, NONE, true},
	{SYS_link, "link", NONE, 0, NONE, true},
	{SYS_symlink, "symlink", NONE, 1, NONE, true},
	{SYS_rename, "rename", NONE, 0, NONE, true},
	{SYS_renameat, "renameat", NONE, 1, NONE, true},
	{SYS_unlink, "unlink", NONE, 0, NONE, false},
	{SYS_rmdir, "rmdir", NONE, 0, NONE, false},
#endif
};
enum { CALLS = sizeof calls / sizeof *calls };

enum mode { KILL, TEAR, GROUP, FAIL, FULL };

static enum mode mode;
static unsigned long long at, count;
static char hit[512];
static pid_t group;

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "fault: cannot %s: %s\n", what, strerror(errno));
	exit(2);
}

/* Of this process and its children the calls of the table are to be asked for first. Returns the descriptor by which to answer. */
static int install_filter(void)
{
	struct sock_filter program[1 + 5 * CALLS + 1] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
	unsigned short length = 1;
	for (size_t i = 0; i < CALLS; i++) {
		bool opens = calls[i].flags != NONE;
		program[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i].number, 0, opens ? 4 : 1);
		if (opens) { /* opening counts where it may make the file or empty it */
			size_t flags = offsetof(struct seccomp_data, args) + sizeof(__u64) * (size_t)calls[i].flags;
			program[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)flags);
			program[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_CREAT | O_TRUNC, 0, 1);
		}
		program[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
		if (opens)
			program[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	program[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog filter = {length, program};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	/* A call that was asked for is not interrupted by a signal and asked for again. */
	return (int)syscall(
		SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &filter);
}

/* A descriptor, or -1, through a socket: sending it is no call of the table. */
static void send_descriptor(int socket, int descriptor)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
	struct iovec byte = {"", 1};
	struct msghdr message = {.msg_iov = &byte, .msg_iovlen = 1};
	if (descriptor >= 0) {
		memcpy(CMSG_DATA(&control.header), &descriptor, sizeof descriptor);
		message.msg_control = &control;
		message.msg_controllen = sizeof control;
	}
	if (sendmsg(socket, &message, 0) < 0)
		_exit(2);
}

static int receive_descriptor(int socket)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec bytes = {&byte, 1};
	struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
	int descriptor = -1;
	if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) > 0 && CMSG_FIRSTHDR(&message))
		memcpy(&descriptor, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof descriptor);
	return descriptor;
}

static size_t read_memory(pid_t pid, __u64 from, void *to, size_t length)
{
	struct iovec local = {to, length}, remote = {(void *)(uintptr_t)from, length};
	ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);
	return got < 0 ? 0 : (size_t)got;
}

/* A path's end may lie just before a page that cannot be read: byte by byte. */
static void read_path(pid_t pid, __u64 from, char path[], size_t size)
{
	size_t length = 0;
	while (length < size - 1 && read_memory(pid, from + length, &path[length], 1) == 1 && path[length])
		length++;
	path[length] = '\0';
}

/* Does this call change a file? Then its path. */
static bool changes_file(const struct seccomp_notif *request, const struct call *call, char path[], size_t size)
{
	pid_t pid = (pid_t)request->pid;
	if (call->descriptor == NONE) {
		read_path(pid, request->data.args[call->path], path, size);
		return strncmp(path, "/dev/", 5) != 0;
	}
	char link[64];
	struct stat status, of_errors;
	snprintf(link, sizeof link, "/proc/%d/fd/%d", pid, STDERR_FILENO);
	bool has_errors = stat(link, &of_errors) == 0;
	snprintf(link, sizeof link, "/proc/%d/fd/%d", pid, (int)request->data.args[call->descriptor]);
	bool is_folder_synced = call->number == SYS_fsync && stat(link, &status) == 0 && S_ISDIR(status.st_mode);
	if (stat(link, &status) < 0 || !(S_ISREG(status.st_mode) || is_folder_synced) ||
		(has_errors && status.st_dev == of_errors.st_dev && status.st_ino == of_errors.st_ino)) /* by whatever descriptor */
		return false;
	ssize_t length = readlink(link, path, size - 1);
	path[length < 0 ? 0 : length] = '\0';
	return true;
}

/* Does half of a write in the other process' place. Returns what was written, 0 when it is no write. */
static size_t write_half(const struct seccomp_notif *request, const struct call *call)
{
	if (call->number != SYS_write && call->number != SYS_pwrite64)
		return 0;
	size_t length = request->data.args[2] / 2;
	char *bytes = malloc(length + 1);
	int process = (int)syscall(SYS_pidfd_open, request->pid, 0);
	int descriptor = process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, (int)request->data.args[0], 0);
	ssize_t done = -1;
	if (bytes && descriptor >= 0 && read_memory((pid_t)request->pid, request->data.args[1], bytes, length) == length)
		done = call->number == SYS_write ? write(descriptor, bytes, length)
						 : pwrite(descriptor, bytes, length, (off_t)request->data.args[3]);
	free(bytes);
	if (descriptor >= 0)
		close(descriptor);
	if (process >= 0)
		close(process);
	return done > 0 ? (size_t)done : 0;
}

static void note_hit(const struct seccomp_notif *request, const struct call *call, const char *path)
{
	char comm[64], program[32] = "";
	snprintf(comm, sizeof comm, "/proc/%u/comm", request->pid);
	int descriptor = open(comm, O_RDONLY | O_CLOEXEC);
	ssize_t length = descriptor < 0 ? 0 : read(descriptor, program, sizeof program - 1);
	program[length > 0 ? strcspn(program, "\n") : 0] = '\0';
	close(descriptor);
	snprintf(hit, sizeof hit, "%s %s %s", program, call->name, path);
}

static void decide(const struct seccomp_notif *request, struct seccomp_notif_resp *response)
{
	const struct call *call = calls;
	char path[400];
	while (call->number != request->data.nr)
		call++;
	response->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	if (!changes_file(request, call, path, sizeof path))
		return;
	count++;
	if (at == 0 || count < at || (count > at && mode != FULL) || (mode == FULL && !call->needs_room))
		return;
	if (count == at)
		note_hit(request, call, path);
	size_t half = count == at && mode != KILL && mode != FAIL ? write_half(request, call) : 0;
	if (mode == FAIL || mode == FULL) {
		response->flags = 0;
		response->error = half ? 0 : mode == FAIL ? -EIO : -ENOSPC;
		response->val = (__s64)half;
	} else {
		kill(mode == GROUP ? -group : (pid_t)request->pid, SIGKILL);
	}
}

static void answer(int listener)
{
	struct seccomp_notif request = {0};
	struct seccomp_notif_resp response = {0};
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
		return; /* it was killed meanwhile */
	response.id = request.id;
	decide(&request, &response);
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static void ignore(int number)
{
	(void)number;
}

/* Answers until every descendant has ended. Returns the command's status. */
static int supervise(int listener, pid_t command, const sigset_t *waiting)
{
	int status = 0, of_command = 0;
	for (;;) {
		pid_t ended;
		while ((ended = waitpid(-1, &status, WNOHANG)) > 0)
			if (ended == command)
				of_command = status;
		if (ended < 0)
			return of_command;
		struct pollfd notified = {.fd = listener, .events = POLLIN};
		if (ppoll(&notified, 1, NULL, waiting) > 0) {
			if (notified.revents & POLLIN)
				answer(listener);
			else
				listener = -1; /* no process is left that could ask */
		}
	}
}

static void run_command(char **command, int socket, const sigset_t *mask)
{
	setsid();
	sigprocmask(SIG_SETMASK, mask, NULL);
	int listener = install_filter();
	send_descriptor(socket, listener);
	if (listener < 0)
		_exit(2);
	execvp(*command, command);
	_exit(127);
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"kill", "tear", "group", "EIO", "ENOSPC"};
	sigset_t child_ends, before;
	int sockets[2];
	if (argc < 5) {
		fputs("Usage: fault REPORT MODE AT COMMAND [ARGUMENT]...\n", stderr);
		return 64;
	}
	while (strcmp(names[mode], argv[2]) != 0)
		if (++mode == sizeof names / sizeof *names) {
			fprintf(stderr, "fault: cannot use mode '%s'\n", argv[2]);
			return 64;
		}
	at = strtoull(argv[3], NULL, 10);
	sigemptyset(&child_ends);
	sigaddset(&child_ends, SIGCHLD);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 || sigprocmask(SIG_BLOCK, &child_ends, &before) < 0 ||
		signal(SIGCHLD, ignore) == SIG_ERR || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		give_up("begin");
	group = fork();
	if (group < 0)
		give_up("fork");
	if (group == 0)
		run_command(argv + 4, sockets[1], &before);
	int listener = receive_descriptor(sockets[0]);
	if (listener < 0) {
		errno = ENOSYS;
		give_up("watch system calls");
	}
	int status = supervise(listener, group, &before);
	FILE *report = fopen(argv[1], "w");
	if (!report || fprintf(report, "%llu\n%s\n", count, hit) < 0 || fclose(report) != 0)
		give_up("write the report");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
