#include "json/json_scan.h"

#include "json/json_escapes.h"
#include "json/json_pointers.hpp"
#include "json/json_walk.hpp"

#include <cstring>
#include <new>
#include <simdjson.h>
#include <string_view>
#include <vector>

using namespace simdjson;

namespace
{

const char *reason_of(error_code code)
{
	static const struct {
		error_code code;
		const char *reason;
	} reasons[] = {
		{UTF8_ERROR, "not UTF-8"},
		{CAPACITY, "too large"},
		{MEMALLOC, "out of memory"},
		{DEPTH_ERROR, "nested too deep"},
		{EMPTY, "an empty line"},
		{UNCLOSED_STRING, "a string without its end"},
		{UNESCAPED_CHARS, "a control character within a string"},
		{STRING_ERROR, "a wrong escape in a string"},
		{NUMBER_ERROR, "a wrong number"},
		{T_ATOM_ERROR, "a wrong word"},
		{F_ATOM_ERROR, "a wrong word"},
		{N_ATOM_ERROR, "a wrong word"},
		{TRAILING_CONTENT, "something after the end"},
		{INCOMPLETE_ARRAY_OR_OBJECT, "it ends too early"},
		{INDEX_OUT_OF_BOUNDS, "it ends too early"},
		{OUT_OF_BOUNDS, "it ends too early"},
	};
	for (const auto &entry : reasons)
		if (entry.code == code)
			return entry.reason;
	return "wrong syntax";
}

std::string_view trimmed(std::string_view text)
{
	while (!text.empty() && json_is_space(text.back()))
		text.remove_suffix(1);
	return text;
}

} // namespace

struct json_scanner {
	ondemand::parser parser;
	ondemand::document document;
	json_node root;
	size_t count = 0; /* of pointers */
	std::vector<char> minified, mended;
	json_slice *slices = nullptr;
	json_scanner *element = nullptr; /* of json_scanner_pick() */
	json_elements elements;

	~json_scanner()
	{
		delete element;
	}

	void make_absent(json_slice into[])
	{
		if (count) /* `into` may be NULL otherwise */
			std::memset(into, 0, count * sizeof *into);
	}

	/* The short way: see json_walk.hpp. */
	bool walks(const char *text, size_t length, json_slice into[])
	{
		elements.begin();
		make_absent(into);
		bool walked = json_walk(text, length, &root, into);
		if (!walked)
			elements.begin();
		return walked;
	}

	void set(const json_node *at, json_kind kind, std::string_view text)
	{
		if (at && at->slot >= 0)
			slices[at->slot] = {kind, text.data(), text.size()};
	}

	error_code scan_string(ondemand::value value, std::string_view token, const json_node *at)
	{
		std::string_view content = token.substr(1, token.size() - 2);
		if (token.size() < 2 || token.back() != '"')
			return STRING_ERROR;
		if (!at || at->slot < 0)
			return json_escapes_are_right(content.data(), content.size()) ? SUCCESS : STRING_ERROR;
		/* simdjson's string buffer, where unescaped text goes, lasts as long as the document: until the next scan. */
		if (memchr(content.data(), '\\', content.size())) {
			/* Not every version of simdjson refuses all of them. */
			if (json_has_half_pair(content.data(), content.size()))
				return STRING_ERROR;
			error_code error = value.get_string().get(content);
			if (error)
				return error;
		}
		set(at, JSON_STRING, content);
		return SUCCESS;
	}

	/*
	 * Not consumed: the iteration skips it. simdjson's own number parser would make a double of each token
	 * and refuse large ones. The next token is checked here, since skipping mistakes a string before a colon for a key.
	 */
	error_code scan_scalar(ondemand::value value, const json_node *at)
	{
		std::string_view raw = value.raw_json_token();
		char next = raw.data()[raw.size()];
		if (next != ',' && next != '}' && next != ']')
			return TAPE_ERROR;
		std::string_view token = trimmed(raw);
		switch (token.front()) {
		case '"':
			return scan_string(value, token, at);
		case 'n':
			set(at, JSON_NULL, token);
			return token == "null" ? SUCCESS : N_ATOM_ERROR;
		case 't':
			set(at, JSON_TRUE, token);
			return token == "true" ? SUCCESS : T_ATOM_ERROR;
		case 'f':
			set(at, JSON_FALSE, token);
			return token == "false" ? SUCCESS : F_ATOM_ERROR;
		default:
			set(at, JSON_NUMBER, token);
			return json_is_number(token) ? SUCCESS : NUMBER_ERROR;
		}
	}

	error_code scan_object(ondemand::object object, json_node *at, int depth)
	{
		for (auto result : object) {
			ondemand::field field;
			error_code error = std::move(result).get(field);
			if (error)
				return error;
			std::string_view key;
			error = field.unescaped_key().get(key);
			if (error)
				return error;
			json_node *child = at && !at->children.empty() ? at->find_child(key) : nullptr;
			if (child)
				child->forget(slices);
			error = scan_value(field.value(), child, depth);
			if (error)
				return error;
		}
		return SUCCESS;
	}

