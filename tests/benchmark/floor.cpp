/*
 * floor: what simdjson's own On-Demand reader needs for the fields that normalize reads, with nothing done about them: the measure that
 * normalize is held against. `floor <raw.ndjson` prints how many records there were and the bytes of their fields.
 */
#include <cstdio>
#include <cstring>
#include <simdjson.h>
#include <unistd.h>
#include <vector>

using namespace simdjson;

static const size_t block = size_t(1) << 20, longest = size_t(16) << 20;

static int fail(const char *what)
{
	fprintf(stderr, "floor: %s\n", what);
	return 65;
}

/* Adds the length of a string member to *bytes; null and absent are nothing. */
static error_code add_member(ondemand::object &object, const char *name, size_t *bytes)
{
	ondemand::value value;
	std::string_view text;
	if (object.find_field(name).get(value) || value.is_null())
		return SUCCESS;
	error_code error = value.get_string().get(text);
	*bytes += error ? 0 : text.size();
	return error;
}

static error_code read_record(ondemand::object object, size_t *bytes)
{
	static const char *const names[] = {"envelopeId", "accountId", "status", "createdDateTime", "sentDateTime", "completedDateTime",
		"lastModifiedDateTime", "planItemId"};
	for (const char *name : names)
		if (error_code error = add_member(object, name, bytes))
			return error;
	ondemand::object sender;
	return object.find_field("sender").get_object().get(sender) ? SUCCESS : add_member(sender, "userId", bytes);
}

static error_code read_block(ondemand::parser &parser, const char *data, size_t length, size_t *records, size_t *bytes)
{
	ondemand::document_stream stream;
	error_code error = parser.iterate_many(data, length, length > block ? length : block).get(stream);
	if (error)
		return error;
	for (auto document : stream) {
		ondemand::object object;
		error = document.get_object().get(object);
		if (!error)
			error = read_record(object, bytes);
		if (error)
			return error;
		++*records;
	}
	return SUCCESS;
}

int main()
{
	std::vector<char> data(block + longest + SIMDJSON_PADDING);
	ondemand::parser parser;
	size_t have = 0, bytes = 0, records = 0;
	for (ssize_t got = 1; got > 0 || have > 0;) {
		got = have + block <= data.size() - SIMDJSON_PADDING ? read(STDIN_FILENO, data.data() + have, block) : -1;
		if (got < 0)
			return fail("cannot read");
		have += static_cast<size_t>(got);
		const void *last = memrchr(data.data(), '\n', have);
		size_t whole = last ? static_cast<size_t>(static_cast<const char *>(last) + 1 - data.data()) : got ? 0 : have;
		if (whole == 0 && got == 0)
			break;
		if (whole > 0 && read_block(parser, data.data(), whole, &records, &bytes))
			return fail("a record is none");
		memmove(data.data(), data.data() + whole, have - whole);
		have -= whole;
	}
	printf("%zu %zu\n", records, bytes);
	return 0;
}
