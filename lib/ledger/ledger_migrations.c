#include "ledger/ledger_schema.h"

#include "base/embedded.h"

EMBEDDED(ledger_ledger_sql);
EMBEDDED(ledger_migrations_sql);

const char *ledger_newest_schema(size_t *length)
{
	*length = EMBEDDED_LENGTH(ledger_ledger_sql);
	return EMBEDDED_TEXT(ledger_ledger_sql);
}

const char *ledger_migrations(size_t *length)
{
	*length = EMBEDDED_LENGTH(ledger_migrations_sql);
	return EMBEDDED_TEXT(ledger_migrations_sql);
}