	error_code scan_array(ondemand::array array, int depth)
	{
		for (auto result : array) {
			ondemand::value value;
			error_code error = std::move(result).get(value);
			if (!error)
				error = scan_value(value, nullptr, depth);
			if (error)
				return error;
		}
		return SUCCESS;
	}

	error_code scan_value(ondemand::value value, json_node *at, int depth)
	{
		const char *start = value.raw_json_token().data();
		if (*start != '{' && *start != '[')
			return scan_scalar(value, at);
		if (depth >= JSON_DEPTH_LIMIT)
			return DEPTH_ERROR;
		error_code error;
		bool is_object = *start == '{';
		if (is_object) {
			ondemand::object object;
			error = value.get_object().get(object);
			if (!error)
				error = scan_object(object, at, depth + 1);
		} else {
			ondemand::array array;
			error = value.get_array().get(array);
			if (!error)
				error = scan_array(array, depth + 1);
		}
		const char *next;
		if (!error)
			error = document.current_location().get(next);
		if (!error)
			set(at, is_object ? JSON_OBJECT : JSON_ARRAY, trimmed({start, static_cast<size_t>(next - start)}));
		return error;
	}

	error_code scan(const char *text, size_t length)
	{
		make_absent(slices);
		error_code error = parser.iterate(text, length, length + SIMDJSON_PADDING).get(document);
		if (error)
			return error;
		ondemand::object object;
		error = document.get_object().get(object);
		if (!error)
			error = scan_object(object, &root, 1);
		if (!error && document.current_location().error() != OUT_OF_BOUNDS)
			error = TRAILING_CONTENT;
		std::string_view all{text, length};
		while (!all.empty() && json_is_space(all.front()))
			all.remove_prefix(1);
		if (!error)
			set(&root, JSON_OBJECT, trimmed(all));
		return error;
	}

	/* The same for a text with a wanted string, or a key, that has half a surrogate pair: its slices are of a mended copy. */
	error_code scan_mended(const char *text, size_t length)
	{
		mended.assign(text, text + length);
		mended.resize(length + SIMDJSON_PADDING);
		return json_mend_pairs(mended.data(), length) ? scan(mended.data(), length) : STRING_ERROR;
	}

	error_code put_on_one_line(std::string_view &text)
	{
		size_t length = 0;
		if (!memchr(text.data(), '\n', text.size()))
			return SUCCESS;
		minified.resize(text.size() + SIMDJSON_PADDING);
		error_code error = minify(text.data(), text.size(), minified.data(), length);
		text = {minified.data(), length};
		return error;
	}

	error_code each_element(const json_slice &slice, int (*each)(void *, const char *, size_t), void *context, int *stopped)
	{
		error_code error = parser.iterate(slice.text, slice.length, slice.length + SIMDJSON_PADDING).get(document);
		ondemand::array array;
		if (!error)
			error = document.get_array().get(array);
		if (error)
			return error;
		for (auto result : array) {
			ondemand::value value;
			error = std::move(result).get(value);
			std::string_view text = value.raw_json_token();
			if (!error && (*text.data() == '{' || *text.data() == '['))
				error = element_text(value).get(text);
			if (error)
				return error;
			text = trimmed(text);
			error = put_on_one_line(text);
			if (error)
				return error;
			*stopped = each(context, text.data(), text.size());
			if (*stopped)
				return SUCCESS;
		}
		return SUCCESS;
	}

	error_code each_member(
		const json_slice &slice, int (*each)(void *, const char *, size_t, const char *, size_t), void *context, int *stopped)
	{
		error_code error = parser.iterate(slice.text, slice.length, slice.length + SIMDJSON_PADDING).get(document);
		ondemand::object object;
		if (!error)
			error = document.get_object().get(object);
		if (error)
			return error;
		for (auto result : object) {
			ondemand::field field;
			std::string_view key;
			error = std::move(result).get(field);
			if (!error)
				error = field.unescaped_key().get(key);
			if (error)
				return error;
			ondemand::value value = field.value();
			std::string_view text = value.raw_json_token();
			if (*text.data() == '{' || *text.data() == '[')
				error = element_text(value).get(text);
			if (error)
				return error;
			text = trimmed(text);
			*stopped = each(context, key.data(), key.size(), text.data(), text.size());
			if (*stopped)
				return SUCCESS;
		}
		return SUCCESS;
	}

	static simdjson_result<std::string_view> element_text(ondemand::value value)
	{
		ondemand::array array;
		ondemand::object object;
		if (!value.get_object().get(object))
			return object.raw_json();
		error_code error = value.get_array().get(array);
		if (error)
			return error;
		return array.raw_json();
	}
};

