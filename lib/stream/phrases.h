/*
 * phrases.h: what people read for the words of the streams' fields, in tables, pages and explanations.
 *
 * A label fits a cell of a table; a sentence has room. Where a word has no sentence of its own its label serves.
 */
#ifndef ENVTALLY_PHRASES_H
#define ENVTALLY_PHRASES_H

/* `field` is the field's name: usage_state, check, cause, option, kind (of a difference). NULL for a word without a phrase, and for NULL. */
const char *phrase_label(const char *field, const char *word);
const char *phrase_sentence(const char *field, const char *word);

#endif
