/* lake: lake.yaml and tables/ as one validated model.
 *
 * Loading reads the definition, checks every key against keys.c's table, resolves inputs, maps and
 * result columns, and orders tables so that inputs come first. A model that loads is right: later
 * code never checks it again. Not for data, deliveries or versions: those are the ledger's. */
#ifndef WEIR_LAKE_LAKE_H
#define WEIR_LAKE_LAKE_H

#include "lake/sql.h"
#include "schema/type.h"

/* What other programs read a derived table by, in the order of the words. */
typedef enum lake_projection {
    PROJECTION_AUTO, /* hive in a folder, manifest in a bucket */
    PROJECTION_NONE,
    PROJECTION_HIVE,     /* a directory tree of the files */
    PROJECTION_MANIFEST, /* lists of the files, one per partition */
} lake_projection;

typedef struct lake_layer {
    const char *name;
    const char *store; /* where its tables are, absolute or s3://…: <store>/<layer>, or its own */
    bool has_own_store;
} lake_layer;

typedef enum lake_format {
    FORMAT_BY_EXTENSION,
    FORMAT_CSV,
    FORMAT_JSON,
    FORMAT_PARQUET,
    FORMAT_OPAQUE
} lake_format;
typedef enum lake_absent { ABSENT_FAIL, ABSENT_NULL } lake_absent;
typedef enum lake_extra { EXTRA_FAIL, EXTRA_KEEP, EXTRA_DROP } lake_extra;
typedef enum lake_redelivery {
    REDELIVERY_SUPERSEDE,
    REDELIVERY_KEEP_BOTH,
    REDELIVERY_REJECT
} lake_redelivery;
typedef enum lake_land_time { LAND_TIME_UPLOADED, LAND_TIME_ACCEPTED } lake_land_time;
typedef enum lake_unknown { UNKNOWN_REPORT, UNKNOWN_FAIL, UNKNOWN_IGNORE } lake_unknown;

typedef struct lake_csv {
    const char *delimiter; /* one character */
    const char *quote;     /* one character or "" for none */
    const char *encoding;  /* utf-8, latin-1, utf-16 */
    bool header;
    bool header_exact; /* header_case: exact; else names match whatever their case */
    strings null_values;
} lake_csv;

/* A declared column of a source table. */
typedef struct lake_column {
    const char *name;
    const char *type; /* canonical SQL type */
    bool nullable;
    strings aliases;     /* other header names that mean this column */
    const char *minimum; /* SQL literal text, NULL when none; inclusive */
    const char *maximum;
} lake_column;

typedef VEC(lake_column) lake_columns;

typedef struct lake_source {
    const char *land; /* relative to the lake's land root, safe */
    const char *was;  /* the table's */
    lake_format format;
    lake_csv csv;
    lake_columns columns; /* as declared; empty: every column of the file, as text for CSV */
    lake_absent missing_columns;
    lake_extra extra_columns;
    const char *from_path;   /* PCRE2 pattern over the path below land; NULL when none */
    strings from_path_names; /* its named groups: text columns after the declared ones */
    const char *identity;    /* PCRE2 pattern whose groups are the identity; NULL: the path */
    bool contents_full;      /* each delivery is the whole table */
    lake_redelivery on_redelivery;
    lake_land_time land_time;
    int64_t settle_us;
    int64_t rows_min;
    int64_t rows_max; /* -1: no limit */
    int64_t max_partitions_per_delivery;
    const char
        *fingerprint; /* of everything above that decides what is accepted and how it is read */
} lake_source;

struct lake_table;

typedef struct lake_input {
    const struct lake_table *table;
    sql_map map;                 /* kind is never MAP_NONE in a loaded model */
    const char *map_fingerprint; /* of kind, expressions and time zone: feeds are kept under it */
    const char *span; /* of a window or as_of map, as text: what one partition reads; NULL: none */
    bool reads_land_timestamp;     /* SQL names file_land_timestamp of a source table: only then its
                                    view has it, a BIGINT after the table's columns */
    bool reads_file;               /* … weir_file, a VARCHAR */
    bool reads_from_path;          /* … a from_path column, or has a * over it */
    bool map_reads_land_timestamp; /* the map's expressions name it, whatever the SQL does: it is
                                      there for them alone */
    bool map_reads_file;
} lake_input;

/* One thing that a derived table's content follows from: "sql", "columns", "map of raw.x", … A
 * map's hash takes in time zone and partition columns; alignment follows from SQL and maps, or from
 * Weir itself. */
#define LAKE_MAP_PART        "map of "
#define LAKE_TIMEZONE_PART   "timezone"
#define LAKE_PARTITIONS_PART "partition_by"
#define LAKE_ALIGNMENT_PART  "alignment"
#define LAKE_FILES_PART      "files"
typedef struct lake_code_part {
    const char *name;
    const char *hash;
} lake_code_part;
typedef VEC(lake_code_part) lake_code_parts;

/* A rule that each partition of a derived table must keep. */
typedef struct lake_check {
    bool is_unique; /* the values of the columns together, rows with a NULL aside; else not NULL */
    strings columns;
} lake_check;
typedef VEC(lake_check) lake_checks;

