#include "ledger_schema.h"

#include "embedded.h"

EMBEDDED(sql_migrations_sql);

const char *ledger_migrations(size_t *length)
{
	*length = EMBEDDED_LENGTH(sql_migrations_sql);
	return EMBEDDED_TEXT(sql_migrations_sql);
}
