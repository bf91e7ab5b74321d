#include "wake.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

/* A list by time: most wait equally long, so the place of a new one is nearly always the end. */
struct sleeper {
	struct sleeper *next, *previous;
	struct MHD_Connection *connection;
	struct timespec due;
};

static struct sleeper list = {.next = &list, .previous = &list};
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static pthread_t thread;
static bool is_running;

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

static void resume_first(void)
{
	struct sleeper *first = list.next;
	list.next = first->next;
	first->next->previous = &list;
	MHD_resume_connection(first->connection);
	free(first);
}

static void *run(void *context)
{
	(void)context;
	pthread_mutex_lock(&mutex);
	while (is_running) {
		struct timespec now;
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (list.next == &list)
			pthread_cond_wait(&changed, &mutex);
		else if (is_before(&now, &list.next->due))
			pthread_cond_timedwait(&changed, &mutex, &(struct timespec){list.next->due.tv_sec, list.next->due.tv_nsec});
		else
			resume_first();
	}
	while (list.next != &list)
		resume_first();
	pthread_mutex_unlock(&mutex);
	return NULL;
}

int wake_begin(void)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&changed, &attributes);
	pthread_condattr_destroy(&attributes);
	is_running = true;
	if (pthread_create(&thread, NULL, run, NULL) == 0)
		return 0;
	is_running = false;
	return -1;
}

int wake_after(struct MHD_Connection *connection, int64_t milliseconds)
{
	struct sleeper *sleeper = malloc(sizeof *sleeper);
	if (!sleeper)
		return -1;
	sleeper->connection = connection;
	clock_gettime(CLOCK_MONOTONIC, &sleeper->due);
	sleeper->due.tv_sec += milliseconds / 1000;
	sleeper->due.tv_nsec += milliseconds % 1000 * 1000000;
	if (sleeper->due.tv_nsec >= 1000000000) {
		sleeper->due.tv_sec++;
		sleeper->due.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&mutex);
	if (!is_running) {
		pthread_mutex_unlock(&mutex);
		free(sleeper);
		return -1;
	}
	struct sleeper *before = list.previous;
	while (before != &list && is_before(&sleeper->due, &before->due))
		before = before->previous;
	sleeper->previous = before;
	sleeper->next = before->next;
	before->next->previous = sleeper;
	before->next = sleeper;
	MHD_suspend_connection(connection);
	if (before == &list)
		pthread_cond_signal(&changed);
	pthread_mutex_unlock(&mutex);
	return 0;
}

void wake_end(void)
{
	pthread_mutex_lock(&mutex);
	bool was_running = is_running;
	is_running = false;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&mutex);
	if (was_running)
		pthread_join(thread, NULL);
}
