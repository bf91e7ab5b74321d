#include "json/json_walk.hpp"

#include "json/json_escapes.h"
#include "json/json_word.h"

#include <simdjson.h>

#define PLACES_REMEMBERED 64

namespace
{

/*
 * Each step takes the place where it begins and returns the one behind what it has read, nullptr to give up. What it reads may lie beyond the
 * end, in the padding; no step begins there, except to find that out.
 */
struct walker {
	const char *end;
	json_slice *slices;
	uint64_t number; /* of this walk */
	bool beyond_ascii;

	const char *object(const char *open, json_node *node, int depth);
	const char *array(const char *open, json_elements *elements, int depth);
	const char *value(const char *at, json_node *node, int depth);
	const char *string(const char *open, const json_node *node);
	const char *key(const char *open, json_node *node, size_t place, json_node **child);
	const char *string_end(const char *at, bool wanted, bool *has_beyond_ascii) const;

	const char *skip_blanks(const char *at) const
	{
		if (static_cast<unsigned char>(*at) > ' ') /* nearly always */
			return at;
		while (at < end && json_is_space(*at))
			at++;
		return at;
	}

	void set(const json_node *node, json_kind kind, const char *from, const char *to)
	{
		if (node && node->slot >= 0)
			slices[node->slot] = {kind, from, static_cast<size_t>(to - from)};
	}
};

/* The quote that ends the string whose content begins at `at`. */
inline const char *walker::string_end(const char *at, bool wanted, bool *has_beyond_ascii) const
{
	for (;;) {
		at = json_plain_end(at, end, has_beyond_ascii);
		if (at >= end)
			return nullptr;
		if (*at == '"')
			return at;
		size_t escape = *at == '\\' && !wanted ? json_escape_length(at, end) : 0;
		if (!escape)
			return nullptr;
		at += escape;
	}
}

inline const char *walker::string(const char *open, const json_node *node)
{
	const char *close = string_end(open + 1, node && node->slot >= 0, &beyond_ascii);
	if (!close)
		return nullptr;
	set(node, JSON_STRING, open + 1, close);
	return close + 1;
}

/* A key and its colon, and the child it leads to. */
inline const char *walker::key(const char *open, json_node *node, size_t place, json_node **child)
{
	if (node && place < node->remembered.size() && node->remembered[place].is_at(open)) {
		*child = node->remembered[place].child;
		return open + node->remembered[place].length;
	}
	if (open >= end || *open != '"')
		return nullptr;
	bool has_beyond_ascii = false;
	const char *close = string_end(open + 1, true, &has_beyond_ascii);
	if (!close)
		return nullptr;
	const char *colon = skip_blanks(close + 1);
	if (*colon != ':')
		return nullptr;
	beyond_ascii |= has_beyond_ascii;
	*child = node ? node->find_child({open + 1, static_cast<size_t>(close - open - 1)}) : nullptr;
	if (node && place < PLACES_REMEMBERED && !has_beyond_ascii && colon == close + 1) {
		if (place >= node->remembered.size())
			node->remembered.resize(place + 1);
		node->remembered[place].remember(open, static_cast<size_t>(colon + 1 - open), *child);
	}
	return colon + 1;
}

const char *walker::object(const char *open, json_node *node, int depth)
{
	const char *at = skip_blanks(open + 1);
	if (*at == '}') {
		at++;
	} else {
		for (size_t place = 0;; place++) {
			json_node *child = nullptr;
			at = key(at, node, place, &child);
			if (!at)
				return nullptr;
			if (child && !child->children.empty()) {
				if (child->walk == number) /* the second of this key */
					child->forget(slices);
				child->walk = number;
			}
			at = skip_blanks(at);
			at = *at == '"' ? string(at, child) : value(at, child, depth);
			if (!at)
				return nullptr;
			at = skip_blanks(at);
			if (at >= end || (*at != '}' && *at != ','))
				return nullptr;
			if (*at++ == '}')
				break;
			at = skip_blanks(at);
		}
	}
	set(node, JSON_OBJECT, open, at);
	return at;
}

/* With `elements` they are kept there. */
const char *walker::array(const char *open, json_elements *elements, int depth)
{
	json_slice *outer = slices;
	const char *at = skip_blanks(open + 1);
	if (elements)
		elements->begin();
	bool is_more = *at != ']';
	at += !is_more;
	while (is_more) {
		json_slice *element = elements ? elements->add() : nullptr;
		const char *from = at;
		if (element)
			slices = element + 1;
		at = value(from, element ? elements->root : nullptr, depth);
		slices = outer;
		if (!at)
			return nullptr;
		if (element)
			*element = {JSON_ABSENT, from, static_cast<size_t>(at - from)};
		at = skip_blanks(at);
		if (at >= end || (*at != ']' && *at != ','))
			return nullptr;
		is_more = *at++ == ',';
		if (is_more)
			at = skip_blanks(at);
	}
	if (elements)
		elements->end(open);
	return at;
}

/* Behind the number that begins at `at`. */
const char *number_end(const char *at, const char *end)
{
	auto digits = [&] {
		const char *first = at;
		while (at < end && *at >= '0' && *at <= '9')
			at++;
		return at - first;
	};
	if (at < end && *at == '-')
		at++;
	const char *first = at;
	auto count = digits();
	if (count == 0 || (count > 1 && *first == '0'))
		return nullptr;
	if (at < end && *at == '.') {
		at++;
		if (digits() == 0)
			return nullptr;
	}
	if (at < end && (*at == 'e' || *at == 'E')) {
		at++;
		if (at < end && (*at == '+' || *at == '-'))
			at++;
		if (digits() == 0)
			return nullptr;
	}
	return at;
}

/* What follows a value is the caller's to check: of "nullx" the x is what it refuses. */
const char *walker::value(const char *at, json_node *node, int depth)
{
	json_kind kind;
	const char *to;
	if (at >= end)
		return nullptr;
	switch (*at) {
	case '"':
		return string(at, node);
	case '{':
		return depth < JSON_DEPTH_LIMIT ? object(at, node, depth + 1) : nullptr;
	case '[':
		kind = JSON_ARRAY;
		to = depth < JSON_DEPTH_LIMIT ? array(at, node ? node->elements : nullptr, depth + 1) : nullptr;
		break;
	case 'n':
		kind = JSON_NULL;
		to = std::memcmp(at, "null", 4) == 0 ? at + 4 : nullptr;
		break;
	case 't':
		kind = JSON_TRUE;
		to = std::memcmp(at, "true", 4) == 0 ? at + 4 : nullptr;
		break;
	case 'f':
		kind = JSON_FALSE;
		to = std::memcmp(at, "false", 5) == 0 ? at + 5 : nullptr;
		break;
	default:
		kind = JSON_NUMBER;
		to = number_end(at, end);
	}
	if (to)
		set(node, kind, at, to);
	return to;
}

} // namespace

bool json_is_number(std::string_view token)
{
	const char *end = token.data() + token.size();
	return number_end(token.data(), end) == end;
}

bool json_walk(const char *text, size_t length, json_node *root, json_slice slices[])
{
	walker walker = {text + length, slices, ++root->walk, false};
	const char *at = walker.skip_blanks(text);
	if (at == walker.end || *at != '{')
		return false;
	at = walker.object(at, root, 1);
	/* All of the text at once: where it is UTF-8, each string in it is. */
	return at && walker.skip_blanks(at) == walker.end && (!walker.beyond_ascii || simdjson::validate_utf8(text, length));
}
