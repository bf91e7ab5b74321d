/*
 * proxy: a CONNECT proxy on this machine, for tests.
 *
 * Listens on 127.0.0.1, writes its port to --port-file and serves until it is killed. Whatever host a client wants to be connected with,
 * it gets --to on this machine, so that a name such as api.docusign.test leads to the simulator. Logs a line for each request: the host
 * and port that it names, and the status that it got.
 */
#include "base/error.h"
#include "io/diag.h"
#include "io/options.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char *port_file, *log_file, *user;
static int target, refuse, hang;
static char wanted[1024]; /* the Proxy-Authorization line that is let through */

static struct poptOption table[] = {
	{"port-file", 0, POPT_ARG_STRING, &port_file, 0, "write the port there, once ready", "FILE"},
	{"to", 0, POPT_ARG_INT, &target, 0, "connect everybody with this port of 127.0.0.1", "PORT"},
	{"user", 0, POPT_ARG_STRING, &user, 0, "want this name and password, else answer 407", "NAME:PASSWORD"},
	{"refuse", 0, POPT_ARG_INT, &refuse, 0, "answer this status to everybody", "STATUS"},
	{"hang", 0, POPT_ARG_NONE, &hang, 0, "accept connections and answer nothing", NULL},
	{"log", 0, POPT_ARG_STRING, &log_file, 0, "append a line for each request", "FILE"},
	POPT_TABLEEND,
};

static const struct options_manual manual = {
	.program = "proxy",
	.operands = "",
	.reads_no_input = true,
	.summary = "Connects clients of HTTP CONNECT with one port of this machine.",
	.description = "  proxy --to 8443 --user sam:secret --port-file proxy-port\n",
};

static int connect_target(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)target)};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0)
		return descriptor;
	close(descriptor);
	return -1;
}

/* Copies what comes from either to the other until one of them ends. */
static void relay(int client, int server)
{
	struct pollfd ends[2] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
	char bytes[16384];
	while (poll(ends, 2, -1) > 0) {
		for (int i = 0; i < 2; i++) {
			if (!ends[i].revents)
				continue;
			ssize_t count = read(ends[i].fd, bytes, sizeof bytes);
			if (count <= 0 || send(ends[1 - i].fd, bytes, (size_t)count, MSG_NOSIGNAL) != count)
				return;
		}
	}
}

/* The head of a request, up to its empty line. False when it does not come. */
static bool read_head(int client, char *head, size_t size)
{
	size_t length = 0;
	while (length < size - 1 && read(client, head + length, 1) == 1) {
		head[++length] = 0;
		if (length >= 4 && strcmp(head + length - 4, "\r\n\r\n") == 0)
			return true;
	}
	return false;
}

static int answer(int client, const char *head)
{
	char text[200], host[200] = "";
	sscanf(head, "CONNECT %199s", host);
	int status = refuse ? refuse : !*host ? 405 : *wanted && !strcasestr(head, wanted) ? 407 : 200;
	int server = status == 200 ? connect_target() : -1;
	if (status == 200 && server < 0)
		status = 502;
	int log = log_file ? open(log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
	if (log >= 0) {
		dprintf(log, "%s %d\n", host, status);
		close(log);
	}
	snprintf(text, sizeof text, "HTTP/1.1 %d x\r\n%s%s\r\n", status, status == 407 ? "Proxy-Authenticate: Basic realm=\"x\"\r\n" : "",
		status == 200 ? "" : "Content-Length: 0\r\n");
	if (send(client, text, strlen(text), MSG_NOSIGNAL) < 0)
		perror("proxy");
	return server;
}

static void *serve(void *context)
{
	int client = (int)(intptr_t)context, server = -1;
	char head[8192] = "";
	if (read_head(client, head, sizeof head)) {
		if (hang)
			pause();
		server = answer(client, head);
	}
	if (server >= 0) {
		relay(client, server);
		close(server);
	}
	close(client);
	return NULL;
}

static int listen_anywhere(struct error *error)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof address;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listening, (struct sockaddr *)&address, sizeof address) < 0 || listen(listening, 100) < 0 ||
		getsockname(listening, (struct sockaddr *)&address, &length) < 0)
		return error_set_errno(error, EX_UNAVAILABLE, "cannot listen on 127.0.0.1");
	char temporary[4096];
	snprintf(temporary, sizeof temporary, "%s.new", port_file);
	FILE *file = fopen(temporary, "we");
	if (!file || fprintf(file, "%d\n", ntohs(address.sin_port)) < 0 || fclose(file) != 0 || rename(temporary, port_file) < 0)
		return error_set_errno(error, EX_CANTCREAT, "cannot write '%s'", port_file);
	return listening;
}

int main(int argc, char **argv)
{
	struct error error = ERROR_INIT;
	pthread_t thread;
	options_parse(argc, (const char **)argv, table, &manual);
	if (!port_file)
		options_refuse("cannot serve: --port-file FILE is needed");
	if (user) {
		unsigned char encoded[800];
		EVP_EncodeBlock(encoded, (const unsigned char *)user, (int)strnlen(user, 500));
		snprintf(wanted, sizeof wanted, "\r\nProxy-Authorization: Basic %s\r\n", (const char *)encoded);
	}
	int listening = listen_anywhere(&error);
	while (!error.status) {
		int client = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
		if (client >= 0 && pthread_create(&thread, NULL, serve, (void *)(intptr_t)client) == 0)
			pthread_detach(thread);
	}
	diag_error(&error);
	return error.status;
}
