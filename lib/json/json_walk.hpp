/*
 * json_walk.hpp: a fast walk through a JSON text, over the tokens that simdjson's stage 1 finds.
 *
 * Stage 1 is the part of simdjson that reads every byte (strings, UTF-8, where tokens begin); the library chooses its kernel for
 * the processor at run time (AVX-512, AVX2, SSE, NEON, portable). index() runs it once over many lines; object() then goes from token to
 * token of one of them and picks the values of the pointers, and those of the elements of an array (json_elements).
 *
 * The walk accepts only what is certainly valid: it gives up (false) on anything invalid or merely unusual: an escape in a
 * wanted string, white space before a colon, a deep nesting. json_scan() then asks simdjson's On-Demand parser, which decides and
 * gives the reason. So a line is judged alone in every case: the walk begins at a token that is the line's first byte and
 * ends at one within it; in between, no string reaches over the line's end, since stage 1 refuses a newline in one.
 *
 * simdjson marks dom_parser_implementation::stage1() as internal; it has kept its shape from version 0.4 to 3.x.
 */
#ifndef ENVTALLY_JSON_WALK_HPP
#define ENVTALLY_JSON_WALK_HPP

#include "json/json_pointers.hpp"

#include <memory>
#include <simdjson.h>
#include <string_view>

class json_walk
{
      public:
	/* Finds the tokens of `length` bytes, complete lines. False when any of them is wrong. */
	bool index(const char *text, size_t length);
	void forget();

	/* Is the line indexed? Ask for lines in their order. */
	bool covers(const char *line, size_t length) const
	{
		return line >= text && line + length <= text + indexed;
	}

	/* Walks the object that a line is. `slices` have all been made absent; after false they hold anything. */
	bool line(const char *line, size_t length, json_node *root, json_slice slices[]);

      private:
	std::unique_ptr<simdjson::internal::dom_parser_implementation> stage1;
	const char *text = nullptr;
	size_t indexed = 0;
	const uint32_t *tokens = nullptr; /* offsets in `text` */
	size_t count = 0, at = 0; /* of tokens; the next one */
	const char *backslash = nullptr; /* the first one not before the string last checked; the end when there is none */
	json_slice *slices = nullptr;

	bool object(json_node *node, int depth);
	bool array(json_elements *elements, int depth);
	bool value(json_node *node, int depth);
	bool string(json_node *node);
	bool scalar(json_node *node);
	json_node *child_of(json_node *node, size_t place, const char *key, size_t length);
	const char *find_backslash(const char *from) const;
	bool has_backslash(const char *from, const char *to);
};

/* Is the token a number (RFC 8259 section 6)? simdjson's own check makes a double of it, which is slower and refuses large ones. */
bool json_is_number(std::string_view token);

#endif
