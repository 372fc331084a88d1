/* filter: which partitions of a table are meant: by a range of one column, or by their values.
 *
 * A range is on the first partition column with dates or timestamps; a table without one has it on
 * its first with whole numbers or text. Pure: whoever asks says what the present is, once. Not for
 * choosing tables: lake_select. */
#ifndef WEIR_PLAN_FILTER_H
#define WEIR_PLAN_FILTER_H

#include "base/error.h"
#include "lake/lake.h"

/* One end of a range, in each sense that its text has. */
typedef struct plan_moment {
    const char *text; /* borrowed; NULL: not given */
    bool is_time, is_number;
    bool is_ago;     /* a length of time: of a date, the whole day is meant */
    int64_t us;      /* of a time */
    int64_t wall_us; /* of a time without a zone; us, unless it is so long ago */
    int64_t number;
} plan_moment;

/* The present, as a time and as what a clock on the wall of the lake's zone shows then. */
typedef struct plan_present {
    int64_t us, wall_us;
} plan_present;

typedef struct plan_filter {
    plan_moment from, to; /* half-open */
    strings partitions;   /* each "event_date=2024-05-22", or more columns joined by '/', or "()";
                             empty: any */
} plan_filter;

/* "2024-05-22", "2024-05-22T18:00:00Z", "7d": so long before the present; or a whole number or a
 * text for columns with such. */
plan_moment plan_moment_read(const char *text, plan_present now);

/* Is there nothing from the one to the other, whatever column they are for? */
bool plan_range_is_empty(const plan_moment *from, const plan_moment *to);

/* E_USAGE when the table has a column for ranges, but one of other values than are given. */
CHECKED status plan_filter_check_range(const plan_filter *f, const lake_table *t, error *err);

/* Is it written as a partition's values are? E_USAGE. */
CHECKED status plan_filter_check(const char *partition, error *err);

/* Has the table the columns that are asked for, with values of that kind? */
bool plan_filter_applies(const plan_filter *f, const lake_table *t);

/* Is the partition meant? False when the filter does not apply to its table. NULL and what is
 * no value of its column are in no range. */
bool plan_filter_takes(const plan_filter *f, const lake_table *t, const char *partition);

/* The time of a partition, by its first column with dates or timestamps. False: it has none. */
bool plan_partition_time(const lake_table *t, const char *partition, int64_t *ret_us);

#endif
