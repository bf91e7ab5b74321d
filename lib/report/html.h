/*
 * html.h: pieces of HTML. What is not ours goes through html_text(), the one function that escapes: it is shown as display.h shows it, cut
 * to HTML_NAME characters, and no markup.
 */
#ifndef ENVTALLY_HTML_H
#define ENVTALLY_HTML_H

#include "base/buffer.h"

#define HTML_NAME 200 /* characters */

void html_text(struct buffer *out, const char *text);
void html_long_text(struct buffer *out, const char *text); /* all of it */

/* Markup of ours and texts of others in turn, markup first: html(out, "<td>", name, "</td>"). No text may be NULL. */
#define html(out, ...) html_pieces((out), (const char *const[]){__VA_ARGS__, NULL})
void html_pieces(struct buffer *out, const char *const pieces[]);

/* A name in its own direction; a dash for NULL. */
void html_name(struct buffer *out, const char *name);

/* Each number in a text, of any length, as digits in groups of three, set apart by style alone, so that what is copied is a plain number; the
 * rest as html_text(): "52.71 USD and 4000 JPY". */
void html_figure(struct buffer *out, const char *text);

#endif
