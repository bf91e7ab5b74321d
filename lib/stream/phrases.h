/*
 * phrases.h: labels (for a table cell) and sentences for the words of the streams' fields. A word without a sentence has only its label.
 */
#ifndef ENVTALLY_PHRASES_H
#define ENVTALLY_PHRASES_H

#include <stdint.h>

/* `field` is usage_state, check, cause, option or kind (of a difference). NULL for a word without a phrase, and for NULL. */
const char *phrase_label(const char *field, const char *word);
const char *phrase_sentence(const char *field, const char *word);

/* The ending of a noun after a number. */
const char *phrase_plural(int64_t count);

#endif
