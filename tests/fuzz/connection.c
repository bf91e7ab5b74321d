/* fuzz_connection: a CONNECTION printed again is the same one. */
#include "fuzz.h"

#include "config/connection.h"

void fuzz_connection(const uint8_t *bytes, size_t length)
{
	struct connection connection, again;
	struct buffer line = BUFFER_INIT, second = BUFFER_INIT;
	struct error error = ERROR_INIT;
	if (connection_parse((const char *)bytes, length, &connection, &error) < 0) {
		FUZZ_CHECK(error.status == EX_DATAERR);
		return;
	}
	connection_append(&connection, true, &line);
	fuzz_check_lines(&line);
	FUZZ_CHECK(connection_parse(line.data, line.length, &again, &error) == 0);
	connection_append(&again, true, &second);
	FUZZ_CHECK(line.length == second.length && memcmp(line.data, second.data, line.length) == 0);
	connection_release(&connection);
	connection_release(&again);
	buffer_release(&line);
	buffer_release(&second);
}
