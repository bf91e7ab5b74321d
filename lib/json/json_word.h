/*
 * json_word.h: eight or sixteen bytes of a text at once, looking for what JSON escapes in a string (RFC 8259 section 7). The usual tricks of
 * words as bytes.
 */
#ifndef ENVTALLY_JSON_WORD_H
#define ENVTALLY_JSON_WORD_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__ /* every amd64 */
#include <emmintrin.h>
#endif

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

/*
 * The first quote, backslash or control character from `at` on; where there is none before `end`, a place from `end` on. Sets *beyond_ascii if a
 * byte before it is beyond ASCII. Sixteen bytes from `end` on are readable, and do not matter.
 */
static inline const char *json_plain_end_of_words(const char *at, const char *end, bool *beyond_ascii)
{
	for (; at < end; at += 8) {
		uint64_t word;
		memcpy(&word, at, sizeof word);
		word = le64toh(word);
		uint64_t found = json_word_escaped(word);
		/* The bytes below the first one found; all of them where none is. */
		*beyond_ascii |= (word & WORD_TOPS & (found - 1) & ~found) != 0;
		if (found)
			return at + __builtin_ctzll(found) / 8;
	}
	return at;
}

#ifdef __SSE2__
/* The same, faster. */
static inline const char *json_plain_end(const char *at, const char *end, bool *beyond_ascii)
{
	for (; at < end; at += 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
		__m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), backslashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
		__m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
		unsigned found = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quotes, backslashes), controls));
		*beyond_ascii |= ((unsigned)_mm_movemask_epi8(bytes) & (found - 1) & ~found) != 0;
		if (found)
			return at + __builtin_ctz(found);
	}
	return at;
}
#else
#define json_plain_end json_plain_end_of_words
#endif

#endif
