/* A disk that fails: preloaded into a server, it lets writing or syncing database files fail for as long as a file says so.
   The file named by METERBOOK_TROUBLE holds one letter, 'w' (writing) or 's' (syncing), and the error's number. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int is_database(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return strstr(path, ".sqlite") != NULL;
}

/* The error to meet, or 0. */
static int trouble(int fd, char what) {
    const char *told = getenv("METERBOOK_TROUBLE");
    if (told == NULL || access(told, R_OK) != 0) return 0;
    int file = open(told, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    char text[16] = {0};
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length < 2 || text[0] != what || !is_database(fd)) return 0;
    return atoi(text + 1);
}

#define FAIL_IN_TROUBLE(fd, what)     \
    int fault = trouble(fd, what);    \
    if (fault != 0) {                 \
        errno = fault;                \
        return -1;                    \
    }

ssize_t write(int fd, const void *bytes, size_t count) {
    static ssize_t (*real)(int, const void *, size_t);
    if (real == NULL) real = dlsym(RTLD_NEXT, "write");
    FAIL_IN_TROUBLE(fd, 'w')
    return real(fd, bytes, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (real == NULL) real = dlsym(RTLD_NEXT, "pwrite");
    FAIL_IN_TROUBLE(fd, 'w')
    return real(fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (real == NULL) real = dlsym(RTLD_NEXT, "pwrite64");
    FAIL_IN_TROUBLE(fd, 'w')
    return real(fd, bytes, count, at);
}

int fsync(int fd) {
    static int (*real)(int);
    if (real == NULL) real = dlsym(RTLD_NEXT, "fsync");
    FAIL_IN_TROUBLE(fd, 's')
    return real(fd);
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (real == NULL) real = dlsym(RTLD_NEXT, "fdatasync");
    FAIL_IN_TROUBLE(fd, 's')
    return real(fd);
}
