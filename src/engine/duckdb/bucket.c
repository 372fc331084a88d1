#include "engine/duckdb/bucket.h"

#include "base/path.h"

#include <dlfcn.h>

static const char SCHEME[] = "s3://";
static const char EXTENSION[] = "httpfs.duckdb_extension";

/* Requests that fail are sent again for about as long as Weir's own. */
enum { RETRIES = 8, RETRY_WAIT_MS = 50, TIMEOUT_S = 30 };

bool bucket_has(const char *path) {
    return str_starts(path, SCHEME);
}

static status find_extension(arena *a, const char **ret, error *err) {
    Dl_info info = {0};
    void *symbol = NULL;
    const char *(*function)(void) = duckdb_library_version;
    memcpy(&symbol, &function, sizeof symbol);
    if (dladdr(symbol, &info) == 0 || info.dli_fname == NULL)
        return error_set(err, E_ENGINE, "cannot tell where DuckDB was loaded from");
    const char *path = path_join(a, path_parent(a, info.dli_fname), EXTENSION);
    if (!file_exists(path)) {
        error_set(err, E_ENGINE, "cannot reach buckets: there is no \"%s\"", path);
        error_hint(err, "Put DuckDB's httpfs extension for version %s there.",
                   duckdb_library_version());
        return E_ENGINE;
    }
    *ret = path;
    return OK;
}

static void add_text(buf *sql, const char *name, const json_t *bucket, const char *key) {
    const char *value = json_get_string(bucket, key, NULL);
    if (value == NULL)
        return;
    buf_printf(sql, ", %s ", name);
    buf_sql_literal(sql, value);
}

/* The statement holds the secret, so what fails is told without it. */
static status make_secret(db *d, const json_t *bucket, size_t number, arena *a, error *err) {
    const char *scope = NULL;
    TRY(json_need_string(bucket, "scope", &scope, err));
    buf sql = buf_new(a);
    buf_printf(&sql, "CREATE SECRET weir_%zu (TYPE s3", number);
    add_text(&sql, "SCOPE", bucket, "scope");
    add_text(&sql, "KEY_ID", bucket, "access_key");
    add_text(&sql, "SECRET", bucket, "secret_key");
    add_text(&sql, "SESSION_TOKEN", bucket, "token");
    add_text(&sql, "REGION", bucket, "region");
    add_text(&sql, "ENDPOINT", bucket, "endpoint");
    buf_printf(&sql, ", URL_STYLE '%s', USE_SSL %s)",
               json_get_bool(bucket, "path_style", false) ? "path" : "vhost",
               json_get_bool(bucket, "tls", true) ? "true" : "false");
    if (db_run(d, sql.text, NULL) != OK)
        return error_set(err, E_ENGINE, "DuckDB does not take what opens \"%s\"", scope);
    return OK;
}

static status set_up(db *d, const json_t *first, arena *a, error *err) {
    const char *ca_file = json_get_string(first, "ca_file", NULL);
    TRY(db_runf(d, a, err,
                "SET http_retries = %d; SET http_retry_wait_ms = %d; SET http_retry_backoff = 2;"
                " SET http_timeout = %lld",
                RETRIES, RETRY_WAIT_MS, (long long)json_get_int(first, "timeout_s", TIMEOUT_S)));
    TRY(db_run(d,
               "SET enable_server_cert_verification = true;"
               " SET enable_curl_server_cert_verification = true",
               err));
    return ca_file == NULL ? OK
                           : db_runf(d, a, err, "SET ca_cert_file = %s", sql_literal(a, ca_file));
}

/* Looking at its signature costs each job a tenth of a second, and nobody looks at the signature of
 * DuckDB itself, which is in the same folder. */
static status load(db *d, arena *a, error *err) {
    const char *extension = NULL;
    TRY(find_extension(a, &extension, err));
    return db_runf(d, a, err, "LOAD %s; SET allow_unsigned_extensions = false",
                   sql_literal(a, extension));
}

static status open_buckets(db *d, const json_t *buckets, arena *a, error *err) {
    TRY(load(d, a, err));
    TRY(set_up(d, json_array_get(buckets, 0), a, err));
    for (size_t i = 0; i < json_array_size(buckets); i++)
        TRY(make_secret(d, json_array_get(buckets, i), i, a, err));
    return OK;
}

status bucket_open(db *d, const json_t *buckets, error *err) {
    arena *a = arena_new();
    status result = open_buckets(d, buckets, a, err);
    arena_free(a);
    return result;
}
