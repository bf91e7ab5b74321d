#include "merge/envelope_row.h"

#include "base/hash_index.h"
#include "base/instant.h"
#include "base/utf8.h"
#include "ledger/ledger_row.h"

#include <endian.h>
#include <string.h>

enum {
	FLAG_ID_IS_TEXT = 1,
	FLAG_SENDER = 2,
	FLAG_SENDER_IS_TEXT = 4,
	FLAG_SENT = 8,
	FLAG_CREATED = 16,
	FLAG_COMPLETED = 32,
};

static uint64_t load_4(const char *text)
{
	uint32_t word;
	memcpy(&word, text, sizeof word);
	return le32toh(word);
}

static uint64_t load_8(const char *text)
{
	uint64_t word;
	memcpy(&word, text, sizeof word);
	return le64toh(word);
}

/* Vectors of the compiler's, which it makes of what each processor has. */
typedef uint8_t bytes_16 __attribute__((vector_size(16)));
typedef uint64_t words_2 __attribute__((vector_size(16)));

/* The numbers of sixteen hexadecimal digits in lower case, the first one lowest; a byte of *odd is not 0 where one is no such digit. */
static inline bytes_16 read_digits(uint64_t first, uint64_t second, bytes_16 *odd)
{
	bytes_16 text = (bytes_16)(words_2){htole64(first), htole64(second)};
	bytes_16 from_0 = text - '0', from_a = text - 'a';
	bytes_16 is_digit = (bytes_16)(from_0 < 10), is_letter = (bytes_16)(from_a < 6);
	*odd |= ~(is_digit | is_letter);
	return (from_0 & is_digit) | ((from_a + 10) & is_letter);
}

