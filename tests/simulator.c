/*
 * simulator: Docusign on this machine, for tests and for trying envtally by hand.
 *
 * Reads --serve DIR (see simulator/world.h); listens on 127.0.0.1 with TLS under an authority made for this run; prints
 * "listening on https://127.0.0.1:PORT" and serves until SIGTERM or SIGINT, then exits 0. Other exits: sysexits.
 * simulator/service.c has the addresses, simulator/fault.h what can go wrong, simulator/server.h the tests' own controls.
 */
#include "base/instant.h"
#include "io/diag.h"
#include "io/options.h"
#include "simulator/certificate.h"
#include "simulator/clock.h"
#include "simulator/fault.h"
#include "simulator/feed.h"
#include "simulator/limit.h"
#include "simulator/profile_writer.h"
#include "simulator/server.h"
#include "simulator/service.h"
#include "simulator/token.h"
#include "simulator/world.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *serve, *port_file, *write_profile, *key_file, *ca_file, *log_file, *user, *assertion_file, **fault_specs, **public_keys,
	**no_consent;
static int port, plain_http, use_tls, two_hosts, latency, page_size = 100, token_seconds = 3600, made_accounts, clock_offset, seed = 1;
static struct limit_settings limits = {-1, -1, 3600, 30, 0};

static struct poptOption table[] = {
	{"serve", 0, POPT_ARG_STRING, &serve, 0, "the organisation to serve, such as fixtures/acme", "DIR"},
	{"accounts", 0, POPT_ARG_INT, &made_accounts, 0, "serve this many made-up accounts with one envelope each instead", "N"},
	{"port", 0, POPT_ARG_INT, &port, 0, "where to listen (default: 0, any that is free)", "N"},
	{"port-file", 0, POPT_ARG_STRING, &port_file, 0, "write the port there, once ready", "FILE"},
	{"tls", 0, POPT_ARG_NONE, &use_tls, 0, "HTTPS (the default)", NULL},
	{"two-hosts", 0, POPT_ARG_NONE, &two_hosts, 0, "eSignature at https://localhost, all else at 127.0.0.1", NULL},
	{"http", 0, POPT_ARG_NONE, &plain_http, 0, "HTTP without TLS", NULL},
	{"ca-file", 0, POPT_ARG_STRING, &ca_file, 0, "write the certificate authority there, PEM", "FILE"},
	{"write-profile", 0, POPT_ARG_STRING, &write_profile, 0, "write a profile, its key and the authority to DIR/profiles", "DIR"},
	{"key", 0, POPT_ARG_STRING, &key_file, 0, "let that profile sign with this private key, PEM, instead of a new one", "FILE"},
	{"user", 0, POPT_ARG_STRING, &user, 0, "let that profile impersonate this user, as eSignature needs", "UUID"},
	{"public-key", 0, POPT_ARG_ARGV, &public_keys, 0, "register this RSA public key, PEM; may be repeated", "FILE"},
	{"keep-assertions", 0, POPT_ARG_STRING, &assertion_file, 0, "append each JWT that asks for a token there", "FILE"},
	{"no-consent", 0, POPT_ARG_ARGV, &no_consent, 0, "a scope or user id without consent; may be repeated", "WORD"},
	{"fault", 0, POPT_ARG_ARGV, &fault_specs, 0, "something that goes wrong, see below; may be repeated", "SPEC"},
	{"seed", 0, POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &seed, 0, "of chance, and of cursors", "N"},
	{"latency", 0, POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &latency, 0, "hold back every answer so long", "MS"},
	{"page-size", 0, POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &page_size, 0, "the most records of one answer", "N"},
	{"rate-limit", 0, POPT_ARG_INT, &limits.hourly, 0, "requests an hour (default: 3000; with --accounts: 0, no limit)", "N"},
	{"rate-window", 0, POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &limits.hourly_seconds, 0, "how long that hour is", "SECONDS"},
	{"burst-limit", 0, POPT_ARG_INT, &limits.burst, 0, "requests in a burst (default: 500; with --accounts: 0)", "N"},
	{"burst-window", 0, POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &limits.burst_seconds, 0, "how long a burst is", "SECONDS"},
	{"limit-per-account", 0, POPT_ARG_NONE, &limits.per_account, 0, "each account has these limits of its own", NULL},
	{"token-seconds", 0, POPT_ARG_INT | POPT_ARGFLAG_SHOW_DEFAULT, &token_seconds, 0, "how long a token is good", "N"},
	{"clock-offset", 0, POPT_ARG_INT, &clock_offset, 0, "how far the service's own clock is ahead", "SECONDS"},
	{"log", 0, POPT_ARG_STRING, &log_file, 0, "append a line for each request: JSON, without tokens", "FILE"},
	POPT_TABLEEND,
};

static const struct options_manual manual = {
	.program = "simulator",
	.operands = "",
	.summary = "Serves a recorded organisation as Docusign would: token service, Admin API, data feed, eSignature list.",
	.description = "A fault is KIND[=VALUE][:AMOUNT][@SUBSTRING]: AMOUNT with a point is a share of the requests, without one\n"
		       "a count; SUBSTRING limits it to URLs that contain it. Kinds:\n"
		       "  slow[=MS] stall[=MS] cut reset 408 429[=SECONDS] 500 503 retry-after-date wrong-type invalid-utf8\n"
		       "  giant[=BYTES] giant-gzip[=BYTES] giant-record[=BYTES] lone-surrogate no-date drip[=MS] error-200\n"
		       "  expired-token refuse-account=ID unknown-cursor cursor-loop empty-pages shrink[=N]\n"
		       "  hourly-400 burst-400 far-reset[=SECONDS] consent-required token-error[=STATUS] quoted-expiry mix\n"
		       "mix:0.33 fails a third of all requests in ways that a client recovers from, none more than three times "
		       "running.\n"
		       "\n"
		       "While it runs: PUT /_simulator/now, PUT /_simulator/fault, GET or DELETE /_simulator/requests,\n"
		       "GET /_simulator/statistics.\n"
		       "\n"
		       "  simulator --serve fixtures/acme --write-profile demo --now 2025-04-01T02:00:00Z\n",
};

