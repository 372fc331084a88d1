#include "power.h"

#include "base/base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INODES_MAX = 1 << 14, COPY_SIZE = 1 << 16, PATH_SIZE = 4096 };

/* A test's own state; the keeper of the lease syncs, too. */
static struct {
    pthread_mutex_t lock;
    FILE *log;
    const char *folder, *top;
    uint64_t held[INODES_MAX]; /* open addressing; 0: free */
    int64_t copies;
} power = {.lock = PTHREAD_MUTEX_INITIALIZER};

void __wrap_crash_point(const char *name);
void __real_crash_point(const char *name);

static bool is_on(void) {
    if (power.folder == NULL)
        power.folder = getenv("WEIR_POWER");
    return power.folder != NULL;
}

/* Was it held already? */
static bool is_held(uint64_t inode) {
    size_t place = inode % INODES_MAX;
    while (power.held[place] != 0 && power.held[place] != inode)
        place = (place + 1) % INODES_MAX;
    bool held = power.held[place] != 0;
    power.held[place] = inode;
    return held;
}

static void hold(int folder_fd, const char *name, uint64_t inode) {
    if (!is_held(inode)) /* the descriptor stays open until the process ends */
        (void)openat(folder_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

/* Each entry of a folder: what, its inode and kind, its name below prefix. Takes fd. */
static void note_entries(int fd, const char *what, const char *prefix, bool below) {
    DIR *folder = fdopendir(fd);
    ASSERT(folder != NULL);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        struct stat found;
        char path[PATH_SIZE];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0
            || fstatat(fd, entry->d_name, &found, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        hold(fd, entry->d_name, found.st_ino);
        bool is_folder = S_ISDIR(found.st_mode);
        fprintf(power.log, "%s\t%llu\t%c\t%s%s\n", what, (unsigned long long)found.st_ino,
                is_folder ? 'd' : 'f', prefix, entry->d_name);
        if (!below || !is_folder)
            continue;
        (void)snprintf(path, sizeof path, "%s%s/", prefix, entry->d_name);
        note_entries(openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), what, path,
                     true);
    }
    closedir(folder);
}

static void note_all(const char *what) {
    struct stat found;
    int fd = open(power.top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ASSERT(fd >= 0 && fstat(fd, &found) == 0);
    fprintf(power.log, "%s\t%llu\td\t.\n", what, (unsigned long long)found.st_ino);
    note_entries(fd, what, "", true);
}

static bool begin(void) {
    char path[PATH_SIZE];
    if (!is_on())
        return false;
    pthread_mutex_lock(&power.lock);
    if (power.log != NULL)
        return true;
    power.top = getenv("WEIR_POWER_TOP");
    snprintf(path, sizeof path, "%s/log", power.folder);
    power.log = fopen(path, "ae");
    ASSERT(power.log != NULL && power.top != NULL);
    note_all("begin");
    return true;
}

static void finish(void) {
    fflush(power.log);
    pthread_mutex_unlock(&power.lock);
}

/* What is there before the program does anything is durable. */
__attribute__((constructor)) static void begin_early(void) {
    if (begin())
        finish();
}

static void copy_bytes(int fd, const char *path) {
    static char bytes[COPY_SIZE];
    FILE *to = fopen(path, "we");
    ASSERT(to != NULL);
    ssize_t got;
    for (off_t at = 0; (got = pread(fd, bytes, sizeof bytes, at)) > 0; at += got)
        ASSERT(fwrite(bytes, 1, (size_t)got, to) == (size_t)got);
    ASSERT(got == 0 && fclose(to) == 0);
}

/* A descriptor that only writes cannot be read: by its name in /proc it can. */
static void note_file(int fd, const struct stat *found) {
    char path[PATH_SIZE], own[64];
    snprintf(path, sizeof path, "%s/%lld", power.folder, (long long)++power.copies);
    snprintf(own, sizeof own, "/proc/self/fd/%d", fd);
    int readable = open(own, O_RDONLY | O_CLOEXEC);
    ASSERT(readable >= 0);
    copy_bytes(readable, path);
    close(readable);
    fprintf(power.log, "file\t%llu\t%lld\n", (unsigned long long)found->st_ino,
            (long long)power.copies);
}

void power_note_sync(int fd) {
    struct stat found;
    int problem = errno;
    if (!begin())
        return;
    ASSERT(fstat(fd, &found) == 0);
    if (S_ISDIR(found.st_mode)) {
        fprintf(power.log, "folder\t%llu\n", (unsigned long long)found.st_ino);
        note_entries(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "name", "", false);
    } else if (S_ISREG(found.st_mode)) {
        note_file(fd, &found);
    }
    finish();
    errno = problem;
}

void power_note_rename(int folder_fd, const char *name) {
    struct stat found;
    int problem = errno;
    if (!begin())
        return;
    if (fstatat(folder_fd, name, &found, AT_SYMLINK_NOFOLLOW) == 0)
        fprintf(power.log, "renamed\t%llu\n", (unsigned long long)found.st_ino);
    finish();
    errno = problem;
}

void __wrap_crash_point(const char *name) {
    int problem = errno;
    if (begin()) {
        fprintf(power.log, "point\t%s\n", name);
        note_all("there");
        finish();
    }
    errno = problem;
    __real_crash_point(name);
}
