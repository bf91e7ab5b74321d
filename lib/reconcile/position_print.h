/*
 * position_print.h: the records of a position.
 */
#ifndef ENVTALLY_POSITION_PRINT_H
#define ENVTALLY_POSITION_PRINT_H

#include "reconcile/position_cell.h"
#include "stream/stream.h"

/* Begins a record, after the stream's SCHEMA where it is the first. */
struct buffer *position_begin_record(struct position *position, const struct stream *stream);
void position_end_record(struct position *position);

/* A whole number, or null. */
void position_put_known(struct buffer *line, const char *key, bool is_known, int64_t value);
/* Rights, or null. */
void position_put_known_rights(struct buffer *line, const char *key, bool is_known, bool is_unlimited, int64_t rights);
void position_put_amount(struct buffer *line, const char *key, struct amount amount, int digits);
/* average_price and price_basis; `price` as average_price_shown() has it. */
void position_put_price(struct buffer *line, const struct average_price *pricing, int64_t price, int digits);
/* profile, software_model, license_metric. */
void position_put_metric(struct buffer *line, const struct position_cell *cell);
/* period_index, period_start, period_end. */
void position_put_period(struct buffer *line, const struct period *period);

int position_print_metric(struct position *position, const struct position_cell *cell, struct error *error);
void position_print_sum(struct position *position, const struct stream *stream, const struct metric *metric, const char *profile,
	const struct input_period *period, const char *currency, const struct figures *figures);
/* The accounts with unlicensed units; `parts` by consumer: breach_cost.h. */
int position_print_unlicensed(
	struct position *position, const struct position_cell *cell, const struct amount parts[], struct error *error);
/* `is_whole`: of all profiles, else of those that have results here. */
int position_print_unrecognized(struct position *position, bool is_whole, struct error *error);

#endif
