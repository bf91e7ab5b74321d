/* html.h and chart.h: what is escaped, how figures look, and where marks of a chart are. */
#include "report/chart.h"
#include "report/html.h"
#include "report/report_sums.h"

#include "base/instant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void texts(void **state)
{
	(void)state;
	static const struct {
		void (*append)(struct buffer *out, const char *text);
		const char *text, *expected;
	} cases[] = {{html_text, "a & b <c> \"d\" 'e'", "a &amp; b &lt;c&gt; &quot;d&quot; &#39;e&#39;"}, {html_text, "", ""},
		{html_text, "&amp;", "&amp;amp;"}, {html_text, "a\x1b[1m\n", "a\\x1b[1m\\n"}, {html_text, "\xe2\x80\xae", "\\u202e"},
		{html_name, "<b>", "<bdi dir=\"auto\">&lt;b&gt;</bdi>"}, {html_name, NULL, "<span class=\"none\">–</span>"},
		{html_figure, "0", "0"}, {html_figure, "999", "999"}, {html_figure, "1000", "1<span class=\"group\">000</span>"},
		{html_figure, "-99007199254740993",
			"−99<span class=\"group\">007</span><span class=\"group\">199</span><span class=\"group\">254</span><span class=\"group\">740</"
			"span><span class=\"group\">993</span>"},
		{html_figure, "+12", "+12"}, {html_figure, "1234.50 USD and 4 JPY", "1<span class=\"group\">234</span>.50 USD and 4 JPY"},
		{html_figure, "2025-01-31", "2025-01-31"}, {html_figure, "unlimited <", "unlimited &lt;"}, {html_figure, "1.", "1."},
		{html_figure, "-", "-"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer out = BUFFER_INIT;
		cases[i].append(&out, cases[i].text);
		assert_string_equal(out.data, cases[i].expected);
		buffer_release(&out);
	}
}

static void long_names_are_cut(void **state)
{
	(void)state;
	char name[HTML_NAME * 2 + 1];
	struct buffer out = BUFFER_INIT;
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = 0;
	html_text(&out, name);
	assert_int_equal(out.length, HTML_NAME + strlen("…"));
	html_long_text(&out, name);
	assert_int_equal(out.length, HTML_NAME + strlen("…") + sizeof name - 1);
	buffer_release(&out);
}

static void steps_are_round(void **state)
{
	(void)state;
	static const double cases[][2] = {
		{0, 1}, {0.2, 1}, {1, 1}, {1.1, 2}, {2, 2}, {3, 5}, {6, 10}, {10, 10}, {49, 50}, {65, 100}, {101, 200}, {2e17, 2e17}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_true(chart_step(cases[i][0]) == cases[i][1]);
}

/* The axis ends at the first tick that holds everything; a value is as far up as its part of it. */
static void values_have_their_place(void **state)
{
	(void)state;
	static const struct {
		double most, top, value, y;
	} cases[] = {{325, 400, 325, 55.5}, {325, 400, 0, 218}, {325, 400, 400, 18}, {1, 1, 1, 18}, {0, 1, 0, 218}, {100, 100, 50, 118}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer out = BUFFER_INIT;
		struct chart chart;
		chart_begin(&chart, &out, 1, "test", "<t>", "<d>", cases[i].most);
		assert_true(chart.top == cases[i].top);
		assert_true(chart_y(&chart, cases[i].value) == cases[i].y);
		assert_null(strstr(out.data, "<t>"));
		buffer_release(&out);
	}
}

/* Ticks of days: at most nine, and none outside. */
static void days_have_ticks(void **state)
{
	(void)state;
	static const struct {
		int days, ticks;
		const char *first, *last;
	} cases[] = {{1, 1, ">31 Jan<", ">31 Jan<"}, {8, 8, ">31 Jan<", ">7 Feb<"}, {30, 5, ">31 Jan<", ">28 Feb<"},
		{90, 7, ">31 Jan<", ">25 Apr<"}, {181, 6, ">Feb 2025<", ">Jul 2025<"}, {365, 6, ">Feb 2025<", ">Dec 2025<"},
		{1096, 6, ">Feb 2025<", ">Aug 2027<"}, {3653, 5, ">Feb 2025<", ">Feb 2033<"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer out = BUFFER_INIT;
		struct chart chart;
		int32_t first = day_from_civil(2025, 1, 31);
		int ticks = 0;
		chart_begin(&chart, &out, 1, "test", "t", "d", 1);
		chart_days(&chart, first, first + cases[i].days);
		for (const char *at = out.data; (at = strstr(at, "class=\"label")); at++)
			ticks++;
		if (ticks != cases[i].ticks || !strstr(out.data, cases[i].first) || !strstr(out.data, cases[i].last))
			fail_msg("%d days: %d ticks: %s", cases[i].days, ticks, out.data);
		assert_true(chart_x(&chart, first) == 0);
		assert_true(chart_x(&chart, first + cases[i].days) == 100);
		buffer_release(&out);
	}
}

static void sums_are_by_currency(void **state)
{
	(void)state;
	struct report_sums sums = {.count = 0};
	struct buffer text = BUFFER_INIT;
	report_sums_add(&sums, "52.71", "USD");
	report_sums_add(&sums, "4000", "JPY");
	report_sums_add(&sums, "-2.70", "USD");
	report_sums_add(&sums, NULL, "USD");
	report_sums_add(&sums, "1", NULL);
	report_sums_add(&sums, "one", "USD");
	report_sums_append(&sums, &text);
	assert_string_equal(text.data, "50.01 USD and 4000 JPY");
	assert_int_equal(sums.unknown, 3);
	buffer_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(texts), cmocka_unit_test(long_names_are_cut), cmocka_unit_test(steps_are_round),
		cmocka_unit_test(values_have_their_place), cmocka_unit_test(days_have_ticks), cmocka_unit_test(sums_are_by_currency)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
