/*
 * forecast-bench: the error of the forecast on held-out days of nine kinds of series (forecast-kinds.h), beside that of other methods.
 *
 *   forecast-bench [--tuning] [--series N] [--cases | --peers FILE] FOLDER      FOLDER has activity-a.txt.gz and activity-b.txt.gz
 *
 * Of each series 742 days are known up to an origin, and 28, 91 and 182 days after it are held out; origins roll by 91 days, twice. Naive is the
 * use of the year so far, by day, times the days left. --cases prints what is known, a case a line, for forecast-peers.R; --peers reads
 * what that printed, and each of its methods is compared on the cases that it has.
 *
 * MAPE: the mean of |expected − came| / came in percent, with its standard error; by volume: Σ |expected − came| / Σ came; bias: Σ (expected − came) / Σ came;
 * held: how often the range of 80% had what came, for each horizon, and of all with its standard error; score: the interval's (Gneiting and Raftery 2007) by what came; run out: the mean error, in
 * days, of the day on which half of what comes in 182 days is used up. Cases in which nothing came are left out.
 */
#include "forecast-kinds.h"

#include "forecast/forecast.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define HISTORY 742
#define ORIGINS 2
#define ROLL 91
#define HORIZONS 3
#define CORRELATION 0.8 /* of two groups of accounts: expected_use.h */
#define SEED 2026
#define TUNING_SEED 77

static const int horizons[HORIZONS] = {28, 91, 182};

struct tally {
	double relative, relative_squares, absolute, came, bias, score, run_out;
	double held_squares; /* of each series' share */
	size_t count, held[HORIZONS], counts[HORIZONS], run_outs, series, series_held, series_count;
};

struct estimate {
	double expected, low, high;
};

static struct daily_series series;
static bool is_tuning, print_cases;
static size_t wanted = 100;
static FILE *peers;

static double sum_of(const int64_t units[], int from, int to)
{
	double sum = 0;
	for (int day = from; day < to; day++)
		sum += (double)units[day];
	return sum;
}

static void add(struct tally *tally, int horizon, const struct estimate *estimate, double came)
{
	double relative = fabs(estimate->expected - came) / came;
	tally->relative += relative;
	tally->relative_squares += relative * relative;
	tally->absolute += fabs(estimate->expected - came);
	tally->came += came;
	tally->bias += estimate->expected - came;
	double outside = came < estimate->low ? estimate->low - came : came > estimate->high ? came - estimate->high : 0;
	tally->score += (estimate->high - estimate->low + 10 * outside) / came;
	bool is_held = floor(estimate->low + 0.5) <= came && came <= floor(estimate->high + 0.5);
	tally->held[horizon] += is_held;
	tally->series_held += is_held;
	tally->series_count++;
	tally->counts[horizon]++;
	tally->count++;
}

/* Horizons and origins of one series miss together: the standard error of what was held is that of series. */
static void end_series(struct tally *tally)
{
	double share = tally->series_count ? (double)tally->series_held / (double)tally->series_count : 0;
	tally->held_squares += share * share;
	tally->series += tally->series_count > 0;
	tally->series_held = tally->series_count = 0;
}

static int compute(const int64_t units[], int end, int ahead, struct forecast_day days[])
{
	const struct forecast_series known = {units + end - HISTORY, HISTORY, end - HISTORY};
	struct forecast_facts facts;
	return forecast_compute(&known, days, (size_t)ahead, &facts, NULL);
}

