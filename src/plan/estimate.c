#include "plan/estimate.h"

#include <math.h>
#include <stdlib.h>

/* A line through fewer points, or through points close together, would follow chance. */
enum { LINE_STEPS_MIN = 3, LINE_SPREAD_MIN = 2 };

typedef struct sums {
    double n, x, y, xx, xy; /* x: partitions, y: micros */
    double written, bytes;
    int64_t least, most;
} sums;

static sums add_up(const estimate_step *steps, size_t count) {
    sums s = {.least = INT64_MAX};
    for (size_t i = 0; i < count; i++) {
        double x = (double)steps[i].partitions, y = (double)steps[i].micros;
        s.n += 1;
        s.x += x;
        s.y += y;
        s.xx += x * x;
        s.xy += x * y;
        s.written += (double)steps[i].written;
        s.bytes += (double)steps[i].bytes;
        s.least = steps[i].partitions < s.least ? steps[i].partitions : s.least;
        s.most = steps[i].partitions > s.most ? steps[i].partitions : s.most;
    }
    return s;
}

/* Least squares; costs below zero are chance. */
static void fit_line(const sums *s, estimate *e) {
    double spread = s->n * s->xx - s->x * s->x;
    double each = (s->n * s->xy - s->x * s->y) / spread;
    double base = (s->y - each * s->x) / s->n;
    if (each < 0 || base < 0)
        return;
    e->each_us = each;
    e->base_us = base;
}

estimate estimate_learn(const estimate_step *steps, size_t count) {
    estimate e = {.steps = count};
    sums s = add_up(steps, count);
    if (count == 0)
        return e;
    e.each_us = s.y / s.x;
    e.each_bytes = s.written > 0 ? s.bytes / s.written : 0;
    if (count >= LINE_STEPS_MIN && s.most >= LINE_SPREAD_MIN * s.least)
        fit_line(&s, &e);
    return e;
}

int64_t estimate_micros(const estimate *e, int64_t partitions) {
    return partitions == 0 ? 0 : (int64_t)llround(e->base_us + e->each_us * (double)partitions);
}

int64_t estimate_bytes(const estimate *e, int64_t partitions) {
    return (int64_t)llround(e->each_bytes * (double)partitions);
}

static void add_error(arena *a, int64_t foretold, int64_t truth, estimate_errors *into) {
    if (truth > 0)
        vec_push(a, into, fabs((double)(foretold - truth)) / (double)truth);
}

void estimate_look_back(const estimate_step *steps, size_t count, arena *a, estimate_errors *micros,
                        estimate_errors *bytes) {
    for (size_t i = 1; i < count; i++) {
        estimate e = estimate_learn(steps, i);
        add_error(a, estimate_micros(&e, steps[i].partitions), steps[i].micros, micros);
        add_error(a, estimate_bytes(&e, steps[i].written), steps[i].bytes, bytes);
    }
}

static int by_size(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

double estimate_median(estimate_errors *errors) {
    if (errors->count == 0)
        return 0;
    qsort(errors->items, errors->count, sizeof *errors->items, by_size);
    return errors->items[errors->count / 2];
}