static bool parse_uuid(const char *text, size_t length, uint8_t bytes[16])
{
	bytes_16 odd = {0};
	if (length != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-')
		return false;
	bytes_16 low = read_digits(load_8(text), load_4(text + 9) | load_4(text + 14) << 32, &odd);
	bytes_16 high = read_digits(load_4(text + 19) | load_4(text + 24) << 32, load_8(text + 28), &odd);
	bytes_16 firsts = __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
	bytes_16 seconds = __builtin_shufflevector(low, high, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
	bytes_16 both = firsts << 4 | seconds;
	memcpy(bytes, &both, sizeof both);
	words_2 any = (words_2)odd;
	return (any[0] | any[1]) == 0;
}

void envelope_id_parse(const char *text, size_t length, struct envelope_id *id)
{
	id->is_uuid = parse_uuid(text, length, id->uuid);
	id->length = id->is_uuid ? 16 : (uint8_t)length;
	if (!id->is_uuid)
		id->text = text;
}

static const uint8_t *bytes_of(const struct envelope_id *id)
{
	return id->is_uuid ? id->uuid : (const uint8_t *)id->text;
}

void envelope_id_append(const struct envelope_id *id, struct buffer *text)
{
	static const char digits[] = "0123456789abcdef";
	char uuid[36];
	if (!id->is_uuid) {
		buffer_append(text, id->text, id->length);
		return;
	}
	for (int i = 0, at = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			uuid[at++] = '-';
		uuid[at++] = digits[id->uuid[i] >> 4];
		uuid[at++] = digits[id->uuid[i] & 15];
	}
	buffer_append(text, uuid, sizeof uuid);
}

uint32_t envelope_id_hash(const struct envelope_id *id)
{
	return hash_bytes(id->is_uuid, bytes_of(id), id->length);
}

uint32_t envelope_id_key(const struct envelope_id *id)
{
	return hash_key(bytes_of(id), id->length);
}

int envelope_id_compare(const struct envelope_id *left, const struct envelope_id *right)
{
	if (!left->length || !right->length)
		return !left->length - !right->length;
	if (left->is_uuid != right->is_uuid)
		return left->is_uuid ? -1 : 1;
	size_t shorter = left->length < right->length ? left->length : right->length;
	int order = memcmp(bytes_of(left), bytes_of(right), shorter);
	return order ? order : left->length - right->length;
}

int envelope_row_compare(const struct envelope_row *left, const struct envelope_row *right)
{
	if (left->hash != right->hash)
		return left->hash < right->hash ? -1 : 1;
	int order = envelope_id_compare(&left->envelope_id, &right->envelope_id);
	if (order || left->envelope_id.is_uuid)
		return order;
	return (left->account > right->account) - (left->account < right->account);
}

/* ---- writing ---- */

static uint8_t *write_varint(uint8_t *at, uint64_t value)
{
	while (value >= 128) {
		*at++ = (uint8_t)(value | 128);
		value >>= 7;
	}
	*at++ = (uint8_t)value;
	return at;
}

static uint8_t *write_signed(uint8_t *at, int64_t value)
{
	return write_varint(at, (uint64_t)value << 1 ^ -(uint64_t)(value < 0));
}

static uint8_t *write_id(uint8_t *at, const struct envelope_id *id)
{
	if (id->is_uuid)
		return mempcpy(at, id->uuid, sizeof id->uuid);
	*at++ = id->length;
	return mempcpy(at, id->text, id->length);
}

size_t envelope_row_write(uint8_t *start, const struct envelope *envelope)
{
	uint8_t flags = (uint8_t)((envelope->envelope_id.is_uuid ? 0 : FLAG_ID_IS_TEXT) | (envelope->sender_id.length ? FLAG_SENDER : 0) |
		(envelope->sender_id.length && !envelope->sender_id.is_uuid ? FLAG_SENDER_IS_TEXT : 0) |
		(envelope->sent_at != INSTANT_NONE ? FLAG_SENT : 0) | (envelope->created_at != INSTANT_NONE ? FLAG_CREATED : 0) |
		(envelope->completed_at != INSTANT_NONE ? FLAG_COMPLETED : 0));
	uint8_t *at = write_id(start + 2, &envelope->envelope_id);
	at = write_varint(at, envelope->account);
	at = write_varint(at, envelope->plan_item);
	at = write_varint(at, envelope->status);
	at = write_signed(at, envelope->modified_at);
	if (flags & FLAG_SENT)
		at = write_signed(at, envelope->modified_at - envelope->sent_at);
	if (flags & FLAG_CREATED)
		at = write_signed(at, envelope->modified_at - envelope->created_at);
	if (flags & FLAG_COMPLETED)
		at = write_signed(at, envelope->modified_at - envelope->completed_at);
	if (flags & FLAG_SENDER)
		at = write_id(at, &envelope->sender_id);
	start[0] = (uint8_t)(at - start);
	start[1] = flags;
	return (size_t)(at - start);
}

/* ---- reading ---- */

static bool read_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
	*value = 0;
	for (int shift = 0; *at < end && shift < 64; shift += 7) {
		uint8_t byte = *(*at)++;
		*value |= (uint64_t)(byte & 127) << shift;
		if (byte < 128)
			return true;
	}
	return false;
}

static bool read_key(const uint8_t **at, const uint8_t *end, int64_t most, uint32_t *number)
{
	uint64_t value;
	bool good = read_varint(at, end, &value) && value <= (uint64_t)most;
	*number = (uint32_t)value;
	return good;
}

static bool read_signed(const uint8_t **at, const uint8_t *end, int64_t *value)
{
	uint64_t folded;
	bool good = read_varint(at, end, &folded);
	*value = (int64_t)(folded >> 1) ^ -(int64_t)(folded & 1);
	return good;
}

static bool is_in_calendar(int64_t instant)
{
	return instant >= INSTANT_FIRST && instant < INSTANT_END;
}

static bool read_time(const uint8_t **at, const uint8_t *end, bool present, int64_t modified_at, int64_t *instant)
{
	int64_t before = 0;
	*instant = INSTANT_NONE;
	if (!present)
		return true;
	bool good = read_signed(at, end, &before) && !__builtin_sub_overflow(modified_at, before, instant);
	return good && is_in_calendar(*instant);
}

static bool read_id(const uint8_t **at, const uint8_t *end, bool is_text, struct envelope_id *id)
{
	size_t length = 16;
	if (is_text && *at >= end)
		return false;
	if (is_text)
		length = *(*at)++;
	if (end - *at < (ptrdiff_t)length || length == 0)
		return false;
	id->is_uuid = !is_text;
	id->length = (uint8_t)length;
	if (is_text)
		id->text = (const char *)*at;
	else
		memcpy(id->uuid, *at, 16);
	*at += length;
	return true;
}

int envelope_row_find(const uint8_t *at, const uint8_t *end, struct envelope_row *row)
{
	if (end - at < 2 || at[0] > end - at)
		return -1;
	*row = (struct envelope_row){.at = at, .length = at[0]};
	const uint8_t *id = at + 2;
	if (!read_id(&id, at + row->length, at[1] & FLAG_ID_IS_TEXT, &row->envelope_id))
		return -1;
	if (!row->envelope_id.is_uuid && !read_key(&id, at + row->length, LEDGER_ACCOUNT_MOST, &row->account))
		return -1;
	row->hash = envelope_id_hash(&row->envelope_id);
	return 0;
}

bool envelope_row_is_dated(const struct envelope_row *row)
{
	return row->at[1] & FLAG_SENT;
}

static bool is_utf8(const struct envelope_id *id)
{
	return id->is_uuid || utf8_prefix(id->text, id->length) == id->length;
}

int envelope_row_read(const struct envelope_row *row, struct envelope *envelope)
{
	const uint8_t *at = row->at + 2, *end = row->at + row->length;
	uint8_t flags = row->at[1];
	envelope->sender_id = (struct envelope_id){.length = 0};
	bool good = read_id(&at, end, flags & FLAG_ID_IS_TEXT, &envelope->envelope_id) &&
		read_key(&at, end, LEDGER_ACCOUNT_MOST, &envelope->account) && read_key(&at, end, LEDGER_NAME_MOST, &envelope->plan_item) &&
		read_key(&at, end, LEDGER_NAME_MOST, &envelope->status) && read_signed(&at, end, &envelope->modified_at) &&
		is_in_calendar(envelope->modified_at) &&
		read_time(&at, end, flags & FLAG_SENT, envelope->modified_at, &envelope->sent_at) &&
		read_time(&at, end, flags & FLAG_CREATED, envelope->modified_at, &envelope->created_at) &&
		read_time(&at, end, flags & FLAG_COMPLETED, envelope->modified_at, &envelope->completed_at) &&
		(!(flags & FLAG_SENDER) || read_id(&at, end, flags & FLAG_SENDER_IS_TEXT, &envelope->sender_id));
	return good && at == end && is_utf8(&envelope->envelope_id) && is_utf8(&envelope->sender_id) ? 0 : -1;
}
