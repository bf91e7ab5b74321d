#include "server.h"

#include "answer.h"
#include "base/instant.h"
#include "clock.h"
#include "fault.h"
#include "service.h"
#include "wake.h"
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_BODY_LIMIT ((size_t)1 << 20)
#define JOURNAL_LIMIT ((size_t)256 << 20)

struct exchange {
	char *url;
	struct buffer body;
	int64_t began_at;
	uint64_t number;
	struct fault_choice fault;
	enum { EXCHANGE_NEW, EXCHANGE_READING, EXCHANGE_WAITED } state;
};

static struct MHD_Daemon *daemon_;
static struct server_settings settings;
static uint64_t request_count, connection_count;
static struct buffer journal = BUFFER_INIT;
static int log_descriptor = -1;

static bool is_control(const char *url)
{
	return strncmp(url, "/_simulator/", 12) == 0;
}

/* method, url, status, time and connection; never a token, which is in headers and bodies only. */
static void write_journal(
	struct MHD_Connection *connection, const struct exchange *exchange, const char *method, unsigned status, size_t length)
{
	char at[INSTANT_LENGTH + 1] = "";
	const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	instant_format(instant_of_clock(), at);
	jv line = JV_OBJECT(jv_string("number"), jv_number((double)exchange->number), jv_string("at"), jv_string(at), jv_string("method"),
		jv_string(method), jv_string("url"), jv_string(exchange->url), jv_string("host"), jv_string(host ? host : ""),
		jv_string("status"), jv_number(status), jv_string("ms"), jv_number((double)(clock_monotonic() - exchange->began_at)),
		jv_string("connection"), jv_number(info ? (double)(uintptr_t)info->socket_context : 0), jv_string("body_length"),
		jv_number((double)length));
	if (exchange->fault.kind)
		line = jv_object_set(line, jv_string("fault"), jv_string(fault_name(exchange->fault.kind)));
	jv text = jv_dump_string(line, 0);
	size_t start = journal.length;
	buffer_append_format(&journal, "%s\n", jv_string_value(text));
	jv_free(text);
	if (log_descriptor >= 0 && write(log_descriptor, journal.data + start, journal.length - start) < 0)
		log_descriptor = -1;
	if (journal.length > JOURNAL_LIMIT)
		buffer_reset(&journal);
}

static void control(const char *method, const char *path, const char *body, struct answer *answer)
{
	struct error error = ERROR_INIT;
	int64_t instant = INSTANT_NONE;
	size_t length = strcspn(body, "\r\n");
	char now[INSTANT_LENGTH + 1] = "";
	answer->content_type = "text/plain; charset=utf-8";
	if (strcmp(path, "/_simulator/now") == 0 && strcmp(method, "PUT") == 0) {
		if (strncmp(body, "real", length) != 0 && instant_parse(body, length, &instant) < 0) {
			answer->status = 400;
			buffer_append_string(&answer->body, "not a time such as 2026-03-01T02:00:00Z\n");
			return;
		}
		clock_set(instant);
		answer->status = 204;
	} else if (strcmp(path, "/_simulator/fault") == 0 && strcmp(method, "PUT") == 0) {
		answer->status = fault_replace(body, &error) < 0 ? 400 : 204;
		if (answer->status == 400)
			buffer_append_format(&answer->body, "%s\n", error.text);
	} else if (strcmp(path, "/_simulator/requests") == 0 && strcmp(method, "GET") == 0) {
		answer->content_type = "application/x-ndjson";
		buffer_append(&answer->body, journal.data, journal.length);
	} else if (strcmp(path, "/_simulator/requests") == 0 && strcmp(method, "DELETE") == 0) {
		buffer_reset(&journal);
		answer->status = 204;
	} else if (strcmp(path, "/_simulator/statistics") == 0 && strcmp(method, "GET") == 0) {
		answer->content_type = "application/json";
		instant_format(clock_now(), now);
		buffer_append_format(&answer->body, "{\"requests\":%llu,\"connections\":%llu,\"now\":\"%s\"}\n",
			(unsigned long long)request_count, (unsigned long long)connection_count, now);
	} else {
		answer->status = 404;
		buffer_append_string(&answer->body, "no such control\n");
	}
}

