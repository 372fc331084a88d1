/* filter: which partitions of a table are meant: by a range of its time column, or by their values.
 *
 * Pure: whoever asks says what the present is, once. Not for choosing tables: lake_select. */
#ifndef WEIR_PLAN_FILTER_H
#define WEIR_PLAN_FILTER_H

#include "base/error.h"
#include "lake/lake.h"

/* One end of a range. */
typedef struct plan_moment {
    bool given;
    bool is_ago; /* it was told as a length of time: of a date, the whole day is meant */
    int64_t us;
} plan_moment;

typedef struct plan_filter {
    plan_moment from, to; /* half-open, on the first partition column with dates or timestamps */
    strings partitions;   /* each "event_date=2024-05-22", or more columns joined by '/', or "()";
                             empty: any */
} plan_filter;

/* "2024-05-22", "2024-05-22T18:00:00Z", or "7d": so long before now_us. E_USAGE. */
CHECKED status plan_moment_read(const char *text, int64_t now_us, plan_moment *ret, error *err);

/* Is it written as a partition's values are? E_USAGE. */
CHECKED status plan_filter_check(const char *partition, error *err);

/* Has the table the columns that are asked for? */
bool plan_filter_applies(const plan_filter *f, const lake_table *t);

/* Is the partition meant? False when the filter does not apply to its table. NULL and what is not
 * a time are in no range. */
bool plan_filter_takes(const plan_filter *f, const lake_table *t, const char *partition);

/* The time of a partition, by the column that ranges are on. False: it has none. */
bool plan_partition_time(const lake_table *t, const char *partition, int64_t *ret_us);

#endif
