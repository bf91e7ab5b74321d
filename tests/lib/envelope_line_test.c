/* envelope_line.h against json_scan.h: where the short way is taken, it must give the same slices; and it must be taken. */
#include "stream/envelope_line.h"

#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define FIELDS 10

static const char good[] =
	"{\"type\":\"RECORD\",\"stream\":\"envelope\",\"record\":{\"account_id\":\"7c1e9a52-3b0f-4d6a-9e21-5f8840c7d301\",\"envelope_id\":"
	"\"aced0001-0000-4000-8000-000000000001\",\"status\":\"completed\",\"created_at\":\"2025-01-31T00:00:00.000Z\",\"sent_at\":"
	"\"2025-01-31T00:00:01.000Z\",\"completed_at\":null,\"modified_at\":\"2025-02-01T00:00:00.000Z\",\"plan_item_id\":null,"
	"\"sender_id\":\"5d1e9a52-3b0f-4d6a-9e21-5f8840c7d301\"}";

static struct json_scanner *scanner;

static int open_scanner(void **state)
{
	static const char *const pointers[FIELDS] = {"/record/account_id", "/record/envelope_id", "/record/status", "/record/created_at",
		"/record/sent_at", "/record/completed_at", "/record/modified_at", "/record/plan_item_id", "/record/sender_id",
		"/record/sending_method"};
	(void)state;
	scanner = json_scanner_new(pointers, FIELDS, NULL);
	return scanner ? 0 : -1;
}

static int close_scanner(void **state)
{
	(void)state;
	json_scanner_free(scanner);
	return 0;
}

/* Returns whether the short way took the line; fails when it gave anything that json_scan() does not. */
static bool agree(const char *line, size_t length)
{
	struct json_slice fast[FIELDS], slow[FIELDS];
	struct buffer padded = BUFFER_INIT;
	struct error error = ERROR_INIT;
	buffer_append(&padded, line, length);
	bool taken = envelope_line_scan(padded.data, length, fast);
	if (taken && json_scan(scanner, padded.data, length, slow, &error) < 0)
		fail_msg("taken, but %s: %.*s", error.text, (int)length, line);
	for (int i = 0; taken && i < FIELDS; i++) {
		bool same = fast[i].kind == slow[i].kind && fast[i].length == slow[i].length &&
			(!fast[i].length || memcmp(fast[i].text, slow[i].text, fast[i].length) == 0);
		if (!same)
			fail_msg("field %d differs: %.*s", i, (int)length, line);
	}
	buffer_release(&padded);
	return taken;
}

static void takes_our_own_lines(void **state)
{
	(void)state;
	char line[1024];
	assert_true(agree(line, (size_t)sprintf(line, "%s}", good)));
	assert_true(agree(line, (size_t)sprintf(line, "%s,\"time_extracted\":\"2025-03-18T02:00:00.000Z\"}", good)));
	/* With a sending method, which comes last in the record. */
	static const char *const methods[] = {"\"bulk\"", "\"\"", "null"};
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		int before = (int)sizeof good - 2; /* all but the record's brace */
		assert_true(agree(line, (size_t)sprintf(line, "%.*s,\"sending_method\":%s}}", before, good, methods[i])));
		assert_true(agree(
			line, (size_t)sprintf(line, "%.*s,\"sending_method\":%s},\"time_extracted\":\"x\"}", before, good, methods[i])));
		assert_false(agree(line, (size_t)sprintf(line, "%.*s,\"sending_method\":%s,\"z\":null}}", before, good, methods[i])));
		assert_false(agree(line, (size_t)sprintf(line, "%.*s,\"sending_method\":7}}", before, good)));
	}
}

static void leaves_other_forms_alone(void **state)
{
	(void)state;
	static const char *const tails[] = {
		"", "}}", "} ", " }", ",\"time_extracted\":\"x\",\"y\":1}", ",\"time_extracted\":null}", ",\"z\":{}}"};
	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
		char line[1024];
		assert_false(agree(line, (size_t)sprintf(line, "%s%s", good, tails[i])));
	}
}

/* Every byte of the line changed to every interesting one: taken or not, no difference may show. */
static void agrees_on_every_mutation(void **state)
{
	(void)state;
	static const char bytes[] = {'"', '\\', '{', '}', ',', ':', 'n', 'u', ' ', '\t', '\x01', '\x1f', '\x7f', '\x80', '\xc3', '\xff', 0};
	char line[1024];
	size_t length = (size_t)sprintf(
		line, "%.*s,\"sending_method\":\"bulk\"},\"time_extracted\":\"2025-03-18T02:00:00.000Z\"}", (int)sizeof good - 2, good);
	for (size_t at = 0; at < length; at++) {
		char saved = line[at];
		for (size_t i = 0; i < sizeof bytes; i++) {
			line[at] = bytes[i];
			agree(line, length);
		}
		line[at] = saved;
	}
	for (size_t cut = 0; cut < length; cut++)
		assert_false(agree(line, cut));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_our_own_lines),
		cmocka_unit_test(leaves_other_forms_alone),
		cmocka_unit_test(agrees_on_every_mutation),
	};
	return cmocka_run_group_tests(tests, open_scanner, close_scanner);
}