namespace
{

/* Puts a pointer into the tree; ~1 is "/", ~0 is "~" (RFC 6901 section 4). */
int add_pointer(json_node *at, const char *pointer, int slot, struct error *error)
{
	const char *from = pointer;
	if (*from && *from != '/')
		return error_set(error, EX_CONFIG, "cannot use JSON Pointer '%s': it must be empty or begin with '/'", pointer);
	while (*from) {
		const char *end = strchr(++from, '/');
		if (!end)
			end = from + strlen(from);
		std::vector<char> key;
		for (; from < end; from++) {
			if (*from == '~' && from[1] != '0' && from[1] != '1')
				return error_set(error, EX_CONFIG, "cannot use JSON Pointer '%s': '~' is written ~0", pointer);
			key.push_back(*from != '~' ? *from : *++from == '0' ? '~' : '/');
		}
		json_node *child = at->find_child({key.data(), key.size()});
		if (!child) {
			at->children.emplace_back();
			child = &at->children.back();
			child->key = key;
		}
		at = child;
	}
	if (at->slot >= 0)
		return error_set(error, EX_CONFIG, "cannot use JSON Pointer '%s' twice", pointer);
	at->slot = slot;
	return 0;
}

int set_reason(struct error *error, error_code code)
{
	return error_set(error, code == MEMALLOC ? EX_OSERR : EX_DATAERR, "not JSON: %s", reason_of(code));
}

} // namespace

/* Memory: with -fno-exceptions a failed allocation in std::vector ends the process; texts are bounded by their readers. */
struct json_scanner *json_scanner_new(const char *const pointers[], size_t count, struct error *error)
{
	json_scanner *scanner = new (std::nothrow) json_scanner;
	if (!scanner) {
		error_set(error, EX_OSERR, "out of memory");
		return nullptr;
	}
	scanner->count = count;
	for (size_t i = 0; i < count; i++) {
		if (pointers[i] && add_pointer(&scanner->root, pointers[i], static_cast<int>(i), error) < 0) {
			delete scanner;
			return nullptr;
		}
	}
	return scanner;
}

int json_scanner_pick(struct json_scanner *scanner, size_t array, const char *const pointers[], size_t count, struct error *error)
{
	scanner->element = json_scanner_new(pointers, count, error);
	if (!scanner->element)
		return -1;
	scanner->elements.root = &scanner->element->root;
	scanner->elements.count = count;
	scanner->root.find_slot(static_cast<int>(array))->elements = &scanner->elements;
	return 0;
}

void json_scanner_free(struct json_scanner *scanner)
{
	delete scanner;
}

int json_scan(struct json_scanner *scanner, const char *text, size_t length, struct json_slice slices[], struct error *error)
{
	if (scanner->walks(text, length, slices))
		return 0;
	scanner->slices = slices;
	error_code code = scanner->scan(text, length);
	if (code == STRING_ERROR)
		code = scanner->scan_mended(text, length);
	if (code == INCORRECT_TYPE)
		return error_set(error, EX_DATAERR, "not a JSON object");
	return code ? set_reason(error, code) : 0;
}

int json_scan_elements(struct json_scanner *scanner, const struct json_slice *array,
	int (*each)(void *context, const char *text, size_t length), void *context, struct error *error)
{
	int stopped = 0;
	error_code code = scanner->each_element(*array, each, context, &stopped);
	return code ? set_reason(error, code) : stopped;
}

namespace
{

struct picking {
	json_scanner *element;
	json_slice *fields;
	int (*each)(void *context, const char *text, size_t length, const json_slice fields[]);
	void *context;
	struct error *error;
};

int pick(void *context, const char *text, size_t length)
{
	auto *picking = static_cast<struct picking *>(context);
	picking->element->make_absent(picking->fields);
	if (*text == '{' && json_scan(picking->element, text, length, picking->fields, picking->error) < 0)
		return -1;
	return picking->each(picking->context, text, length, picking->fields);
}

} // namespace

int json_scan_picked(struct json_scanner *scanner, const struct json_slice *array,
	int (*each)(void *context, const char *text, size_t length, const struct json_slice fields[]), void *context, struct error *error)
{
	std::vector<json_slice> &kept = scanner->elements.kept;
	size_t size = scanner->elements.count + 1;
	int stopped = 0;
	if (scanner->elements.array != array->text || memchr(array->text, '\n', array->length)) {
		scanner->elements.begin();
		kept.resize(size);
		struct picking picking = {scanner->element, kept.data(), each, context, error};
		if (array->kind != JSON_OBJECT)
			return json_scan_elements(scanner, array, pick, &picking, error);
		std::string_view alone{array->text, array->length};
		error_code code = scanner->put_on_one_line(alone);
		return code ? set_reason(error, code) : pick(&picking, alone.data(), alone.size());
	}
	for (size_t i = 0; i < kept.size() && !stopped; i += size)
		stopped = each(context, kept[i].text, kept[i].length, &kept[i + 1]);
	return stopped;
}

int json_scan_members(struct json_scanner *scanner, const struct json_slice *object,
	int (*each)(void *context, const char *key, size_t key_length, const char *text, size_t length), void *context, struct error *error)
{
	int stopped = 0;
	error_code code = scanner->each_member(*object, each, context, &stopped);
	return code ? set_reason(error, code) : stopped;
}

const char *json_kind_name(enum json_kind kind)
{
	static const char *const names[] = {"absent", "null", "a boolean", "a boolean", "a number", "a string", "an object", "an array"};
	return names[kind];
}
