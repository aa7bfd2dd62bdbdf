/* A disk that fails at a chosen call, for LD_PRELOAD.
 *
 * It stands between a process and libc, counts the calls that touch files below one folder, and
 * lets one of them fail, or every one from then on.  tests/proof/faulty_disk.py compiles it and
 * says in the environment what shall happen:
 *
 *   FAULTY_UNDER   how the names of the files begin that are looked at; nothing happens without
 *   FAULTY_CALLS   the sorts of calls to fail, with commas: "write,sync"; "*" for all
 *   FAULTY_PATH    which names, below FAULTY_UNDER, as a pattern of the shell
 *   FAULTY_NTH     which of these calls is the first to fail; 0 lets none fail
 *   FAULTY_LASTS   1 where all of them fail from then on
 *   FAULTY_ERRNO   the number that they fail with
 *   FAULTY_LOG     a file that is told each call that is looked at: sort, tab, name
 *   FAULTY_FIRED   a file that is told each call that failed
 *
 * What goes through mapped memory (SQLite's -shm) is seen by nobody here.  A call that fails has
 * done nothing, but for close, which has closed.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char under[PATH_MAX], calls[256], pattern[PATH_MAX], told[PATH_MAX], fired[PATH_MAX];
static long nth, lasts, code, count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void take(const char *name, char *into, size_t size) {
    const char *value = getenv(name);
    snprintf(into, size, "%s", value ? value : "");
}

static long number(const char *name) {
    const char *value = getenv(name);
    return value ? atol(value) : 0;
}

/* Read the environment again and begin to count; the test calls it after a fork. */
__attribute__((constructor)) void faulty_arm(void) {
    take("FAULTY_UNDER", under, sizeof under);
    take("FAULTY_CALLS", calls, sizeof calls);
    take("FAULTY_PATH", pattern, sizeof pattern);
    take("FAULTY_LOG", told, sizeof told);
    take("FAULTY_FIRED", fired, sizeof fired);
    nth = number("FAULTY_NTH");
    lasts = number("FAULTY_LASTS");
    code = number("FAULTY_ERRNO");
    count = 0;
}

static void note(const char *file, const char *sort, const char *name) {
    char line[PATH_MAX + 32];
    int length = snprintf(line, sizeof line, "%s\t%s\n", sort, name);
    int opened = syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (opened >= 0) {
        syscall(SYS_write, opened, line, length);
        syscall(SYS_close, opened);
    }
}

static int wanted(const char *sort) {
    if (!strcmp(calls, "*"))
        return 1;
    size_t length = strlen(sort);
    for (const char *at = calls; (at = strstr(at, sort)); at += length)
        if ((at == calls || at[-1] == ',') && (at[length] == ',' || !at[length]))
            return 1;
    return 0;
}

/* Whether this call shall fail; errno is set then. */
static int fails(const char *sort, const char *name) {
    size_t length = strlen(under);
    if (!length || strncmp(name, under, length))
        return 0;
    const char *rest = name + length;
    int kept = errno, result = 0;
    pthread_mutex_lock(&lock);
    if (*told)
        note(told, sort, rest);
    if (nth && wanted(sort) && !fnmatch(pattern, rest, 0)) {
        count++;
        result = count == nth || (lasts && count > nth);
        if (result && *fired)
            note(fired, sort, rest);
    }
    pthread_mutex_unlock(&lock);
    errno = result ? (int)code : kept;
    return result;
}

static const char *name_of(int file, char *into) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    int kept = errno;
    long length = syscall(SYS_readlink, link, into, PATH_MAX - 1);
    errno = kept;
    into[length > 0 ? length : 0] = 0;
    return into;
}

static const char *name_at(int folder, const char *name, char *into) {
    if (!name || *name == '/')
        return name ? name : "";
    char base[PATH_MAX];
    if (folder != AT_FDCWD)
        name_of(folder, base);
    else if (syscall(SYS_getcwd, base, sizeof base) < 0)
        *base = 0;
    if (snprintf(into, PATH_MAX, "%s/%s", base, name) >= PATH_MAX)
        *into = 0;
    return into;
}

static int on(const char *sort, int file) {
    char name[PATH_MAX];
    return *under && fails(sort, name_of(file, name));
}

static int at(const char *sort, int folder, const char *path) {
    char name[PATH_MAX];
    return *under && fails(sort, name_at(folder, path, name));
}

#define REAL(name) ((__typeof__(&name))real(&known_##name, #name))
#define KNOWN(name) static void *known_##name

static void *real(void **known, const char *name) {
    if (!*known)
        *known = dlsym(RTLD_NEXT, name);
    return *known;
}

/* --- opening --- */

static const char *sort_of(int flags) {
    if (flags & O_CREAT)
        return "create";
    return (flags & O_ACCMODE) == O_RDONLY ? "open" : "reopen";
}

#define OPENS(name)                                                                               \
    KNOWN(name);                                                                                  \
    int name(const char *path, int flags, ...) {                                                  \
        va_list more;                                                                             \
        va_start(more, flags);                                                                    \
        mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0;                 \
        va_end(more);                                                                             \
        return at(sort_of(flags), AT_FDCWD, path) ? -1 : REAL(name)(path, flags, mode);           \
    }
#define OPENS_AT(name)                                                                            \
    KNOWN(name);                                                                                  \
    int name(int folder, const char *path, int flags, ...) {                                      \
        va_list more;                                                                             \
        va_start(more, flags);                                                                    \
        mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0;                 \
        va_end(more);                                                                             \
        return at(sort_of(flags), folder, path) ? -1 : REAL(name)(folder, path, flags, mode);     \
    }
