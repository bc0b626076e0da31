// Preloaded into the hub: its clips are on a disk that takes its time, as memory cards and network folders do. On a fast disk what is
// waiting to be written is written before anybody can come back for it, so that mistakes in the order of things never show.
//
// SLOW_DISK_MS: milliseconds that a clip takes to reach the disk. SLOW_DISK_GATE: whoever uses the disk waits while a FIFO of this name is
// there that nobody has opened for writing; the first makes a file beside it, with `.waits` behind the name.
//
// Only the clips': were the database as slow, nothing would overtake them.

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define REAL(result, name, ...) ((result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

static int is_below_clips(const char *path) {
    const char *found = strstr(path, "/clips");
    return found != NULL && (found[6] == '/' || found[6] == 0);
}

static int is_clip(int descriptor) {
    char name[64], path[4096];
    snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_below_clips(path);
}

static void wait_at_gate(void) {
    const char *gate = getenv("SLOW_DISK_GATE");
    if (gate == NULL || access(gate, F_OK) != 0) return;
    int (*open_really)(const char *, int, ...) = REAL(int, "open", const char *, int, ...);
    char waits[4096];
    snprintf(waits, sizeof waits, "%s.waits", gate);
    close(open_really(waits, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    // Returns when somebody opens it for writing (fifo(7)).
    int descriptor = open_really(gate, O_RDONLY | O_CLOEXEC);
    if (descriptor >= 0) close(descriptor);
}

static void wait_for(int descriptor) {
    if (getenv("SLOW_DISK_GATE") != NULL && is_clip(descriptor)) wait_at_gate();
}

static void wait_for_path(const char *path) {
    if (is_below_clips(path)) wait_at_gate();
}

int fdatasync(int descriptor) {
    const char *value = getenv("SLOW_DISK_MS");
    long milliseconds = value ? atol(value) : 0;
    if (milliseconds > 0 && is_clip(descriptor)) {
        struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
        nanosleep(&pause, NULL);
    }
    wait_for(descriptor);
    return REAL(int, "fdatasync", int)(descriptor);
}

int fsync(int descriptor) {
    wait_for(descriptor);
    return REAL(int, "fsync", int)(descriptor);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    wait_for(descriptor);
    return REAL(ssize_t, "write", int, const void *, size_t)(descriptor, bytes, count);
}

ssize_t pread(int descriptor, void *bytes, size_t count, off_t offset) {
    wait_for(descriptor);
    return REAL(ssize_t, "pread", int, void *, size_t, off_t)(descriptor, bytes, count, offset);
}

int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = va_arg(arguments, mode_t);
    va_end(arguments);
    wait_for_path(path);
    return REAL(int, "open", const char *, int, ...)(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = va_arg(arguments, mode_t);
    va_end(arguments);
    wait_for_path(path);
    return REAL(int, "open64", const char *, int, ...)(path, flags, mode);
}

DIR *opendir(const char *path) {
    wait_for_path(path);
    return REAL(DIR *, "opendir", const char *)(path);
}

int mkdir(const char *path, mode_t mode) {
    wait_for_path(path);
    return REAL(int, "mkdir", const char *, mode_t)(path, mode);
}

int rename(const char *from, const char *to) {
    wait_for_path(to);
    return REAL(int, "rename", const char *, const char *)(from, to);
}

int unlink(const char *path) {
    wait_for_path(path);
    return REAL(int, "unlink", const char *)(path);
}

int statvfs(const char *path, struct statvfs *found) {
    wait_for_path(path);
    return REAL(int, "statvfs", const char *, struct statvfs *)(path, found);
}
