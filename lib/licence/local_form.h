/*
 * local_form.h: what a cell would be in the form that licence files have: dates and amounts as spreadsheets of some country write them.
 *
 * Only for messages: nothing is read this way, since 03/04/2025 is two days, and 1.000 may be a thousand or one.
 */
#ifndef ENVTALLY_LOCAL_FORM_H
#define ENVTALLY_LOCAL_FORM_H

#include <stdbool.h>

#define LOCAL_FORM_SIZE 60

/* Each fills `form`, "" where none is known; "2025-03-04 or 2025-04-03" where a date may be two. `is_whole`: an amount without a fraction. */
void local_form_of_day(const char *cell, char form[LOCAL_FORM_SIZE]);
void local_form_of_amount(const char *cell, bool is_whole, char form[LOCAL_FORM_SIZE]);

/* Is it, in a country with decimal commas, thousands: 1.000 or 12.500.000? */
bool local_form_is_thousands(const char *cell);

#endif
