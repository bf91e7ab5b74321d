/* fuzz_forecast: daily partials and positions: every line that is printed is JSON. */
#include "fuzz.h"

#define main forecast_main
#include "../../stages/forecast.c"
#undef main

void fuzz_forecast(const uint8_t *bytes, size_t length)
{
	struct daily_consumption daily;
	struct output lines;
	struct error error = ERROR_INIT;
	fuzz_output(&lines);
	fuzz_stdin(bytes, length);
	daily_consumption_open(&daily, fuzz_rights(), options_now());
	if (pass_on(&daily, &lines, &error) < 0 || daily_consumption_finish(&daily, &error) < 0 ||
		print_forecasts(&daily, &lines, &error) < 0)
		FUZZ_CHECK(error.status == EX_DATAERR);
	daily_consumption_release(&daily);
	fuzz_close(&lines);
}
