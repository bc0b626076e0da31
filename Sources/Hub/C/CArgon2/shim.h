// Argon2 (RFC 9106) for Swift.
#pragma once
#include <argon2.h>
