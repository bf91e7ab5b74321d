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

/*
 * Copies a text with ASCII letters in lower case. False where it has a byte that JSON escapes or that is not ASCII: what is written then is no
 * use. `length` is at least 8, and as many bytes are written.
 */
static inline bool json_lower_plain_of_words(char *to, const char *text, size_t length)
{
	uint64_t odd = 0;
	for (size_t i = 0;;) {
		uint64_t word;
		memcpy(&word, text + i, 8);
		odd |= json_word_unusual(word);
		/* The top bit of each byte: set by adding to those from 'A' on, and again to those beyond 'Z'. */
		uint64_t upper = (word + WORD_ONES * (0x80 - 'A')) & ~(word + WORD_ONES * (0x80 - 'Z' - 1)) & WORD_TOPS;
		word |= upper >> 2;
		memcpy(to + i, &word, 8);
		if (i + 8 == length)
			return odd == 0;
		i = i + 16 <= length ? i + 8 : length - 8;
	}
}

#ifdef __SSE2__
/* Of sixteen bytes, those that JSON escapes: all bits of each. */
static inline __m128i json_vector_escaped(__m128i bytes)
{
	__m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), backslashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
	return _mm_or_si128(_mm_or_si128(quotes, backslashes), _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes));
}

/* The same two, faster. */
static inline const char *json_plain_end(const char *at, const char *end, bool *beyond_ascii)
{
	__m128i before = _mm_setzero_si128();
	unsigned tops = 0;
	for (; at < end; at += 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
		unsigned found = (unsigned)_mm_movemask_epi8(json_vector_escaped(bytes));
		if (found) {
			tops = (unsigned)_mm_movemask_epi8(bytes) & (found - 1) & ~found;
			at += __builtin_ctz(found);
			break;
		}
		before = _mm_or_si128(before, bytes);
	}
	*beyond_ascii |= (tops | (unsigned)_mm_movemask_epi8(before)) != 0;
	return at;
}

static inline bool json_lower_plain(char *to, const char *text, size_t length)
{
	__m128i odd = _mm_setzero_si128();
	if (length < 16)
		return json_lower_plain_of_words(to, text, length);
	for (size_t i = 0;;) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(text + i));
		odd = _mm_or_si128(odd, _mm_or_si128(bytes, json_vector_escaped(bytes)));
		__m128i upper = _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8('A' - 1)), _mm_cmplt_epi8(bytes, _mm_set1_epi8('Z' + 1)));
		_mm_storeu_si128((__m128i *)(void *)(to + i), _mm_or_si128(bytes, _mm_and_si128(upper, _mm_set1_epi8(0x20))));
		if (i + 16 == length)
			return _mm_movemask_epi8(odd) == 0;
		i = i + 32 <= length ? i + 16 : length - 16;
	}
}
#else
#define json_plain_end json_plain_end_of_words
#define json_lower_plain json_lower_plain_of_words
#endif

#endif
