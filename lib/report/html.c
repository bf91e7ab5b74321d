#include "report/html.h"

#include "io/display.h"

#include <string.h>

static void escape(struct buffer *out, const char *text, size_t limit)
{
	struct buffer shown = BUFFER_INIT;
	display_append(&shown, text, strlen(text), limit);
	for (const char *at = shown.data; *at;) {
		static const struct {
			char byte;
			const char *entity;
		} entities[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
		size_t plain = strcspn(at, "&<>\"'");
		buffer_append(out, at, plain);
		at += plain;
		for (size_t i = 0; *at && i < sizeof entities / sizeof *entities; i++)
			if (*at == entities[i].byte)
				buffer_append_string(out, entities[i].entity);
		at += *at != 0;
	}
	out->failed |= shown.failed;
	buffer_release(&shown);
}

void html_text(struct buffer *out, const char *text)
{
	escape(out, text, HTML_NAME);
}

void html_long_text(struct buffer *out, const char *text)
{
	escape(out, text, 0);
}

void html_pieces(struct buffer *out, const char *const pieces[])
{
	for (size_t i = 0; pieces[i]; i++)
		if (i % 2)
			html_text(out, pieces[i]);
		else
			buffer_append_string(out, pieces[i]);
}

void html_name(struct buffer *out, const char *name)
{
	if (name)
		html(out, "<bdi dir=\"auto\">", name, "</bdi>");
	else
		buffer_append_string(out, "<span class=\"none\">–</span>");
}

static void append_word(struct buffer *out, const char *word)
{
	bool is_negative = *word == '-';
	const char *digits = word + (is_negative || *word == '+');
	size_t count = strspn(digits, "0123456789"), decimals = digits[count] == '.' ? 1 + strspn(digits + count + 1, "0123456789") : 0;
	if (!count || digits[count + decimals]) {
		html_text(out, word);
		return;
	}
	buffer_append_string(out, is_negative ? "−" : *word == '+' ? "+" : "");
	size_t lead = count > 3 ? (count + 2) % 3 + 1 : count;
	buffer_append(out, digits, lead);
	for (size_t at = lead; at < count; at += 3)
		buffer_append_format(out, "<span class=\"group\">%.3s</span>", digits + at);
	buffer_append(out, digits + count, decimals);
}

void html_figure(struct buffer *out, const char *text)
{
	struct buffer word = BUFFER_INIT;
	for (size_t length; *text; text += length) {
		length = *text == ' ' ? 1 : strcspn(text, " ");
		buffer_reset(&word);
		buffer_append(&word, text, length);
		append_word(out, word.data);
	}
	out->failed |= word.failed;
	buffer_release(&word);
}