/* Of the days from `end`, the first that some account lacks, cumulative: each group from its own last day. */
static int forecast(int end, int origin, struct forecast_day days[])
{
	static struct forecast_day late[FORECAST_DAYS];
	static int64_t fed[SERIES_DAYS];
	int ahead = horizons[HORIZONS - 1], lag = origin - end;
	if (!lag)
		return compute(series.units, origin, ahead, days);
	for (int day = 0; day < SERIES_DAYS; day++)
		fed[day] = series.units[day] - series.late[day];
	if (compute(fed, origin, ahead, days + lag) < 0 || compute(series.late, end, lag + ahead, late) < 0)
		return -1;
	double counted = sum_of(fed, end, origin);
	for (int i = 0; i < lag + ahead; i++) {
		struct forecast_day other = i < lag ? (struct forecast_day){0, 0, 0} : days[i], day = late[i];
		double down[] = {other.expected - other.low, day.expected - day.low},
		       up[] = {other.high - other.expected, day.high - day.expected};
		double expected = (i < lag ? sum_of(fed, end, end + i + 1) : counted) + other.expected + day.expected;
		days[i] = (struct forecast_day){expected,
			expected - sqrt(down[0] * down[0] + down[1] * down[1] + 2 * CORRELATION * down[0] * down[1]),
			expected + sqrt(up[0] * up[0] + up[1] * up[1] + 2 * CORRELATION * up[0] * up[1])};
	}
	return 0;
}

/* The day on which half of what came is used up, by the forecast, against that by what came. */
static void add_run_out(struct tally *tally, const struct forecast_day days[], int end, int ahead)
{
	double rights = sum_of(series.units, end, end + ahead) / 2, used = 0;
	int expected = 0, came = 0;
	while (expected < ahead && days[expected].expected <= rights)
		expected++;
	while (came < ahead && (used += (double)series.units[end + came]) <= rights)
		came++;
	tally->run_out += abs(expected - came);
	tally->run_outs++;
}

static void print_case(enum kind kind, size_t id, int end, int origin)
{
	printf("%d %zu %d %d %d", kind, id, origin, origin - end, HISTORY);
	for (int day = end - HISTORY; day < end; day++)
		printf(" %lld", (long long)series.units[day]);
	for (int i = 0; i < HORIZONS; i++)
		printf(" %.0f", sum_of(series.units, end, origin + horizons[i]));
	putchar('\n');
}

static void try(enum kind kind, size_t id, struct tally *ours, struct tally *naive)
{
	static struct forecast_day days[FORECAST_DAYS];
	for (int roll = 0; roll < ORIGINS; roll++) {
		int origin = series.origin + roll * ROLL, end = origin - (kind == KIND_LATE_FEED ? KIND_LATE_DAYS : 0);
		if (print_cases) {
			print_case(kind, id, end, origin);
			continue;
		}
		if (forecast(end, origin, days) < 0)
			exit(71);
		for (int i = 0; i < HORIZONS; i++) {
			int ahead = origin - end + horizons[i], elapsed = 365 - ahead;
			double came = sum_of(series.units, end, end + ahead), rate = sum_of(series.units, end - elapsed, end) / elapsed;
			if (came < 1)
				continue;
			add(ours, i, &(struct estimate){days[ahead - 1].expected, days[ahead - 1].low, days[ahead - 1].high}, came);
			add(naive, i, &(struct estimate){rate * ahead, rate * ahead, rate * ahead}, came);
			if (i == HORIZONS - 1)
				add_run_out(ours, days, end, ahead);
		}
	}
	end_series(ours);
	end_series(naive);
}

static void print(const char *kind, const char *method, const struct tally *tally)
{
	double n = (double)tally->count, mean = tally->relative / n;
	printf("%-13s %-9s %6.1f ±%4.1f %9.1f %7.1f  ", kind, method, 100 * mean,
		100 * sqrt((tally->relative_squares / n - mean * mean) / n), 100 * tally->absolute / tally->came,
		100 * tally->bias / tally->came);
	double held = 0;
	for (int i = 0; i < HORIZONS; i++) {
		held += (double)tally->held[i] / n;
		printf(" %3.0f%%", 100.0 * (double)tally->held[i] / (double)tally->counts[i]);
	}
	printf("  %4.0f%% ±%3.1f", 100 * held,
		100 * sqrt(fmax(0, tally->held_squares / (double)tally->series - held * held) / (double)tally->series));
	printf(" %7.2f", tally->score / n);
	if (tally->run_outs)
		printf(" %8.1f", tally->run_out / (double)tally->run_outs);
	printf("  (%zu)\n", tally->count);
}

