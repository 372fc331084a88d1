#include "ledger/owner.h"

#include "base/number.h"
#include "base/path.h"

#include <inttypes.h>
#include <unistd.h>

enum { PROC_SIZE_MAX = 1 << 16, START_TIME_FIELD = 22, FIRST_FIELD_AFTER_NAME = 3 };

/* Empty when it cannot be read: then all owners look alike in it. */
static const char *boot_id(arena *a) {
    char *text;
    if (file_read("/proc/sys/kernel/random/boot_id", PROC_SIZE_MAX, a, &text, NULL, NULL) != OK)
        return "-";
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static const char *process_namespace(arena *a) {
    char text[64];
    ssize_t size = readlink("/proc/self/ns/pid", text, sizeof text);
    return size < 0 ? "-" : arena_strndup(a, text, (size_t)size);
}

/* Field 22 of /proc/<pid>/stat, in ticks since the machine's start. Field 2 is the program's
 * name in brackets and may hold anything, so fields are counted from the last bracket. */
static const char *start_time(int64_t pid, arena *a) {
    char *text;
    const char *path = arena_printf(a, "/proc/%" PRId64 "/stat", pid);
    if (file_read(path, PROC_SIZE_MAX, a, &text, NULL, NULL) != OK)
        return NULL;
    const char *bracket = strrchr(text, ')');
    if (bracket == NULL || bracket[1] != ' ')
        return NULL;
    strings fields = str_split(a, bracket + 2, ' ');
    size_t wanted = START_TIME_FIELD - FIRST_FIELD_AFTER_NAME;
    return fields.count > wanted ? fields.items[wanted] : NULL;
}

static char *describe(arena *a, int64_t pid, const char *started) {
    return arena_printf(a, "%s %s %" PRId64 " %s", boot_id(a), process_namespace(a), pid, started);
}

char *owner_self(arena *a) {
    const char *started = start_time(getpid(), a);
    return describe(a, getpid(), started == NULL ? "-" : started);
}

owner_life owner_look(const char *process, owner_machines machines, arena *a) {
    strings parts = str_split(a, process, ' ');
    int64_t pid;
    if (parts.count != 4 || !number_int64(parts.items[2], &pid))
        return OWNER_DEAD;
    if (!str_eq(parts.items[0], boot_id(a)))
        return machines == OWNER_OF_ANY_MACHINE ? OWNER_UNKNOWN : OWNER_DEAD;
    if (!str_eq(parts.items[1], process_namespace(a)))
        return OWNER_UNKNOWN;
    const char *started = start_time(pid, a);
    return started != NULL && str_eq(started, parts.items[3]) ? OWNER_ALIVE : OWNER_DEAD;
}
