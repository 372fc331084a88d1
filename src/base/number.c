#include "base/number.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <time.h>

enum { US_PER_SECOND = 1000000 };

typedef struct unit {
    const char *name;
    int64_t factor;
} unit;

static const unit BYTE_UNITS[] = {
    {"", 1},
    {"B", 1},
    {"KB", 1000},
    {"MB", 1000000},
    {"GB", 1000000000},
    {"TB", 1000000000000},
    {"PB", 1000000000000000},
    {"KiB", INT64_C(1) << 10},
    {"MiB", INT64_C(1) << 20},
    {"GiB", INT64_C(1) << 30},
    {"TiB", INT64_C(1) << 40},
    {"PiB", INT64_C(1) << 50},
};

static const unit TIME_UNITS[] = {
    {"us", 1},
    {"ms", 1000},
    {"s", US_PER_SECOND},
    {"m", INT64_C(60) * US_PER_SECOND},
    {"h", INT64_C(3600) * US_PER_SECOND},
    {"d", INT64_C(86400) * US_PER_SECOND},
};

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool number_int64(const char *text, int64_t *result) {
    if (!is_digit(text[0]) && !(text[0] == '-' && is_digit(text[1])))
        return false;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0')
        return false;
    *result = value;
    return true;
}

bool number_uint64(const char *text, uint64_t *result) {
    if (!is_digit(text[0]))
        return false;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || *end != '\0')
        return false;
    *result = value;
    return true;
}

bool number_double(const char *text, double *result) {
    /* strtod also takes spaces, hexadecimal, "inf" and "nan". */
    if (text[0] == '\0' || text[strspn(text, "0123456789+-.eE")] != '\0' || text[0] == '+')
        return false;
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    ASSERT(plain != (locale_t)0);
    char *end;
    double value = strtod_l(text, &end, plain);
    freelocale(plain);
    if (end == text || *end != '\0' || !isfinite(value))
        return false;
    *result = value;
    return true;
}

/* Digits and one of the units. */
static bool parse_amount(const char *text, const unit *units, size_t unit_count, int64_t *result) {
    int64_t value = 0;
    const char *at = text;
    for (; is_digit(*at); at++)
        if (__builtin_mul_overflow(value, 10, &value)
            || __builtin_add_overflow(value, *at - '0', &value))
            return false;
    if (at == text)
        return false;
    for (size_t i = 0; i < unit_count; i++) {
        if (strcmp(at, units[i].name) != 0)
            continue;
        if (__builtin_mul_overflow(value, units[i].factor, &value))
            return false;
        *result = value;
        return true;
    }
    return false;
}

bool number_bytes(const char *text, int64_t *result) {
    return parse_amount(text, BYTE_UNITS, ARRAY_SIZE(BYTE_UNITS), result);
}

bool number_duration(const char *text, int64_t *result_us) {
    return parse_amount(text, TIME_UNITS, ARRAY_SIZE(TIME_UNITS), result_us);
}

/* Exactly count digits at *at, which moves behind them. */
static bool take_digits(const char **at, int count, int *value) {
    *value = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (!is_digit(**at))
            return false;
        *value = *value * 10 + (**at - '0');
    }
    return true;
}

static bool take_char(const char **at, char wanted) {
    if (**at != wanted)
        return false;
    (*at)++;
    return true;
}

static bool take_date(const char **at, struct tm *parts) {
    int year, month;
    if (!take_digits(at, 4, &year) || !take_char(at, '-') || !take_digits(at, 2, &month)
        || !take_char(at, '-') || !take_digits(at, 2, &parts->tm_mday))
        return false;
    parts->tm_year = year - 1900;
    parts->tm_mon = month - 1;
    return true;
}

static bool take_clock(const char **at, struct tm *parts) {
    return take_digits(at, 2, &parts->tm_hour) && take_char(at, ':')
           && take_digits(at, 2, &parts->tm_min) && take_char(at, ':')
           && take_digits(at, 2, &parts->tm_sec) && parts->tm_hour < 24 && parts->tm_min < 60
           && parts->tm_sec < 60;
}

/* What is finer than a microsecond is dropped. */
static bool take_fraction(const char **at, int64_t *us) {
    *us = 0;
    if (!take_char(at, '.'))
        return true;
    if (!is_digit(**at))
        return false;
    for (int64_t weight = US_PER_SECOND / 10; is_digit(**at); (*at)++, weight /= 10)
        *us += (**at - '0') * weight;
    return true;
}

static bool take_zone(const char **at, int64_t *offset_seconds) {
    *offset_seconds = 0;
    if (**at == '\0' || take_char(at, 'Z') || take_char(at, 'z'))
        return true;
    int64_t sign = **at == '-' ? -1 : 1;
    int hours, minutes;
    if (!take_char(at, '+') && !take_char(at, '-'))
        return false;
    if (!take_digits(at, 2, &hours) || !take_char(at, ':') || !take_digits(at, 2, &minutes))
        return false;
    *offset_seconds = sign * (hours * INT64_C(3600) + minutes * INT64_C(60));
    return hours < 24 && minutes < 60;
}

/* timegm moves February 30th to March instead of refusing it, so look whether the date stayed. */
static bool to_seconds(const struct tm *parts, int64_t *seconds) {
    struct tm moved = *parts;
    *seconds = timegm(&moved);
    return moved.tm_mon == parts->tm_mon && moved.tm_mday == parts->tm_mday;
}

static bool parse_rfc3339(const char *text, int64_t *result_us) {
    struct tm parts = {0};
    int64_t seconds, offset = 0, us = 0;
    if (!take_date(&text, &parts))
        return false;
    if (*text != '\0') {
        if (!take_char(&text, 'T') && !take_char(&text, 't') && !take_char(&text, ' '))
            return false;
        if (!take_clock(&text, &parts) || !take_fraction(&text, &us) || !take_zone(&text, &offset))
            return false;
    }
    if (*text != '\0' || !to_seconds(&parts, &seconds))
        return false;
    *result_us = (seconds - offset) * US_PER_SECOND + us;
    return true;
}

bool number_time(const char *text, int64_t *result_us) {
    int64_t value;
    if (!number_int64(text, &value))
        return parse_rfc3339(text, result_us);
    if (__builtin_mul_overflow(value, US_PER_SECOND, &value))
        return false;
    *result_us = value;
    return true;
}

void time_text(int64_t time_us, char buffer[TIME_TEXT_SIZE]) {
    time_t seconds = time_us / US_PER_SECOND;
    int64_t us = time_us % US_PER_SECOND;
    if (us < 0) {
        us += US_PER_SECOND;
        seconds--;
    }
    struct tm parts;
    ASSERT(gmtime_r(&seconds, &parts) != NULL);
    int size =
        snprintf(buffer, TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", parts.tm_year + 1900,
                 parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
    ASSERT(size > 0 && size < TIME_TEXT_SIZE);
    size_t room = (size_t)(TIME_TEXT_SIZE - size);
    if (us == 0)
        snprintf(buffer + size, room, "Z");
    else
        snprintf(buffer + size, room, ".%06dZ", (int)us);
}
