#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <sys/random.h>
#include <time.h>

static int64_t read_clock(clockid_t id) {
    struct timespec now;
    ASSERT(clock_gettime(id, &now) == 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t system_now_us(void *state) {
    (void)state;
    return read_clock(CLOCK_REALTIME);
}

static int64_t system_monotonic_us(void *state) {
    (void)state;
    return read_clock(CLOCK_MONOTONIC);
}

static void system_random(void *state, void *bytes, size_t size) {
    (void)state;
    char *at = bytes;
    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);
        ASSERT(got > 0 || errno == EINTR);
        if (got <= 0)
            continue;
        at += got;
        size -= (size_t)got;
    }
}

static void system_wait(void *state, int64_t ms) {
    (void)state;
    poll(NULL, 0, ms > INT32_MAX ? INT32_MAX : (int)ms);
}

const clock_source CLOCK_SYSTEM = {system_now_us, system_monotonic_us, system_random, system_wait,
                                   NULL};

int64_t clock_now_us(const clock_source *clock) {
    return clock->now_us(clock->state);
}

int64_t clock_monotonic_us(const clock_source *clock) {
    return clock->monotonic_us(clock->state);
}

void clock_random(const clock_source *clock, void *bytes, size_t size) {
    clock->random(clock->state, bytes, size);
}

void clock_wait(const clock_source *clock, int64_t ms) {
    if (ms > 0)
        clock->wait(clock->state, ms);
}

enum { ID_BYTES = 16, ID_TIME_BYTES = 6, ID_BITS_PER_CHAR = 5 };

/* 128 bits as 26 characters of 5 bits, the first of which is short of two bits. */
static void encode_id(const unsigned char bytes[ID_BYTES], char id[ID_TEXT_SIZE]) {
    static const char ALPHABET[] = "0123456789abcdefghjkmnpqrstvwxyz";
    unsigned __int128 value = 0;
    for (int i = 0; i < ID_BYTES; i++)
        value = value << 8 | bytes[i];
    for (int i = ID_TEXT_SIZE - 2; i >= 0; i--, value >>= ID_BITS_PER_CHAR)
        id[i] = ALPHABET[(unsigned)value & 31];
    id[ID_TEXT_SIZE - 1] = '\0';
}

void clock_new_id(const clock_source *clock, char id[ID_TEXT_SIZE]) {
    unsigned char bytes[ID_BYTES];
    int64_t now_us = clock_now_us(clock);
    uint64_t ms = now_us < 0 ? 0 : (uint64_t)now_us / 1000;
    for (int i = ID_TIME_BYTES - 1; i >= 0; i--, ms >>= 8)
        bytes[i] = (unsigned char)(ms & 0xFF);
    clock_random(clock, bytes + ID_TIME_BYTES, ID_BYTES - ID_TIME_BYTES);
    encode_id(bytes, id);
}
