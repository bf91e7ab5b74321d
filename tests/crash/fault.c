/*
 * fault.c: a library for LD_PRELOAD that counts the calls by which processes change files, all of a run together, and at one of them
 * ends the process or makes the call fail.
 *
 * FAULT_FILE  a file of FAULT_SIZE zero bytes that the processes share. Its first eight bytes count the calls; after them
 *             is text: the program, call and path that was hit
 * FAULT_AT    the call that is hit: 1 for the first; 0 or absent: none, only count
 * FAULT_MODE  kill   the process ends by SIGKILL before the call
 *             tear   the same, but half of what it writes is written
 *             group  as tear, for the whole process group: the caller sees to it that this is not its own
 *             EIO    the call fails, once
 *             ENOSPC it and all later ones that need room fail; a write that is hit writes half and returns that
 *
 * A write counts when it goes to a regular file. What stdio writes (jq, grep) goes past this; so the start of a program whose output
 * is a regular file counts, too, which is the moment when that file is there and empty. It cannot fail.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FAULT_SIZE 256

struct fault {
	_Atomic unsigned long long calls;
	char hit[FAULT_SIZE - 8];
};

enum mode { COUNT, KILL, TEAR, GROUP, FAIL_ONCE, FULL };

static struct fault *fault;
static enum mode mode;
static unsigned long long at;

/* The next definition of a function: the C library's. */
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void end(void)
{
	kill(mode == GROUP ? 0 : getpid(), SIGKILL);
	for (;;)
		pause();
}

/* Counts a call. True when it is to fail, or, where it writes (`tears`), to be done by half and followed by end(). */
static bool hit(const char *call, const char *path, bool needs_room, bool tears)
{
	if (!fault)
		return false;
	unsigned long long number = atomic_fetch_add(&fault->calls, 1) + 1;
	if (at == 0 || number < at || (number > at && mode != FULL))
		return false;
	if (number == at)
		snprintf(fault->hit, sizeof fault->hit, "%s %s %s", program_invocation_short_name, call, path);
	switch (mode) {
	case COUNT:
		return false;
	case FAIL_ONCE:
		errno = EIO;
		return true;
	case FULL:
		errno = ENOSPC;
		return needs_room;
	default:
		if (!tears || mode == KILL)
			end();
		return true;
	}
}

