// libpq for Swift: character constants that Swift does not import.
#pragma once
#include <libpq-fe.h>

static const int PW_PG_SQLSTATE = PG_DIAG_SQLSTATE;
static const int PW_PG_MESSAGE = PG_DIAG_MESSAGE_PRIMARY;
