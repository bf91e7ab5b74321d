/*
 * json_walk.hpp: the fast way through a JSON text that is an object: one pass over its bytes, which picks the values of the pointers, and
 * those of the elements of an array (json_elements).
 *
 * Records of a kind have their keys in the same places: at each place of an object the key that was there in the text before is compared as
 * a few words, and leads to its node without a search. Strings are passed over sixteen bytes at a time (json_word.h).
 *
 * The walk accepts only what is certainly valid, and gives up (false) on anything else: what is invalid, and an escape in a key or in a wanted
 * string. json_scan() then asks simdjson's On-Demand parser, its slow twin, which decides and gives the reason.
 */
#ifndef ENVTALLY_JSON_WALK_HPP
#define ENVTALLY_JSON_WALK_HPP

#include "json/json_pointers.hpp"

#include <string_view>

/* `slices` have all been made absent; after false they hold anything. BUFFER_PADDING readable bytes follow the text. */
bool json_walk(const char *text, size_t length, json_node *root, json_slice slices[]);

/* Is the token a number (RFC 8259 section 6)? simdjson's own check makes a double of it, which is slower and refuses large ones. */
bool json_is_number(std::string_view token);

#endif
