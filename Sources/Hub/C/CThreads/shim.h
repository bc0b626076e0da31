// POSIX threads for Swift: some functions are only declared under _GNU_SOURCE.
#pragma once
#include <pthread.h>
#include <sched.h>

extern int pthread_setname_np(pthread_t thread, const char *name);
extern int sched_getaffinity(__pid_t process, size_t size, cpu_set_t *set);

// SCHED_BATCH of sched(7), which glibc declares under _GNU_SOURCE only: the calling thread does not interrupt another when it wakes.
static inline int pw_schedule_as_batch(void) {
    struct sched_param none = { .sched_priority = 0 };
    return pthread_setschedparam(pthread_self(), 3, &none);
}
