#include "base/base.h"

_Noreturn void base_assert_failed(const char *claim, const char *file, int line) {
    fprintf(stderr, "weir: internal error: %s:%d: not true: %s\n", file, line, claim);
    fflush(stderr);
    abort();
}
