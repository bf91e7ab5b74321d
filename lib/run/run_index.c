#include "run/run_index.h"

#include "base/file_name.h"
#include "base/instant.h"
#include "io/atomic_file.h"
#include "ledger/ledger_row.h"
#include "ledger/promotions.h"
#include "report/chart.h"
#include "report/html.h"
#include "report/report_page.h"
#include "report/verdict.h"
#include "run/checkpoint.h"
#include "run/run_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PERIODS 12 /* of a picture */

struct profile_runs {
	const char *name;
	char runs[RUN_PATH_LIMIT];
	struct ledger ledger;
	struct promotions promotions;
	size_t covered; /* how many of them the checkpoint covers: their files may have been dropped */
};

/* ---- used and owned, by period ---- */

struct model { /* the rows of a license metric so far, by period */
	struct buffer name, metric, used, owned, status, description;
	struct chart_bar_of bars[PERIODS]; /* the last ones */
	size_t count;
	char start[DAY_LENGTH + 1];
};

static void model_release(struct model *model)
{
	struct buffer *const texts[] = {&model->name, &model->metric, &model->used, &model->owned, &model->status, &model->description};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		buffer_release(texts[i]);
}

static void append_model(struct page *page, struct model *model)
{
	if (!model->count)
		return;
	page_row_begin(page, NULL);
	page_cell_name(page, model->name.data);
	page_cell_text(page, model->metric.data);
	page_cell_begin(page, "chart-cell");
	chart_spark(page->out, model->bars, model->count, model->description.data);
	page_cell_end(page);
	page_cell_begin(page, "days");
	html_text(page->out, model->start);
	page_cell_end(page);
	page_cell_number(page, model->used.data, false);
	page_cell_number(page, model->owned.data, false);
	page_cell_begin(page, "");
	page_pill(page, model->status.data);
	page_cell_end(page);
	page_row_end(page);
	page->out->failed |= model->name.failed | model->metric.failed | model->used.failed | model->owned.failed | model->status.failed |
		model->description.failed;
	model->count = 0;
	buffer_reset(&model->description);
}

static void set(struct buffer *buffer, const char *text)
{
	buffer_reset(buffer);
	buffer_append_string(buffer, text);
}

static void add_period(struct model *model, const char *const columns[])
{
	enum { NAME, METRIC, START, USED, OWNED, STATUS };
	struct buffer *const texts[] = {[NAME] = &model->name,
		[METRIC] = &model->metric,
		[USED] = &model->used,
		[OWNED] = &model->owned,
		[STATUS] = &model->status};
	for (int i = 0; i <= STATUS; i++)
		if (i != START)
			set(texts[i], columns[i] ? columns[i] : i == STATUS ? "Unknown" : "–");
	snprintf(model->start, sizeof model->start, "%s", columns[START] ? columns[START] : "");
	buffer_append_format(&model->description, "%s%s: %s of %s",
		model->description.length ? "; " : "Used of owned, by the period's first day: ", model->start, model->used.data,
		model->owned.data);
	if (model->count == PERIODS)
		memmove(model->bars, model->bars + 1, --model->count * sizeof *model->bars);
	char *end = NULL;
	double owned = columns[OWNED] ? strtod(columns[OWNED], &end) : -1;
	model->bars[model->count++] = (struct chart_bar_of){columns[USED] ? strtod(columns[USED], NULL) : 0, end && !*end ? owned : -1};
}

