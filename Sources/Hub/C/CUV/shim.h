// libuv for Swift.
#pragma once
#include <uv.h>
