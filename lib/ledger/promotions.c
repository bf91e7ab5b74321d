#include "ledger/promotions.h"

#include "base/array.h"
#include "base/file_name.h"
#include "base/instant.h"
#include "ledger/ledger_row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int add(struct ledger *ledger, struct promotions *promotions, sqlite3_stmt *row, struct error *error)
{
	struct promotion *new = array_grow((void **)&promotions->list, &promotions->count, sizeof *new, error);
	if (!new)
		return -1;
	const struct {
		char *text;
		size_t size;
	} columns[] = {{new->run_id, sizeof new->run_id}, {new->state, sizeof new->state}, {new->started_at, sizeof new->started_at},
		{new->verdict, sizeof new->verdict}, {new->consumption, sizeof new->consumption},
		{new->restatements, sizeof new->restatements}, {new->rejects, sizeof new->rejects},
		{new->accounts_without_billing, sizeof new->accounts_without_billing}, {new->ended_at, sizeof new->ended_at},
		{new->manifest, sizeof new->manifest}, {new->units, sizeof new->units}};
	for (int i = 0; i < (int)(sizeof columns / sizeof *columns); i++) {
		const char *text;
		if (ledger_text_or_null(ledger, row, i, "job_result", &text, error) < 0)
			return -1;
		snprintf(columns[i].text, columns[i].size, "%s", text ? text : "");
	}
	if (!file_name_is_plain(new->run_id, strlen(new->run_id)) || strlen(new->run_id) != (size_t)sqlite3_column_bytes(row, 0))
		return ledger_damaged(ledger, error, "table job_result, row '%s': run_id is not the name of a run", new->run_id);
	if (instant_parse(new->started_at, strlen(new->started_at), &new->clock) < 0)
		return ledger_damaged(ledger, error, "table job_result, row '%s': started_at is not a time", new->run_id);
	return 0;
}

int promotions_read(struct promotions *promotions, const char *ledger_path, struct error *error)
{
	struct ledger ledger;
	int got = -1;
	*promotions = (struct promotions){.count = 0};
	if (access(ledger_path, F_OK) != 0)
		return 0;
	if (ledger_open(&ledger, ledger_path, LEDGER_READ, error) < 0)
		return -1;
	sqlite3_stmt *statement = ledger_statement(&ledger, "list_promotions", error);
	while (statement && (got = ledger_step(&ledger, statement, error)) > 0)
		if (add(&ledger, promotions, statement, error) < 0) {
			got = -1;
			break;
		}
	ledger_close(&ledger);
	if (got < 0)
		promotions_release(promotions);
	return got;
}

/* Names of runs become paths. */
static bool parse_line(struct promotion *promotion, const char *line)
{
	int end = -1;
	sscanf(line, "%63[0-9A-Za-z-] %31[0-9T:.Z-] %15[a-z] %31[0-9T:.Z-] %64[0-9a-f-]%n", promotion->run_id, promotion->started_at,
		promotion->state, promotion->ended_at, promotion->manifest, &end);
	if (strcmp(promotion->manifest, "-") == 0)
		*promotion->manifest = 0;
	return end >= 0 && strcmp(line + end, "\n") == 0 && *promotion->run_id != '-' &&
		instant_parse(promotion->started_at, strlen(promotion->started_at), &promotion->clock) == 0;
}

int promotions_read_file(struct promotions *promotions, const char *path, struct error *error)
{
	char line[512];
	int result = 0;
	*promotions = (struct promotions){.count = 0};
	FILE *file = fopen(path, "re");
	if (!file)
		return error_set_errno(error, EX_NOINPUT, "cannot open '%s'", path);
	while (result == 0 && fgets(line, sizeof line, file)) {
		struct promotion *new = array_grow((void **)&promotions->list, &promotions->count, sizeof *new, error);
		if (!new)
			result = -1;
		else if (!parse_line(new, line))
			result = error_set(error, EX_DATAERR, "cannot read '%s': line %zu does not name a run", path, promotions->count);
	}
	if (result == 0 && ferror(file))
		result = error_set_errno(error, EX_IOERR, "cannot read '%s'", path);
	fclose(file);
	if (result < 0)
		promotions_release(promotions);
	return result;
}

void promotions_release(struct promotions *promotions)
{
	free(promotions->list);
	*promotions = (struct promotions){.count = 0};
}

ptrdiff_t promotions_find(const struct promotions *promotions, const char *run_id, size_t length)
{
	for (size_t i = promotions->count; i-- > 0;)
		if (strlen(promotions->list[i].run_id) == length && memcmp(promotions->list[i].run_id, run_id, length) == 0)
			return (ptrdiff_t)i;
	return -1;
}