OPENS(open)
OPENS(open64)
OPENS_AT(openat)
OPENS_AT(openat64)

KNOWN(opendir);
DIR *opendir(const char *path) {
    return at("list", AT_FDCWD, path) ? NULL : REAL(opendir)(path);
}

/* --- what is done with an open file: NAME, what it gives, sort, what it takes, what it hands on */

#define ON_FILE(name, gives, sort, takes, hands)                                                  \
    KNOWN(name);                                                                                  \
    gives name takes { return on(sort, file) ? -1 : REAL(name) hands; }

ON_FILE(write, ssize_t, "write", (int file, const void *from, size_t size), (file, from, size))
ON_FILE(writev, ssize_t, "write", (int file, const struct iovec *from, int number),
        (file, from, number))
ON_FILE(pwrite, ssize_t, "write", (int file, const void *from, size_t size, off_t place),
        (file, from, size, place))
ON_FILE(pwrite64, ssize_t, "write", (int file, const void *from, size_t size, off64_t place),
        (file, from, size, place))
ON_FILE(sendfile, ssize_t, "write", (int file, int from, off_t *place, size_t size),
        (file, from, place, size))
ON_FILE(sendfile64, ssize_t, "write", (int file, int from, off64_t *place, size_t size),
        (file, from, place, size))
ON_FILE(read, ssize_t, "read", (int file, void *into, size_t size), (file, into, size))
ON_FILE(pread, ssize_t, "read", (int file, void *into, size_t size, off_t place),
        (file, into, size, place))
ON_FILE(pread64, ssize_t, "read", (int file, void *into, size_t size, off64_t place),
        (file, into, size, place))
ON_FILE(fsync, int, "sync", (int file), (file))
ON_FILE(fdatasync, int, "sync", (int file), (file))
ON_FILE(ftruncate, int, "truncate", (int file, off_t size), (file, size))
ON_FILE(ftruncate64, int, "truncate", (int file, off64_t size), (file, size))
ON_FILE(fchmod, int, "chmod", (int file, mode_t mode), (file, mode))
ON_FILE(fstat, int, "stat", (int file, struct stat *into), (file, into))
ON_FILE(fstat64, int, "stat", (int file, struct stat64 *into), (file, into))

KNOWN(close);
int close(int file) {
    int failing = on("close", file), error = errno;
    int result = REAL(close)(file);
    if (failing)
        errno = error;
    return failing ? -1 : result;
}

/* --- what is done with a name --- */

#define ON_NAME(name, gives, sort, takes, hands)                                                  \
    KNOWN(name);                                                                                  \
    gives name takes { return at(sort, AT_FDCWD, path) ? -1 : REAL(name) hands; }
#define IN_FOLDER(name, gives, sort, takes, hands)                                                \
    KNOWN(name);                                                                                  \
    gives name takes { return at(sort, folder, path) ? -1 : REAL(name) hands; }

ON_NAME(mkdir, int, "mkdir", (const char *path, mode_t mode), (path, mode))
ON_NAME(rmdir, int, "unlink", (const char *path), (path))
ON_NAME(unlink, int, "unlink", (const char *path), (path))
ON_NAME(chmod, int, "chmod", (const char *path, mode_t mode), (path, mode))
ON_NAME(stat, int, "stat", (const char *path, struct stat *into), (path, into))
ON_NAME(stat64, int, "stat", (const char *path, struct stat64 *into), (path, into))
ON_NAME(lstat, int, "stat", (const char *path, struct stat *into), (path, into))
ON_NAME(lstat64, int, "stat", (const char *path, struct stat64 *into), (path, into))
ON_NAME(statvfs, int, "statvfs", (const char *path, struct statvfs *into), (path, into))
ON_NAME(statvfs64, int, "statvfs", (const char *path, struct statvfs64 *into), (path, into))
IN_FOLDER(mkdirat, int, "mkdir", (int folder, const char *path, mode_t mode),
          (folder, path, mode))
IN_FOLDER(unlinkat, int, "unlink", (int folder, const char *path, int flags),
          (folder, path, flags))
IN_FOLDER(fchmodat, int, "chmod", (int folder, const char *path, mode_t mode, int flags),
          (folder, path, mode, flags))
IN_FOLDER(fstatat, int, "stat", (int folder, const char *path, struct stat *into, int flags),
          (folder, path, into, flags))
IN_FOLDER(fstatat64, int, "stat", (int folder, const char *path, struct stat64 *into, int flags),
          (folder, path, into, flags))

/* --- from one name to another: the one that it goes to counts --- */

#define TO_NAME(name, sort, takes, hands)                                                         \
    KNOWN(name);                                                                                  \
    int name takes { return at(sort, AT_FDCWD, path) ? -1 : REAL(name) hands; }
#define TO_FOLDER(name, sort, takes, hands)                                                       \
    KNOWN(name);                                                                                  \
    int name takes { return at(sort, folder, path) ? -1 : REAL(name) hands; }

TO_NAME(rename, "rename", (const char *from, const char *path), (from, path))
TO_NAME(link, "link", (const char *from, const char *path), (from, path))
TO_NAME(symlink, "link", (const char *from, const char *path), (from, path))
TO_FOLDER(renameat, "rename", (int there, const char *from, int folder, const char *path),
          (there, from, folder, path))
TO_FOLDER(renameat2, "rename",
          (int there, const char *from, int folder, const char *path, unsigned flags),
          (there, from, folder, path, flags))
TO_FOLDER(linkat, "link", (int there, const char *from, int folder, const char *path, int flags),
          (there, from, folder, path, flags))