static int append_models(struct page *page, struct ledger *ledger, const struct promotion *last, struct error *error)
{
	static const struct text_column columns[] = {{"software model", false, true}, {"metric", false, false}, {"by period", false, false},
		{"period from", false, false}, {"used", true, false}, {"owned", true, false}, {"status", false, false}};
	struct model model = {.count = 0};
	struct buffer *const texts[] = {&model.name, &model.metric, &model.used, &model.owned, &model.status, &model.description};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		*texts[i] = (struct buffer)BUFFER_INIT;
	bool is_first = true;
	int got;
	sqlite3_stmt *row = ledger_statement(ledger, "list_positions", error);
	if (!row)
		return -1;
	sqlite3_bind_text(row, 1, last->run_id, -1, SQLITE_STATIC);
	while ((got = ledger_step(ledger, row, error)) > 0) {
		const char *cells[6];
		for (int i = 0; i < 6 && got > 0; i++)
			got = ledger_text_or_null(ledger, row, i, "result", &cells[i], error) < 0 ? -1 : 1;
		if (got < 0)
			break;
		if (is_first)
			page_table_begin(page, PAGE_STACKED,
				"Each license metric by the last run: what was used (bars) of what is owned (lines) by period, and the latest period",
				columns, sizeof columns / sizeof *columns);
		else if (strcmp(cells[0] ? cells[0] : "–", model.name.data) != 0 ||
			strcmp(cells[1] ? cells[1] : "–", model.metric.data) != 0)
			append_model(page, &model);
		is_first = false;
		add_period(&model, cells);
	}
	sqlite3_reset(row);
	append_model(page, &model);
	if (!is_first)
		page_table_end(page, NULL);
	model_release(&model);
	return got < 0 ? -1 : 0;
}

/* ---- runs ---- */

/* The first word of the verdict as a pill, and its figures: what is before the next step. */
static void append_verdict(struct page *page, const char *verdict)
{
	struct buffer text = BUFFER_INIT;
	size_t word = strcspn(verdict, ":");
	page_cell_begin(page, "");
	buffer_append(&text, verdict, word);
	if (*verdict) {
		html(page->out, "<span class=\"pill ", page_verdict_tone(verdict), "\">", text.data, "</span>");
		const char *figures = verdict + word + strspn(verdict + word, ": "), *end = strstr(figures, ": ");
		set(&text, "");
		buffer_append(&text, figures, end ? (size_t)(end - figures) : strlen(figures));
		html(page->out, "<span class=\"sub\">", text.data, "</span>");
	}
	page_cell_end(page);
	page->out->failed |= text.failed;
	buffer_release(&text);
}

static bool has_file(const char *runs, const char *run, const char *file)
{
	char path[RUN_PATH_LIMIT];
	return access(run_path(path, runs, run, file), F_OK) == 0;
}

static void append_run(struct page *page, const struct profile_runs *profile, size_t place)
{
	const struct promotion *run = &profile->promotions.list[place];
	const char *runs = profile->runs;
	char path[RUN_PATH_LIMIT], clock[INSTANT_LENGTH + 1] = "";
	struct buffer risk = BUFFER_INIT;
	bool has_page = has_file(runs, run->run_id, "report.html"),
	     is_lost = place >= profile->covered && run_missing_file(run_path(path, runs, run->run_id, ""));
	instant_format(run->clock, clock);
	page_row_begin(page, NULL);
	page_cell_begin(page, "");
	has_page &= !is_lost;
	if (has_page)
		html(page->out, "<a href=\"", profile->name, "/", run->run_id, "/report.html\">");
	buffer_append_format(page->out, "<time datetime=\"%s\">%.10s %.8s UTC</time>%s", clock, clock, clock + 11, has_page ? "</a>" : "");
	html(page->out, "<code>", run->run_id, "</code>");
	if (has_page && has_file(runs, run->run_id, "workspace.html"))
		html(page->out, "<a class=\"sub\" href=\"", profile->name, "/", run->run_id, "/workspace.html\">workspace</a>");
	page_cell_end(page);
	page_cell_text(page, is_lost ? "lost" : run->state);
	append_verdict(page, run->verdict);
	page_cell_number(page, *run->units ? run->units : "–", false);
	verdict_true_up_append(run->verdict, &risk);
	page_cell_number(page, risk.length ? risk.data : "–", risk.length != 0);
	page_row_end(page);
	page->out->failed |= risk.failed;
	buffer_release(&risk);
}

