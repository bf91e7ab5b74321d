/*
 * json_word.h: eight bytes of a text at once, looking for what JSON escapes in a string (RFC 8259 section 7). The usual tricks of words
 * as bytes.
 */
#ifndef ENVTALLY_JSON_WORD_H
#define ENVTALLY_JSON_WORD_H

#include <stdint.h>

#define WORD_ONES UINT64_C(0x0101010101010101)
#define WORD_TOPS UINT64_C(0x8080808080808080)

/*
 * The top bit of each byte that is a quote, a backslash or a control character. Above (in value) the first such byte others may be set,
 * too; with none there is none.
 */
static inline uint64_t json_word_escaped(uint64_t word)
{
	uint64_t quote = word ^ WORD_ONES * '"', backslash = word ^ WORD_ONES * '\\';
	return (((quote - WORD_ONES) & ~quote) | ((backslash - WORD_ONES) & ~backslash) | ((word - WORD_ONES * 0x20) & ~word)) & WORD_TOPS;
}

/* The same, and of each byte beyond ASCII. */
static inline uint64_t json_word_unusual(uint64_t word)
{
	return json_word_escaped(word) | (word & WORD_TOPS);
}

#endif
