#include "lake/sql_names.h"

#include <strings.h>

/* Every table here ends with NULL and is small: a search from the front is quick enough. */
static bool is_listed(const char *const *names, const char *name) {
    for (; *names; names++) {
        if (strcasecmp(*names, name) == 0)
            return true;
    }
    return false;
}

static const char *const FREE_AGGREGATES[] = {
    "bit_and",      "bit_or",  "bit_xor",    "bool_and",   "bool_or", "bitstring_agg", "count",
    "count_if",     "countif", "count_star", "cume_dist",  "max",     "min",           "dense_rank",
    "percent_rank", "rank",    "rank_dense", "regr_count", NULL,
};

static const char *const NUMERIC_AGGREGATES[] = {
    "sum",           "avg",           "mean", "sum_no_overflow", "median", "quantile",
    "quantile_cont", "quantile_disc", NULL,
};

static const char *const ORDERED_AGGREGATES[] = {
    "any_value",
    "approx_count_distinct",
    "approx_quantile",
    "approx_top_k",
    "arbitrary",
    "arg_max",
    "arg_max_null",
    "arg_max_nulls_last",
    "arg_min",
    "arg_min_null",
    "arg_min_nulls_last",
    "argmax",
    "argmin",
    "array_agg",
    "corr",
    "covar_pop",
    "covar_samp",
    "entropy",
    "favg",
    "fill",
    "first",
    "first_value",
    "fsum",
    "geomean",
    "geometric_mean",
    "group_concat",
    "histogram",
    "histogram_exact",
    "json_group_array",
    "json_group_object",
    "json_group_structure",
    "kahan_sum",
    "kurtosis",
    "kurtosis_pop",
    "lag",
    "last",
    "last_value",
    "lead",
    "list",
    "listagg",
    "mad",
    "max_by",
    "min_by",
    "mode",
    "nth_value",
    "ntile",
    "product",
    "regr_avgx",
    "regr_avgy",
    "regr_intercept",
    "regr_r2",
    "regr_slope",
    "regr_sxx",
    "regr_sxy",
    "regr_syy",
    "reservoir_quantile",
    "row_number",
    "sem",
    "skewness",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "string_agg",
    "sumkahan",
    "var_pop",
    "var_samp",
    "variance",
    "wavg",
    "weighted_avg",
    NULL,
};

static const char *const UNNESTING[] = {
    "unnest", "unlist", "generate_subscripts", "regexp_split_to_table", NULL,
};

static const char *const TABLE_FUNCTIONS[] = {
    "unnest", "range", "generate_series", "json_each", "json_tree", "repeat", "repeat_row", NULL,
};

static const char *const TIMED[] = {
    "now",
    "today",
    "ago",
    "current_date",
    "current_time",
    "current_timestamp",
    "get_current_time",
    "get_current_timestamp",
    "current_localtime",
    "current_localtimestamp",
    "localtime",
    "localtimestamp",
    "transaction_timestamp",
    "statement_timestamp",
    "clock_timestamp",
    "sleep_ms",
    NULL,
};

static const char *const RANDOM[] = {
    "random", "setseed", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", NULL,
};

static const char *const STATEFUL[] = {
    "nextval",
    "currval",
    "current_setting",
    "getvariable",
    "getenv",
    "current_database",
    "current_schema",
    "current_schemas",
    "current_catalog",
    "current_query",
    "current_query_id",
    "current_connection_id",
    "current_transaction_id",
    "txid_current",
    "current_user",
    "current_role",
    "session_user",
    "user",
    "in_search_path",
    "version",
    "write_log",
    "stats",
    "get_block_size",
    "col_description",
    "obj_description",
    "shobj_description",
    "format_type",
    "format_pg_type",
    "inet_client_addr",
    "inet_client_port",
    "inet_server_addr",
    "inet_server_port",
    "which_secret",
    "json_execute_serialized_sql",
    NULL,
};

static const char *const FILES_AND_TEXT[] = {
    "query",
    "query_table",
    "glob",
    "read_text",
    "read_blob",
    "read_csv",
    "read_csv_auto",
    "read_parquet",
    "parquet_scan",
    "read_json",
    "read_json_auto",
    "read_ndjson",
    "read_ndjson_auto",
    "read_avro",
    "read_xlsx",
    "read_duckdb",
    "sniff_csv",
    "iceberg_scan",
    "delta_scan",
    "sqlite_scan",
    "postgres_scan",
    "postgres_query",
    "mysql_scan",
    "st_read",
    NULL,
};

/* user, current_user and their like are constants, and user is a likely column. */
static const char *const SPECIAL_NAMES[] = {
    "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp", NULL,
};

bool sql_is_aggregate(const char *function) {
    return is_listed(FREE_AGGREGATES, function) || is_listed(NUMERIC_AGGREGATES, function)
           || is_listed(ORDERED_AGGREGATES, function);
}

bool sql_is_unnest(const char *function) {
    return is_listed(UNNESTING, function);
}

bool sql_is_table_function(const char *function) {
    return is_listed(TABLE_FUNCTIONS, function);
}

static const sql_refusal BY_TIME = {
    "depends on when it runs",
    "Take the time from the data, or, as when a file landed, from file_land_timestamp of a "
    "source table.",
};
static const sql_refusal BY_CHANCE = {
    "gives something else at each run",
    "Make keys from the row's own columns, for example with md5(concat_ws('|', a, b)).",
};
static const sql_refusal BY_FILES = {
    "reads files or runs text that no input names",
    "Make the files a source table with a YAML file of its own and read layer.table.",
};
static const sql_refusal BY_SESSION = {
    "depends on the session or its settings",
    "Write the value itself, or take it from a table.",
};

static bool asks_catalog(const char *function) {
    if (strcasecmp(function, "pg_typeof") == 0 || strcasecmp(function, "pg_size_pretty") == 0)
        return false;
    return strncasecmp(function, "pg_", 3) == 0 || strncasecmp(function, "has_", 4) == 0;
}

const sql_refusal *sql_refusal_of(const char *function, size_t argument_count) {
    bool age_until_now = strcasecmp(function, "age") == 0 && argument_count == 1;
    if (is_listed(TIMED, function) || age_until_now)
        return &BY_TIME;
    if (is_listed(RANDOM, function))
        return &BY_CHANCE;
    if (is_listed(FILES_AND_TEXT, function))
        return &BY_FILES;
    if (is_listed(STATEFUL, function) || asks_catalog(function))
        return &BY_SESSION;
    return NULL;
}

bool sql_is_special_name(const char *name) {
    return is_listed(SPECIAL_NAMES, name);
}

sql_order sql_order_of(const char *function) {
    if (is_listed(NUMERIC_AGGREGATES, function))
        return ORDER_BY_TYPE;
    return is_listed(ORDERED_AGGREGATES, function) ? ORDER_MATTERS : ORDER_FREE;
}
