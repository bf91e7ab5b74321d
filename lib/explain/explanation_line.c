#include "explain/explanation_line.h"

#include "io/display.h"
#include "stream/stream.h"
#include "json/json_write.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct explanation_balance explanation_balance_of(int64_t units, int64_t sum)
{
	return (struct explanation_balance){.is_checked = true, .adds_up = units == sum, .units = units, .sum = sum};
}

struct explanation_balance explanation_count_wrong(struct explanation_printing *printing, struct explanation_balance balance)
{
	printing->wrong += balance.is_checked && !balance.adds_up;
	return balance;
}

const char *explanation_balance_text(const struct explanation_balance *balance, char text[96])
{
	*text = 0;
	if (balance->is_checked && !balance->adds_up)
		snprintf(text, 96, "  DOES NOT ADD UP: the sum of what follows is %lld", (long long)balance->sum);
	return text;
}

void explanation_print_line(struct explanation_printing *printing, int level, const char *format, ...)
{
	char *text;
	struct buffer *pending = &printing->output->pending;
	va_list arguments;
	va_start(arguments, format);
	int length = vasprintf(&text, format, arguments);
	va_end(arguments);
	for (int i = 0; i < level; i++)
		buffer_append_string(pending, "  ");
	if (length >= 0) {
		display_append(pending, text, (size_t)length, 0);
		free(text);
	}
	pending->failed |= length < 0;
	buffer_append_byte(pending, '\n');
	output_line_end(printing->output);
}

int64_t explanation_record(
	struct explanation_printing *printing, int64_t parent, const char *level, bool has_units, const struct explanation_balance *balance)
{
	struct buffer *line = &printing->output->pending;
	json_end(&printing->facts, '}');
	json_finish(&printing->facts);
	stream_begin_record(line, &stream_explanation);
	json_member_integer(line, "number", ++printing->number);
	json_member_integer_or_null(line, "parent", parent != 0, parent);
	json_member_text(line, "level", level);
	json_member_integer_or_null(line, "units", has_units, balance ? balance->units : 0);
	json_member_integer_or_null(line, "sum", balance && balance->is_checked, balance ? balance->sum : 0);
	json_member_boolean_or_null(line, "adds_up", balance && balance->is_checked, balance && balance->adds_up);
	json_member_raw(line, "facts", printing->facts.data, printing->facts.length);
	line->failed |= printing->facts.failed;
	stream_end_record(line, NULL, 0);
	output_line_end(printing->output);
	return printing->number;
}

struct buffer *explanation_begin_facts(struct explanation_printing *printing)
{
	buffer_reset(&printing->facts);
	json_begin(&printing->facts, '{');
	return &printing->facts;
}