static bool clock_is_given(int argc, const char **argv)
{
	const char *environment = getenv("ENVTALLY_NOW");
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--now") == 0 || strncmp(argv[i], "--now=", 6) == 0)
			return true;
	return environment && *environment;
}

static void check_options(void)
{
	if (!serve == !made_accounts)
		options_refuse("cannot serve: either --serve DIR or --accounts N is needed");
	if (plain_http && use_tls)
		options_refuse("cannot use both --http and --tls");
	if (port < 0 || port > 65535 || made_accounts < 0 || made_accounts > 10000000)
		options_refuse("cannot use a port or number of accounts that is out of range");
	if (page_size < 1 || token_seconds < 1 || limits.hourly_seconds < 1 || limits.burst_seconds < 1 || latency < 0)
		options_refuse("cannot use a page size, time or window below one");
	if (limits.hourly < 0)
		limits.hourly = made_accounts ? 0 : 3000;
	if (limits.burst < 0)
		limits.burst = made_accounts ? 0 : 500;
}

static int register_keys(struct error *error)
{
	for (char **file = public_keys; file && *file; file++) {
		struct buffer pem = BUFFER_INIT;
		int status = buffer_append_file(&pem, *file, 1 << 20, error);
		if (status == 0 && token_register_key(pem.data, pem.length, error) < 0)
			status = error_prefix(error, "%s", *file);
		buffer_release(&pem);
		if (status < 0)
			return -1;
	}
	return 0;
}

static int add_faults(struct error *error)
{
	fault_set_seed((uint64_t)seed);
	for (char **spec = fault_specs; spec && *spec; spec++)
		if (fault_add(*spec, error) < 0)
			return -1;
	return 0;
}

/* Under another name first, so that who waits for the file never sees half a number. */
static int write_port_file(int listening, struct error *error)
{
	char temporary[4096];
	if (!port_file)
		return 0;
	snprintf(temporary, sizeof temporary, "%s.new", port_file);
	FILE *file = fopen(temporary, "we");
	if (!file || fprintf(file, "%d\n", listening) < 0 || fclose(file) != 0 || rename(temporary, port_file) < 0)
		return error_set_errno(error, EX_CANTCREAT, "cannot write '%s'", port_file);
	return 0;
}

static int serve_until_signal(const struct world *world, const struct profile_writer *writer, const sigset_t *signals,
	const struct server_settings *settings, struct error *error)
{
	char base[64], other[64];
	int signal_number;
	int listening = server_start(settings, error);
	if (listening < 0)
		return -1;
	snprintf(base, sizeof base, "%s://127.0.0.1:%d", plain_http ? "http" : "https", listening);
	snprintf(other, sizeof other, "%s://localhost:%d", plain_http ? "http" : "https", listening);
	service_set(world, base, other, two_hosts);
	token_set(&(struct token_settings){
		writer->integration_key, writer->key_pair_id, no_consent, assertion_file, listening, token_seconds});
	if ((write_profile && profile_writer_write(writer, world, write_profile, base, error) < 0) || write_port_file(listening, error) < 0)
		return -1;
	printf("listening on %s\n", base);
	fflush(stdout);
	sigwait(signals, &signal_number);
	return 0;
}

int main(int argc, char **argv)
{
	struct error error = ERROR_INIT;
	struct world world = {0};
	struct profile_writer writer = PROFILE_WRITER_INIT;
	struct buffer server = BUFFER_INIT, server_key = BUFFER_INIT;
	sigset_t signals;
	options_parse(argc, (const char **)argv, table, &manual);
	check_options();
	/* Blocked here, so that no thread takes them but sigwait. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (clock_is_given(argc, (const char **)argv))
		clock_set(options_now());
	clock_set_offset((int64_t)clock_offset * 1000);
	writer.key_file = key_file;
	writer.user_id = user;
	limit_set(&limits);
	feed_set(&(struct feed_settings){(unsigned)page_size, (uint64_t)seed});
	if ((serve ? world_load(&world, serve, &error) : world_make(&world, (unsigned)made_accounts, clock_now(), &error)) < 0 ||
		add_faults(&error) < 0 || register_keys(&error) < 0 ||
		certificate_make(&writer.authority, &server, &server_key, &error) < 0 ||
		profile_writer_begin(&writer, &world, write_profile, &error) < 0 ||
		(ca_file && profile_writer_write_file(ca_file, &writer.authority, 0644, &error) < 0))
		goto out;
	struct server_settings settings = {port, latency, plain_http ? NULL : server.data, plain_http ? NULL : server_key.data, log_file};
	serve_until_signal(&world, &writer, &signals, &settings, &error);
	server_stop();
out:
	if (error.status)
		diag_error(&error);
	token_release();
	profile_writer_release(&writer);
	buffer_release(&server);
	buffer_release_secret(&server_key);
	world_release(&world);
	return error.status;
}