static bool is_regular(int descriptor)
{
	struct stat status;
	return fault && fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

static const char *path_of(int descriptor, char path[FAULT_SIZE])
{
	char link[64];
	snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
	ssize_t length = readlink(link, path, FAULT_SIZE - 1);
	path[length < 0 ? 0 : length] = '\0';
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

__attribute__((constructor)) static void begin(void)
{
	static const char *const names[] = {"", "kill", "tear", "group", "EIO", "ENOSPC"};
	const char *file = getenv("FAULT_FILE"), *number = getenv("FAULT_AT"), *name = getenv("FAULT_MODE");
	if (!file)
		return;
	int descriptor = REAL(open)(file, O_RDWR | O_CLOEXEC);
	void *map = descriptor < 0 ? MAP_FAILED : mmap(NULL, FAULT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
	if (map == MAP_FAILED)
		return;
	close(descriptor);
	at = number ? strtoull(number, NULL, 10) : 0;
	for (size_t i = 1; name && i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			mode = (enum mode)i;
	fault = map;
	if (mode != FAIL_ONCE && mode != FULL && is_regular(STDOUT_FILENO))
		hit("start", "", false, false);
}

/* A write of which half is done: on a full disk that is what it returns, and the next one fails. */
static ssize_t half_done(ssize_t done)
{
	if (mode == TEAR || mode == GROUP)
		end();
	if (mode == FULL && done > 0 && atomic_load(&fault->calls) == at)
		return done;
	errno = mode == FULL ? ENOSPC : EIO;
	return -1;
}

#define HIT_DESCRIPTOR(call, descriptor, needs_room, tears) \
	(is_regular(descriptor) && hit(call, path_of(descriptor, (char[FAULT_SIZE]){0}), needs_room, tears))

ssize_t write(int descriptor, const void *bytes, size_t length)
{
	if (!HIT_DESCRIPTOR("write", descriptor, true, true))
		return REAL(write)(descriptor, bytes, length);
	return half_done(mode == FAIL_ONCE ? -1 : REAL(write)(descriptor, bytes, length / 2));
}

ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t offset)
{
	if (!HIT_DESCRIPTOR("pwrite", descriptor, true, true))
		return REAL(pwrite)(descriptor, bytes, length, offset);
	return half_done(mode == FAIL_ONCE ? -1 : REAL(pwrite)(descriptor, bytes, length / 2, offset));
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t offset)
{
	if (!HIT_DESCRIPTOR("pwrite", descriptor, true, true))
		return REAL(pwrite64)(descriptor, bytes, length, offset);
	return half_done(mode == FAIL_ONCE ? -1 : REAL(pwrite64)(descriptor, bytes, length / 2, offset));
}

ssize_t writev(int descriptor, const struct iovec *pieces, int count)
{
	if (!HIT_DESCRIPTOR("writev", descriptor, true, true))
		return REAL(writev)(descriptor, pieces, count);
	return half_done(mode == FAIL_ONCE ? -1 : REAL(writev)(descriptor, pieces, count / 2));
}

/* Calls that are done or not, by descriptor and by path. */
#define BY_DESCRIPTOR(name, needs_room, parameters, ...)                                      \
	int name parameters                                                                   \
	{                                                                                     \
		return HIT_DESCRIPTOR(#name, descriptor, needs_room, false) ? -1 : REAL(name)(__VA_ARGS__); \
	}
#define BY_PATH(name, needs_room, parameters, ...)                                             \
	int name parameters                                                                    \
	{                                                                                      \
		return hit(#name, path, needs_room, false) ? -1 : REAL(name)(__VA_ARGS__);     \
	}

BY_DESCRIPTOR(fsync, true, (int descriptor), descriptor)
BY_DESCRIPTOR(fdatasync, true, (int descriptor), descriptor)
BY_DESCRIPTOR(ftruncate, true, (int descriptor, off_t length), descriptor, length)
BY_DESCRIPTOR(ftruncate64, true, (int descriptor, off64_t length), descriptor, length)
BY_PATH(rename, true, (const char *path, const char *to), path, to)
BY_PATH(renameat, true, (int folder, const char *path, int to_folder, const char *to), folder, path, to_folder, to)
BY_PATH(renameat2, true, (int folder, const char *path, int to_folder, const char *to, unsigned flags), folder, path, to_folder, to, flags)
BY_PATH(link, true, (const char *path, const char *to), path, to)
BY_PATH(unlink, false, (const char *path), path)
BY_PATH(unlinkat, false, (int folder, const char *path, int flags), folder, path, flags)
BY_PATH(rmdir, false, (const char *path), path)
BY_PATH(mkdir, true, (const char *path, mode_t permissions), path, permissions)
BY_PATH(mkdirat, true, (int folder, const char *path, mode_t permissions), folder, path, permissions)
BY_PATH(mkostemp, true, (char *path, int flags), path, flags)
BY_PATH(mkostemp64, true, (char *path, int flags), path, flags)
BY_PATH(mkstemp, true, (char *path), path)
BY_PATH(mkstemp64, true, (char *path), path)

/* Opening counts where it may make the file or empty it. */
#define CHANGES(flags) (((flags) & (O_CREAT | O_TRUNC)) != 0 && strncmp(path, "/dev/", 5) != 0)
#define OPEN(name)                                                                       \
	int name(const char *path, int flags, ...)                                       \
	{                                                                                \
		va_list arguments;                                                       \
		va_start(arguments, flags);                                              \
		mode_t permissions = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;    \
		va_end(arguments);                                                       \
		return CHANGES(flags) && hit("open", path, true, false) ? -1 : REAL(name)(path, flags, permissions); \
	}
#define OPENAT(name)                                                                     \
	int name(int folder, const char *path, int flags, ...)                           \
	{                                                                                \
		va_list arguments;                                                       \
		va_start(arguments, flags);                                              \
		mode_t permissions = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;    \
		va_end(arguments);                                                       \
		return CHANGES(flags) && hit("open", path, true, false) ? -1 : REAL(name)(folder, path, flags, permissions); \
	}
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
