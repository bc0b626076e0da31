// SQLite for Swift: destructor constants that are casts in C.
#pragma once
#include <sqlite3.h>

// SQLITE_TRANSIENT: SQLite copies bound text and blobs before sqlite3_bind_* returns.
static const sqlite3_destructor_type PW_SQLITE_TRANSIENT = SQLITE_TRANSIENT;