static int append_runs(struct page *page, struct profile_runs *profile, struct error *error)
{
	static const struct text_column columns[] = {{"run", false, false}, {"state", false, false}, {"verdict", false, true},
		{"units", true, false}, {"money at risk", true, false}};
	const struct promotion *last = &profile->promotions.list[profile->promotions.count - 1];
	page->is_certain = strcmp(page_verdict_tone(last->verdict), "good") == 0;
	if (*last->verdict)
		page_verdict(page->out, last->verdict);
	if (append_models(page, &profile->ledger, last, error) < 0)
		return -1;
	page_table_begin(page, PAGE_STACKED, "Runs, the newest first", columns, sizeof columns / sizeof *columns);
	for (size_t i = profile->promotions.count; i-- > 0;)
		append_run(page, profile, i);
	page_table_end(page, NULL);
	return 0;
}

/* ---- profiles ---- */

static int append_profile(struct page *page, const char *workspace, const char *name, struct error *error)
{
	struct profile_runs profile = {.name = name};
	char path[RUN_PATH_LIMIT];
	snprintf(profile.runs, sizeof profile.runs, "%s/runs/%s", workspace, name);
	snprintf(path, sizeof path, "%s/ledger/%s.db", workspace, name);
	if (promotions_read(&profile.promotions, path, error) < 0)
		return -1;
	int result = checkpoint_covers(path, &profile.promotions, &profile.covered, error);
	if (result == 0 && profile.promotions.count && (result = ledger_open(&profile.ledger, path, LEDGER_READ, error)) == 0) {
		result = append_runs(page, &profile, error);
		ledger_close(&profile.ledger);
	}
	promotions_release(&profile.promotions);
	return result;
}

/* Nothing where it has no run. */
static void append_section(struct page *page, const char *workspace, const char *profile)
{
	struct buffer *sections = page->out, section = BUFFER_INIT;
	struct error error = ERROR_INIT;
	page->out = &section;
	if (append_profile(page, workspace, profile, &error) < 0) {
		buffer_reset(&section);
		html(&section, "<p class=\"verdict bad\">", error.text, "</p>\n");
	}
	page->out = sections;
	if (section.length) {
		page_section_begin(page, profile, profile, NULL);
		buffer_append(page->out, section.data, section.length);
		page_section_end(page);
	}
	page->out->failed |= section.failed;
	buffer_release(&section);
}

int run_index_write(const char *workspace, struct error *error)
{
	struct buffer sections = BUFFER_INIT, html_page = BUFFER_INIT;
	struct page page = {.out = &sections, .contents = BUFFER_INIT, .error = error};
	char path[RUN_PATH_LIMIT];
	struct run_list profiles;
	snprintf(path, sizeof path, "%s/runs", workspace);
	if (run_list_read(&profiles, path, RUN_NAMED, error) < 0)
		return -1;
	for (size_t i = 0; i < profiles.count; i++)
		if (file_name_is_plain(profiles.names[i], strlen(profiles.names[i])))
			append_section(&page, workspace, profiles.names[i]);
	run_list_release(&profiles);
	page_begin(&html_page, "Runs", "", false);
	buffer_append_string(&html_page, "<p class=\"eyebrow\">Docusign licence position</p>\n<h1>Runs</h1>\n</header>\n");
	page_append_body(&page, &sections, &html_page);
	buffer_append_string(&html_page, "<footer><p>");
	page_end(&html_page, false);
	html_page.failed |= sections.failed | page.contents.failed;
	int result = 0;
	if (sections.length || sections.failed) {
		snprintf(path, sizeof path, "%s/runs/index.html", workspace);
		result = buffer_check(&html_page, error) < 0 ? -1 : atomic_file_write(path, &html_page, 0666, error);
	}
	buffer_release(&sections);
	buffer_release(&page.contents);
	buffer_release(&html_page);
	return result;
}
