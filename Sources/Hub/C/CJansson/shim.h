// Jansson for Swift: json_typeof is a macro in C.
#pragma once
#include <jansson.h>

static inline json_type pw_json_type(const json_t *value) { return json_typeof(value); }
