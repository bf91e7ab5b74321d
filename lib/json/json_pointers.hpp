/*
 * json_pointers.hpp: the pointers that a scanner looks for, as a tree: a node a segment. For json_scan.cpp and json_walk.cpp.
 */
#ifndef ENVTALLY_JSON_POINTERS_HPP
#define ENVTALLY_JSON_POINTERS_HPP

#include "json/json_scan.h"

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

struct json_elements;
struct json_node;

/* A key where a record had it, and the child it leads to, if any: records of a kind have their keys in the same places. */
struct json_remembered_key {
	static constexpr size_t limit = 40;
	uint64_t words[limit / 8]; /* "key": with quotes and colon, and zeros behind them */
	uint64_t mask; /* of its bytes in the last word */
	size_t length = 0; /* 0: nothing is remembered */
	json_node *child = nullptr;

	void remember(const char *text, size_t text_length, json_node *leads_to)
	{
		length = text_length <= limit ? text_length : 0;
		child = leads_to;
		std::memset(words, 0, sizeof words);
		std::memcpy(words, text, length);
		mask = 0;
		std::memset(&mask, 0xff, length % 8 ? length % 8 : 8);
	}

	/* Does the text at `at` begin so? As many bytes as the limit are readable. */
	bool is_at(const char *at) const
	{
		if (!length)
			return false;
		const uint64_t *last = words + (length - 1) / 8;
		const uint64_t *known = words;
		for (; known < last; known++, at += 8)
			if (*known != word(at))
				return false;
		return ((*known ^ word(at)) & mask) == 0;
	}

      private:
	static uint64_t word(const char *bytes)
	{
		uint64_t word;
		std::memcpy(&word, bytes, sizeof word);
		return word;
	}
};

struct json_node {
	std::vector<char> key;
	int slot = -1; /* index of the pointer that ends here */
	std::vector<json_node> children;
	std::vector<json_remembered_key> remembered; /* by place among the object's keys */
	json_elements *elements = nullptr; /* where those of the array here are kept */
	uint64_t walk = 0; /* the one that last came by; of the root, how many there were */

	json_node *find_child(std::string_view name)
	{
		for (json_node &child : children)
			if (std::string_view{child.key.data(), child.key.size()} == name)
				return &child;
		return nullptr;
	}

	json_node *find_slot(int wanted)
	{
		json_node *found = slot == wanted ? this : nullptr;
		for (size_t i = 0; i < children.size() && !found; i++)
			found = children[i].find_slot(wanted);
		return found;
	}

	/* Forgets the values of an earlier occurrence of this key: if a key occurs twice, the last counts. */
	void forget(json_slice slices[]) const
	{
		if (slot >= 0)
			slices[slot] = {JSON_ABSENT, nullptr, 0};
		for (const json_node &child : children)
			child.forget(slices);
	}
};

/* The elements of one array as the walk has passed them: of each its text, and then the fields that were picked from it. */
struct json_elements {
	static constexpr size_t most = (size_t)1 << 16; /* of a longer array none is kept, so that memory stays bounded */
	json_node *root = nullptr; /* of the pointers into an element; nullptr: none is picked from */
	size_t count = 0; /* of them */
	const char *array = nullptr; /* whose they are; nullptr: of none */
	std::vector<json_slice> kept;

	void begin()
	{
		array = nullptr;
		kept.clear();
	}

	/* Room for one, its fields absent; the last is used again when there are too many. */
	json_slice *add()
	{
		size_t each = count + 1;
		if (kept.size() > most * each)
			kept.resize(kept.size() - each);
		kept.resize(kept.size() + each);
		return &kept[kept.size() - each];
	}

	void end(const char *open)
	{
		array = kept.size() <= most * (count + 1) ? open : nullptr;
	}
};

/* Is it white space between tokens (RFC 8259 section 2)? */
inline bool json_is_space(char byte)
{
	return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r';
}

#endif
