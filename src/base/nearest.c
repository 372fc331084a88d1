#include "base/str.h"

/* Names are short; what is longer than this has no useful neighbour. */
enum { COMPARED_SIZE_MAX = 80 };

typedef size_t distance_row[COMPARED_SIZE_MAX + 1];

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

/* One row of the table of distances between the prefixes of a and b (optimal string alignment:
 * insertion, removal, replacement, and the swap of two neighbours cost one each). */
static void fill_row(distance_row rows[3], const char *a, size_t i, const char *b, size_t b_size) {
    const size_t *before = rows[(i + 1) % 3], *last = rows[(i + 2) % 3];
    size_t *row = rows[i % 3];
    row[0] = i;
    for (size_t j = 1; j <= b_size; j++) {
        size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
        row[j] = smaller(replaced, smaller(last[j], row[j - 1]) + 1);
        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
            row[j] = smaller(row[j], before[j - 2] + 1);
    }
}

static size_t distance(const char *a, size_t a_size, const char *b, size_t b_size) {
    distance_row rows[3] = {0};
    for (size_t j = 0; j <= b_size; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_size; i++)
        fill_row(rows, a, i, b, b_size);
    return rows[a_size % 3][b_size];
}

const char *str_nearest(const char *text, const strings *candidates) {
    const char *nearest = NULL;
    size_t nearest_distance = SIZE_MAX;
    size_t text_size = strlen(text);
    for (size_t i = 0; i < candidates->count; i++) {
        size_t size = strlen(candidates->items[i]);
        size_t longest = larger(size, text_size);
        if (longest > COMPARED_SIZE_MAX)
            continue;
        size_t found = distance(text, text_size, candidates->items[i], size);
        if (found <= longest / 3 && found < nearest_distance) {
            nearest = candidates->items[i];
            nearest_distance = found;
        }
    }
    return nearest;
}
