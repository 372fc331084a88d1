/* list-store: how a store lists and removes, for bench/listing.py: list-store STORE PREFIX.
 *
 * Prints keys, requests, seconds and the most memory that it had, as one JSON object. */
#include "store/store.h"

#include "base/clock.h"

#include <sys/resource.h>

int main(int argc, char **argv) {
    ARENA_AUTO a = arena_new();
    store *s = NULL;
    error err = {0};
    store_objects found = {0};
    struct rusage used = {0};
    if (argc != 3)
        return 2;
    int64_t begun_us = clock_monotonic_us(&CLOCK_SYSTEM);
    status listed = store_open(argv[1], &s, &err);
    if (listed == OK)
        listed = store_list(s, argv[2], a, &found, &err);
    double seconds = (double)(clock_monotonic_us(&CLOCK_SYSTEM) - begun_us) / 1e6;
    getrusage(RUSAGE_SELF, &used);
    if (listed == OK)
        printf("{\"keys\":%zu,\"requests\":%lld,\"seconds\":%.3f,\"megabytes\":%.1f}\n",
               found.count, (long long)store_requests(s), seconds, (double)used.ru_maxrss / 1e3);
    else
        fprintf(stderr, "error: %s\n", err.message);
    store_close(s);
    return listed == OK ? 0 : 1;
}
