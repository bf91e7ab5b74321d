/*
 * fuzz_aggregate: daily partials, envelopes and consumption, added up by period. Adding up what was printed gives the same again; that is
 * what lets the input be split.
 */
#include "fuzz.h"

#define main aggregate_main
#include "../../stages/aggregate-by-period.c"
#undef main

static int aggregate_once(const void *bytes, size_t length, struct output *output, struct error *error)
{
	struct consumption consumption;
	fuzz_output(output);
	fuzz_stdin(bytes, length);
	consumption_open(&consumption, INT64_C(1743472800000), "20250401T020000Z");
	consumption.renewal_months = 12;
	int result = aggregate(&consumption, output, error);
	consumption_release(&consumption);
	fuzz_check_lines(&output->pending);
	return result;
}

void fuzz_aggregate(const uint8_t *bytes, size_t length)
{
	struct output once, twice;
	struct error error = ERROR_INIT;
	int result = aggregate_once(bytes, length, &once, &error);
	if (result == 0) {
		FUZZ_CHECK(aggregate_once(once.pending.data, once.pending.length, &twice, &error) == 0);
		fuzz_close(&twice);
	} else {
		FUZZ_CHECK(error.status == EX_DATAERR);
	}
	fuzz_close(&once);
}
