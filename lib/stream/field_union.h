/*
 * field_union.h: the older name of struct record_fields (record.h), until the last program has moved there.
 */
#ifndef ENVTALLY_FIELD_UNION_H
#define ENVTALLY_FIELD_UNION_H

#include "stream/record.h"

#define field_union record_fields
#define FIELD_UNION_LIMIT RECORD_FIELD_LIMIT
#define field_union_build record_fields_build
#define field_union_slice(fields, slices, name) (&(slices)[record_fields_slot(fields, name)])

#endif
