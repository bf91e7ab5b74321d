/*
 * display.h: text from outside, made fit to be seen: on a terminal, in a table, on a page.
 *
 * Texts are UTF-8 without errors, as json_scan gives them (display_is_utf8() checks a text from elsewhere).
 * Columns are those of a terminal by wcwidth() in C.UTF-8: 2 for most emoji and CJK, 0 for combining marks; where the
 * C library has no such locale every character counts 1.
 */
#ifndef ENVTALLY_DISPLAY_H
#define ENVTALLY_DISPLAY_H

#include "base/buffer.h"

/*
 * Appends `text` with what cannot be seen or would steer the reader shown as an escape: control characters
 * (\n, \t, \x1b, \u0085), line separators, overrides and isolates of direction (\u202e), invisible spaces, noncharacters.
 * Joiners stay: emoji and scripts need them. At most `limit` characters, then an ellipsis; 0: all.
 */
void display_append(struct buffer *buffer, const char *text, size_t length, size_t limit);

/* The width of an escaped text, in columns. */
size_t display_width(const char *text, size_t length);

/* The length of the longest start of `text` that fits in `columns`, and its width. */
size_t display_cut(const char *text, size_t length, size_t columns, size_t *width);

/* Is there a character that is written from right to left? */
bool display_is_right_to_left(const char *text, size_t length);

bool display_is_utf8(const char *text, size_t length);

#endif
