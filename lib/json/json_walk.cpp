#include "json/json_walk.hpp"

#include "json/json_escapes.h"

using simdjson::SUCCESS;

#define FIRST_CAPACITY ((size_t)64 << 10)
#define PLACES_REMEMBERED 64

bool json_walk::index(const char *lines, size_t length)
{
	forget();
	if (!stage1 || stage1->capacity() < length) {
		size_t capacity = FIRST_CAPACITY;
		while (capacity < length)
			capacity *= 2;
		stage1.reset();
		if (simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, JSON_DEPTH_LIMIT, stage1) != SUCCESS)
			return false;
	}
	if (stage1->stage1(reinterpret_cast<const uint8_t *>(lines), length, simdjson::stage1_mode::regular) != SUCCESS)
		return false;
	text = lines;
	indexed = length;
	tokens = stage1->structural_indexes.get();
	count = stage1->n_structural_indexes;
	at = 0;
	backslash = find_backslash(lines);
	return true;
}

void json_walk::forget()
{
	text = nullptr;
	indexed = 0;
}

bool json_walk::line(const char *line, size_t length, json_node *root, json_slice into[])
{
	size_t from = static_cast<size_t>(line - text), to = from + length;
	slices = into;
	while (at < count && tokens[at] < from)
		at++;
	if (at == count || tokens[at] != from || *line != '{' || !object(root, 1))
		return false;
	return tokens[at - 1] < to && (at == count || tokens[at] >= to);
}

const char *json_walk::find_backslash(const char *from) const
{
	const void *found = std::memchr(from, '\\', static_cast<size_t>(text + indexed - from));
	return found ? static_cast<const char *>(found) : text + indexed;
}

/* Is there a backslash in [from, to)? Called with increasing places, so that each byte is searched once. */
bool json_walk::has_backslash(const char *from, const char *to)
{
	if (backslash < from)
		backslash = find_backslash(from);
	return backslash < to;
}

json_node *json_walk::child_of(json_node *node, size_t place, const char *key, size_t length)
{
	if (place < node->remembered.size() && node->remembered[place].is(key, length))
		return node->remembered[place].child;
	json_node *child = node->find_child({key, length});
	if (place < PLACES_REMEMBERED && length > 0 && length <= json_remembered_key::limit) {
		if (place >= node->remembered.size())
			node->remembered.resize(place + 1);
		json_remembered_key &remembered = node->remembered[place];
		std::memcpy(remembered.text, key, length);
		remembered.length = length;
		remembered.child = child;
	}
	return child;
}

/* Of an object or array under way the next token begins a member, or an element; its opening bracket has been passed. */
bool json_walk::object(json_node *node, int depth)
{
	const char *open = text + tokens[at++];
	if (at < count && text[tokens[at]] == '}') {
		at++;
	} else {
		for (size_t place = 0;; place++) {
			if (at + 1 >= count || text[tokens[at]] != '"' || text[tokens[at + 1]] != ':')
				return false;
			const char *key = text + tokens[at] + 1, *end = text + tokens[at + 1] - 1;
			if (end < key || *end != '"' || has_backslash(key, end))
				return false;
			json_node *child = node ? child_of(node, place, key, static_cast<size_t>(end - key)) : nullptr;
			if (child && !child->children.empty())
				child->forget(slices);
			at += 2;
			if (!value(child, depth) || at >= count)
				return false;
			char next = text[tokens[at++]];
			if (next == '}')
				break;
			if (next != ',')
				return false;
		}
	}
	if (node && node->slot >= 0)
		slices[node->slot] = {JSON_OBJECT, open, static_cast<size_t>(text + tokens[at - 1] + 1 - open)};
	return true;
}

/* The first of two tokens: only white space follows its end. The caller checks the second. */
static std::string_view token_text(const char *from, const char *to)
{
	while (to > from && json_is_space(to[-1]))
		to--;
	return {from, static_cast<size_t>(to - from)};
}

/* With `elements` they are kept there. */
bool json_walk::array(json_elements *elements, int depth)
{
	const char *open = text + tokens[at++];
	json_slice *outer = slices;
	if (elements)
		elements->begin();
	bool is_more = at >= count || text[tokens[at]] != ']'; /* value() refuses the end of the text */
	at += !is_more;
	while (is_more) {
		json_slice *element = elements ? elements->add() : nullptr;
		const char *from = text + tokens[at];
		if (element)
			slices = element + 1;
		bool good = value(element ? elements->root : nullptr, depth) && at < count;
		slices = outer;
		if (!good)
			return false;
		const char *to = text + tokens[at++];
		if (element)
			*element = {JSON_ABSENT, from, token_text(from, to).size()};
		if (*to != ',' && *to != ']')
			return false;
		is_more = *to == ',';
	}
	if (elements)
		elements->end(open);
	return true;
}

bool json_walk::value(json_node *node, int depth)
{
	if (at + 1 >= count)
		return false;
	const char *open = text + tokens[at];
	switch (*open) {
	case '"':
		return string(node);
	case '{':
		return depth < JSON_DEPTH_LIMIT && object(node, depth + 1);
	case '[':
		if (depth >= JSON_DEPTH_LIMIT || !array(node ? node->elements : nullptr, depth + 1))
			return false;
		if (node && node->slot >= 0)
			slices[node->slot] = {JSON_ARRAY, open, static_cast<size_t>(text + tokens[at - 1] + 1 - open)};
		return true;
	default:
		return scalar(node);
	}
}

bool json_walk::string(json_node *node)
{
	const char *from = text + tokens[at] + 1, *to = text + tokens[at + 1] - 1;
	if (*to != '"') {
		std::string_view token = token_text(from - 1, to + 1);
		to = token.data() + token.size() - 1;
	}
	if (to < from || *to != '"')
		return false;
	bool wanted = node && node->slot >= 0;
	if (has_backslash(from, to) && (wanted || !json_escapes_are_right(from, static_cast<size_t>(to - from))))
		return false;
	if (wanted)
		slices[node->slot] = {JSON_STRING, from, static_cast<size_t>(to - from)};
	at++;
	return true;
}

bool json_is_number(std::string_view token)
{
	const char *at = token.data(), *end = at + token.size();
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
		return false;
	if (at < end && *at == '.') {
		at++;
		if (digits() == 0)
			return false;
	}
	if (at < end && (*at == 'e' || *at == 'E')) {
		at++;
		if (at < end && (*at == '+' || *at == '-'))
			at++;
		if (digits() == 0)
			return false;
	}
	return at == end;
}

bool json_walk::scalar(json_node *node)
{
	std::string_view token = token_text(text + tokens[at], text + tokens[at + 1]);
	json_kind kind = token == "null" ? JSON_NULL : token == "true" ? JSON_TRUE : token == "false" ? JSON_FALSE : JSON_NUMBER;
	if (kind == JSON_NUMBER && !json_is_number(token))
		return false;
	if (node && node->slot >= 0)
		slices[node->slot] = {kind, token.data(), token.size()};
	at++;
	return true;
}