/* A reset, not an end, so what the client expects is lost at once: Linux sends one when a socket is connected to nowhere. */
static enum MHD_Result reset_connection(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (info)
		connect(info->connect_fd, &(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(struct sockaddr));
	return MHD_NO;
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, struct exchange *exchange, struct answer *answer)
{
	const char *accepted = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept-Encoding");
	char date[40];
	clock_http_date(clock_service(), date, sizeof date);
	answer_header(answer, "Date", "%s", date);
	struct MHD_Response *response = wire_response(connection, answer, &exchange->fault, accepted && strstr(accepted, "gzip"));
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type", answer->content_type);
	for (int i = 0; i < answer->header_count; i++)
		MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
	enum MHD_Result result = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result respond(struct MHD_Connection *connection, struct exchange *exchange, const char *method, const char *path)
{
	struct answer answer = ANSWER_INIT;
	const char *authorization = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
	const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
	struct request request = {
		method, path, exchange->url, authorization ? authorization : "", host ? host : "", exchange->body.data, connection};
	enum MHD_Result result = MHD_NO;
	if (is_control(exchange->url)) {
		control(method, path, exchange->body.data, &answer);
		result = send_answer(connection, exchange, &answer);
	} else if (exchange->fault.kind == FAULT_RESET) {
		write_journal(connection, exchange, method, 0, 0);
		result = reset_connection(connection);
	} else {
		service_answer(&request, &exchange->fault, &answer);
		write_journal(connection, exchange, method, answer.status, answer.body.length);
		result = send_answer(connection, exchange, &answer);
	}
	answer_release(&answer);
	return result;
}

/* How long this request's answer is held back. Numbers the request and draws its fault. */
static int64_t prepare(struct MHD_Connection *connection, struct exchange *exchange, const char *method, const char *path)
{
	const char *authorization = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
	struct request request = {method, path, exchange->url, authorization ? authorization : "", "", "", connection};
	if (is_control(exchange->url))
		return 0;
	exchange->number = ++request_count;
	exchange->fault = fault_choose(&request, exchange->number);
	return settings.latency + (exchange->fault.kind == FAULT_SLOW ? exchange->fault.value : 0);
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path, const char *method, const char *version,
	const char *upload, size_t *upload_size, void **exchange_context)
{
	struct exchange *exchange = *exchange_context;
	(void)context;
	(void)version;
	if (!exchange)
		return MHD_NO;
	switch (exchange->state) {
	case EXCHANGE_NEW:
		exchange->state = EXCHANGE_READING;
		return MHD_YES;
	case EXCHANGE_READING:
		if (*upload_size) {
			if (exchange->body.length + *upload_size > REQUEST_BODY_LIMIT)
				return MHD_NO;
			buffer_append(&exchange->body, upload, *upload_size);
			*upload_size = 0;
			return MHD_YES;
		}
		exchange->state = EXCHANGE_WAITED;
		int64_t wait = prepare(connection, exchange, method, path);
		if (wait > 0 && wake_after(connection, wait) == 0)
			return MHD_YES;
		return respond(connection, exchange, method, path);
	default:
		return respond(connection, exchange, method, path);
	}
}

static void *begin_exchange(void *context, const char *url, struct MHD_Connection *connection)
{
	struct exchange *exchange = calloc(1, sizeof *exchange);
	(void)context;
	(void)connection;
	if (!exchange)
		return NULL;
	exchange->url = strdup(url);
	exchange->body = (struct buffer)BUFFER_INIT;
	exchange->began_at = clock_monotonic();
	if (exchange->url)
		return exchange;
	free(exchange);
	return NULL;
}

static void end_exchange(void *context, struct MHD_Connection *connection, void **exchange_context, enum MHD_RequestTerminationCode reason)
{
	struct exchange *exchange = *exchange_context;
	(void)context;
	(void)connection;
	(void)reason;
	if (!exchange)
		return;
	free(exchange->url);
	buffer_release(&exchange->body);
	free(exchange);
	*exchange_context = NULL;
}

static void count_connection(
	void *context, struct MHD_Connection *connection, void **socket_context, enum MHD_ConnectionNotificationCode code)
{
	(void)context;
	(void)connection;
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*socket_context = (void *)(uintptr_t)++connection_count;
}

int server_start(const struct server_settings *given, struct error *error)
{
	settings = *given;
	if (settings.log_file) {
		log_descriptor = open(settings.log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
		if (log_descriptor < 0)
			return error_set_errno(error, EX_CANTCREAT, "cannot write '%s'", settings.log_file);
	}
	if (wake_begin() < 0)
		return error_set_errno(error, EX_OSERR, "cannot start a thread");
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)settings.port)};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)settings.certificate},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)settings.key},
		{MHD_OPTION_HTTPS_PRIORITIES, 0, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
		{MHD_OPTION_END, 0, NULL},
	};
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_SUPPRESS_DATE_NO_CLOCK |
		(settings.certificate ? MHD_USE_TLS : 0);
	daemon_ = MHD_start_daemon(flags, 0, NULL, NULL, handle, NULL, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_CONNECTION_LIMIT, 2000u,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)65536, MHD_OPTION_URI_LOG_CALLBACK, begin_exchange, NULL,
		MHD_OPTION_NOTIFY_COMPLETED, end_exchange, NULL, MHD_OPTION_NOTIFY_CONNECTION, count_connection, NULL,
		settings.certificate ? MHD_OPTION_ARRAY : MHD_OPTION_END, tls, MHD_OPTION_END);
	if (!daemon_)
		return error_set_errno(error, EX_UNAVAILABLE, "cannot listen on 127.0.0.1:%d", settings.port);
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_BIND_PORT);
	return info && info->port ? info->port : settings.port;
}

void server_stop(void)
{
	wake_end();
	if (daemon_)
		MHD_stop_daemon(daemon_);
	buffer_release(&journal);
	if (log_descriptor >= 0)
		close(log_descriptor);
}
