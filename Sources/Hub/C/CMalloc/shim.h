// What is particular to glibc's allocator.
#pragma once
#include <malloc.h>