/* The next series of public activity; false at the end. */
static bool read_activity(gzFile file)
{
	static char line[SERIES_DAYS * 12];
	if (!gzgets(file, line, sizeof line))
		return false;
	char *at = line;
	strtol(at, &at, 10);
	strtol(at, &at, 10);
	series.origin = (int)strtol(at, &at, 10);
	for (int i = 0; i < 3; i++)
		strtod(at, &at);
	for (int day = 0; day < SERIES_DAYS; day++)
		series.units[day] = strtoll(at, &at, 10);
	return true;
}

static void activity_of(enum kind kind, const char *folder, struct tally *ours, struct tally *naive)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/activity-%c.txt.gz", folder, kind == KIND_ACTIVITY_A ? 'a' : 'b');
	gzFile file = gzopen(path, "r");
	if (!file) {
		fprintf(stderr, "forecast-bench: cannot open '%s'\n", path);
		exit(66);
	}
	for (size_t line = 0; read_activity(file); line++)
		if ((line % 2 == 0) == is_tuning && line / 2 < wanted)
			try(kind, line, ours, naive);
	gzclose(file);
}

static void generated(enum kind kind, struct tally *ours, struct tally *naive)
{
	kind_seed(kind, is_tuning ? TUNING_SEED : SEED);
	for (size_t i = 0; i < wanted; i++) {
		kind_draw(kind, &series);
		try(kind, i, ours, naive);
	}
}

/* A method's errors, of the cases that the file has: "KIND ID ORIGIN METHOD COMES expected low high …", three times. */
static void print_peers(enum kind kind)
{
	char method[32], last[32] = "";
	struct tally tally = {.count = 0};
	int of_kind, id, origin;
	double v[4 * HORIZONS];
	rewind(peers);
	while (fscanf(peers, "%d %d %d %31s", &of_kind, &id, &origin, method) == 4) {
		for (int i = 0; i < 4 * HORIZONS; i++)
			if (fscanf(peers, "%lf", &v[i]) != 1)
				return;
		if (of_kind != (int)kind)
			continue;
		if (strcmp(method, last) != 0 && tally.count)
			print(kind_names[kind], last, &tally);
		if (strcmp(method, last) != 0)
			tally = (struct tally){.count = 0};
		strcpy(last, method);
		for (int i = 0; i < HORIZONS; i++)
			if (v[4 * i] >= 1)
				add(&tally, i, &(struct estimate){v[4 * i + 1], v[4 * i + 2], v[4 * i + 3]}, v[4 * i]);
		end_series(&tally);
	}
	if (tally.count)
		print(kind_names[kind], last, &tally);
}

int main(int argc, char **argv)
{
	const char *folder = argv[argc - 1];
	for (int i = 1; i + 1 < argc; i++) {
		is_tuning |= strcmp(argv[i], "--tuning") == 0;
		print_cases |= strcmp(argv[i], "--cases") == 0;
		if (strcmp(argv[i], "--series") == 0)
			wanted = strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--peers") == 0 && !(peers = fopen(argv[++i], "r")))
			return 66;
	}
	if (argc < 2)
		return 64;
	if (!print_cases)
		printf("%-13s %-9s %12s %9s %7s   %s   %s %7s %8s\n", "kind", "method", "MAPE", "by volume", "bias", "held: 28 91 182",
			"all of them", "score", "run out");
	for (enum kind kind = 0; kind < KINDS; kind++) {
		struct tally ours = {.count = 0}, naive = {.count = 0};
		if (kind < KIND_ACTIVITY_A)
			generated(kind, &ours, &naive);
		else
			activity_of(kind, folder, &ours, &naive);
		if (print_cases)
			continue;
		print(kind_names[kind], "forecast", &ours);
		print(kind_names[kind], "naive", &naive);
		if (peers)
			print_peers(kind);
	}
	return 0;
}
