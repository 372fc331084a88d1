/* span: what a written window or as_of map ties together. Pure.
 *
 * Rows of such an input are kept under the partition that they stand at themselves, their base
 * partition; a partition of the reader reads several of these, or the newest. So a unit's feeds
 * stay as few as it has dates, however wide the window. Not for maps under which a partition reads
 * its own rows: those need no span. */
#ifndef WEIR_SCHEMA_SPAN_H
#define WEIR_SCHEMA_SPAN_H

#include "schema/type.h"

enum {
    SPAN_PARTITIONS_MAX = 4000, /* that one partition reads through a window */
    SPAN_BOUND_MAX = 1000000,   /* how far a window is from the partition at the most */
};

typedef enum span_kind {
    SPAN_WINDOW, /* base partitions in a range around the partition */
    SPAN_AS_OF,  /* the newest base partition at or before it */
} span_kind;

/* Which partitions of the reader there must be because of a base partition, with rows or not. */
typedef enum span_creates {
    SPAN_CREATES_NONE, /* other inputs make them */
    SPAN_CREATES_OWN,  /* the one with the same values */
    SPAN_CREATES_ALL,  /* every one that reads it */
} span_creates;

typedef struct span {
    span_kind kind;
    strings by;       /* the reader's partition columns */
    strings base;     /* those that a base partition has, the one that moves last */
    const char *type; /* of the one that moves: canonical SQL */
    bool in_months;   /* the bounds count months; else days of dates, and units of numbers */
    int64_t from, to; /* SPAN_WINDOW: inclusive */
    bool only_newest; /* SPAN_AS_OF: of several units at one base partition the one that landed last
                         counts, because each is the whole */
    span_creates creates;
} span;

/* May partitions of a column of this type be counted from each other, or put in order? */
bool span_takes(span_kind kind, const char *type, bool in_months);
/* How many base partitions a partition reads at the most. */
int64_t span_width(const span *s);

/* One line of JSON, and back. E_DATA for a text that was not made here. */
char *span_text(const span *s, arena *a);
CHECKED status span_from_text(const char *text, arena *a, span *ret, error *err);

/* The base partition with the partition's own values. E_USAGE when the text is no partition of the
 * reader. */
CHECKED status span_own(const span *s, const char *partition, arena *a, const char **ret,
                        error *err);
/* SPAN_WINDOW: the base partitions that a partition reads, and the partitions that read a base
 * partition, sorted. A NULL, or a value that is not counted from others, reads only itself. */
CHECKED status span_reads(const span *s, const char *partition, arena *a, strings *ret, error *err);
CHECKED status span_read_by(const span *s, const char *base, arena *a, strings *ret, error *err);

/* SPAN_AS_OF: base partitions are in the order of their texts as long as these begin with the same
 * prefix, which ends where the moving value begins. NULL when the partition has none there: then it
 * reads nothing. E_DATA for a value that texts do not order. */
CHECKED status span_prefix(const span *s, const char *partition, arena *a, const char **ret,
                           error *err);

/* The prefix that a base partition begins with; NULL when its moving value is. */
char *span_base_prefix(const char *base, arena *a);

#endif
