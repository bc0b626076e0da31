// POSIX threads for Swift: pthread_setname_np is only declared under _GNU_SOURCE.
#pragma once
#include <pthread.h>

extern int pthread_setname_np(pthread_t thread, const char *name);
