/*
 * envelope_line.h: the envelope RECORD lines that our own normalize prints, recognized without a JSON parser.
 *
 * Such a line has its members in one order and form: {"type":"RECORD","stream":"envelope","record":{"account_id":…,…}} with an
 * optional "time_extracted" after the record, no white space between tokens, and values that are null or strings of ASCII without control
 * characters or a backslash. Such bytes are valid JSON with exactly those values, so json_scan() would give the same slices, only
 * slower. Everything else is left to it.
 *
 * The record may end with "sending_method", the tenth field of stream_envelope_method; without it that slice is absent.
 */
#ifndef ENVTALLY_ENVELOPE_LINE_H
#define ENVTALLY_ENVELOPE_LINE_H

#include "json/json_scan.h"

#include <stdbool.h>

/*
 * Fills slices in the order of stream_envelope_method and returns true when the line is of that form. BUFFER_PADDING readable bytes follow
 * it.
 */
bool envelope_line_scan(const char *line, size_t length, struct json_slice slices[]);

#endif
