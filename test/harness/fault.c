#include "fault.h"

#include "base/number.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const LAYERS[] = {"store", "db", "system"};

static const struct {
    const char *name;
    int value;
} REASONS[] = {{"ENOSPC", ENOSPC}, {"EIO", EIO}, {"EACCES", EACCES}, {"EBUSY", EBUSY}};

/* What the environment asks for, read once: a test's own state. */
static struct {
    bool read;
    const char *log;
    int layer; /* -1: nothing fails */
    int64_t at;
    int64_t calls[ARRAY_SIZE(LAYERS)];
    int reason;
    fault how;
} asked;

static int reason_of(const char *name) {
    size_t i = 0;
    while (i < ARRAY_SIZE(REASONS) && !str_eq(REASONS[i].name, name))
        i++;
    ASSERT(i < ARRAY_SIZE(REASONS));
    return REASONS[i].value;
}

static void read_what_fails(const char *text) {
    ARENA_AUTO a = arena_new();
    strings parts = str_split(a, text, ':');
    ASSERT(parts.count == 3 || parts.count == 4);
    for (size_t i = 0; i < ARRAY_SIZE(LAYERS); i++)
        if (str_eq(parts.items[0], LAYERS[i]))
            asked.layer = (int)i;
    ASSERT(asked.layer >= 0 && number_int64(parts.items[1], &asked.at));
    asked.reason = reason_of(parts.items[2]);
    asked.how = parts.count == 4 ? FAULT_AFTER : FAULT_BEFORE;
}

static void read_environment(void) {
    if (asked.read)
        return;
    const char *at = getenv("WEIR_FAIL_AT");
    asked.read = true;
    asked.layer = -1;
    asked.log = getenv("WEIR_FAULT_LOG");
    if (at != NULL)
        read_what_fails(at);
}

void fault_ask(const char *at) {
    read_environment();
    memset(asked.calls, 0, sizeof asked.calls);
    asked.layer = -1;
    if (at != NULL)
        read_what_fails(at);
}

bool fault_is_asked_for(void) {
    read_environment();
    return asked.layer >= 0 || asked.log != NULL;
}

/* By the system's own calls: those of libc are wrapped. */
static void note(const char *layer, const char *call, const char *subject) {
    if (asked.log == NULL)
        return;
    ARENA_AUTO a = arena_new();
    const char *line = arena_printf(a, "%s\t%s\t%s\n", layer, call, str_printable(a, subject));
    long fd = syscall(SYS_openat, AT_FDCWD, asked.log, O_WRONLY | O_CREAT | O_APPEND, 0666);
    ASSERT(fd >= 0 && syscall(SYS_write, fd, line, strlen(line)) == (long)strlen(line));
    syscall(SYS_close, fd);
}

fault fault_next(fault_layer layer, const char *call, const char *subject, int *ret_errno) {
    int problem = errno;
    read_environment();
    note(LAYERS[layer], call, subject);
    errno = problem;
    if (asked.layer != (int)layer || ++asked.calls[layer] != asked.at)
        return FAULT_NONE;
    *ret_errno = asked.reason;
    return asked.how;
}
