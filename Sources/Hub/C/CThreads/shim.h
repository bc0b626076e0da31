// POSIX threads for Swift: some functions are only declared under _GNU_SOURCE.
#pragma once
#include <pthread.h>
#include <sched.h>

extern int pthread_setname_np(pthread_t thread, const char *name);
extern int sched_getaffinity(__pid_t process, size_t size, cpu_set_t *set);
