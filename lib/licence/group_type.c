#include "licence/group_type.h"

#include <stddef.h>

const char *const group_type_names[] = {"account", "site", "cost_center", "department", "company", "country", "organization", NULL};