typedef struct lake_table {
    size_t index;     /* in lake->tables: inputs come before their readers */
    size_t layer;     /* in lake->layers */
    const char *name; /* "silver.province" */
    const char *short_name;
    const char *sql_file;  /* relative to the lake's folder, NULL for source tables */
    const char *yaml_file; /* NULL when there is none */
    const char *was;       /* the name it had before, of the same layer; NULL: none */
    lake_source *source;   /* NULL for derived tables */
    columns columns; /* of the table as readers see it; source: declared, then from_path names */
    strings partition_by; /* empty: unpartitioned, and always for source tables */

    /* Derived tables only. */
    const char *sql;
    lake_input *inputs;
    size_t input_count;
    bool aligned;             /* many partitions may share one pass */
    bool order_sensitive;     /* one single-threaded job per partition */
    const char *misalignment; /* why not aligned, for graph and errors */
    const char
        *fingerprint; /* of SQL, maps, columns, policy: what the memo key takes for the code */
    lake_code_parts code_parts; /* what the fingerprint is made of */
    int64_t file_target_bytes;
    const char *file_name; /* files: {count: 1, name: …}; NULL otherwise */
    lake_checks checks;
    lake_projection projection; /* never PROJECTION_AUTO once loaded */
    bool projects_by_place;     /* the definition leaves that to the layer's store */
} lake_table;

typedef struct lake {
    const char *dir; /* absolute */
    const char
        *land_bucket; /* land: s3://…; land is then where its files are fetched to; or NULL */
    const char *name;
    lake_layer *layers;
    size_t layer_count;
    const char *land;   /* absolute folder */
    const char *store;  /* absolute folder */
    const char *ledger; /* absolute path of a SQLite file, or postgresql://… with its secrets */
    const char *timezone;
    const char *code_version; /* as written or in WEIR_CODE_VERSION, else NULL: lake_code_version */
    const char *environment;  /* NULL: the default one */
    lake_unknown unknown_files;
    bool commit_per_table;
    int64_t worker_count, worker_threads, worker_memory_bytes;
    int64_t confirm_partitions, confirm_bytes; /* above this a change of code waits */
    int64_t retention_us;
    int64_t retention_keep;
    lake_table **tables;
    size_t table_count;
    const char *fingerprint; /* of the whole definition: unchanged means nothing to synchronise */
} lake;

typedef struct lake_options {
    const char *dir;          /* the folder that holds lake.yaml */
    const char *environment;  /* NULL: WEIR_ENV is the caller's business; then the default */
    const sql_engine *engine; /* may start its process when first asked: a cached load never asks */
    const char *engine_version; /* answers of another one are not taken from the cache; NULL: any */
    strings *variables; /* names of the environment variables that the definition names, which may
                           hold secrets: added to; NULL: nobody wants to know */
    bool use_cache; /* keep the engine's answers in <dir>/.weir/cache/, by the question's hash */
} lake_options;

/* Find the folder with lake.yaml, from start upwards. E_DEFINITION with the hint `weir init`. */
CHECKED status lake_find(const char *start, arena *a, char **ret_dir, error *err);

/* Load and validate. The first error by file name is returned, with file (relative to dir), line
 * and column; errors, when not NULL, collects all of them (for `weir validate`). The model lives in
 * the arena. E_DEFINITION; E_USAGE for an unknown environment; the engine's own failures. */
typedef VEC(error) errors;
CHECKED status lake_load(const lake_options *options, arena *a, lake **ret, errors *all,
                         error *err);

/* May one job build many of its partitions, in any order of rows? */
bool lake_builds_together(const lake_table *t);
/* Does such a table read this one? */
bool lake_is_read_together(const lake *l, const lake_table *t);

const lake_table *lake_table_find(const lake *l, const char *name); /* NULL when there is none */
/* E_USAGE naming the nearest table. */
CHECKED status lake_table_need(const lake *l, const char *name, const lake_table **ret, error *err);

/* The version of the definition that a run records: the key, WEIR_CODE_VERSION, or what
 * `git describe --always --dirty` says (a process: ask only when something is recorded). "unknown"
 * when nobody can tell. */
const char *lake_code_version(const lake *l, arena *a);

/* Where a table's files are, absolute: <layer store>/<short name>. */
char *lake_table_dir(const lake *l, const lake_table *t, arena *a);
/* Where deliverers write: a folder or s3://…; borrowed from l. */
const char *lake_delivered_to(const lake *l);

/* A place as lake.yaml or somebody names it: an absolute path, from dir on, or the address of a
 * bucket; without a slash at its end. */
char *lake_place(arena *a, const char *dir, const char *text);
bool lake_place_is_bucket(const char *place);
/* Is it the other one, or somewhere in it? */
bool lake_place_inside(arena *a, const char *place, const char *other);
/* What is made for plain readers in a store there, where nothing else is wanted. */
lake_projection lake_projection_at(const char *store);

/* Which layer a table is of, by its name, also when it is no longer defined. False: none's. */
bool lake_layer_of(const lake *l, const char *table, size_t *ret);

/* The same lake with what is at `from`, its store or that of a layer, at `to`; both as lake_place
 * gives them. Shares what did not move with l. Layers with a store of their own do not move with
 * the lake's. E_USAGE: nothing is at from; to is not apart from the lake's other places. */
CHECKED status lake_elsewhere(const lake *l, const char *from, const char *to, arena *a, lake **ret,
                              error *err);

/* Tables that read t, as indexes into lake->tables. */
typedef struct lake_reader {
    const lake_table *table;
    const lake_input *input;
} lake_reader;
typedef VEC(lake_reader) lake_readers;
lake_readers lake_readers_of(const lake *l, const lake_table *t, arena *a);

/* dbt-like selection: names, layer.*, +x, x+, comma or repeated; empty selects all. E_USAGE.
 * ret_selected: table_count flags. */
CHECKED status lake_select(const lake *l, const strings *include, const strings *exclude, arena *a,
                           bool **ret_selected, error *err);

/* The JSON Schema of lake.yaml and the table files, from the table of keys (`weir schema lake`). */
json_t *lake_json_schema(void);
/* The reference page doc/keys.md, from the same table; a test holds the page to it. */
void lake_keys_page(buf *b);

#endif
