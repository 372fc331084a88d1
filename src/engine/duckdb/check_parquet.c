/* Parquet: the columns that the file itself tells. */
#include "engine/duckdb/check.h"

#include "engine/duckdb/storage.h"

status check_parquet_columns(check_file *c, error *err) {
    job_columns columns;
    error problem = {0};
    buf sql = buf_new(c->arena);
    buf_add(&sql, "SELECT * FROM ");
    check_add_scan(c, &sql, false, false);
    status result = storage_describe(c->db, sql.text, c->arena, &columns, &problem);
    if (result == E_IO)
        problem.kind = E_DATA; /* it was opened before: the bytes are not Parquet */
    if (result != OK)
        return check_take_error(c, &problem, err);
    for (size_t i = 0; i < columns.count; i++) {
        vec_push(c->arena, &c->reader.file_columns, columns.items[i].name);
        vec_push(c->arena, &c->reader.file_types, columns.items[i].type);
    }
    check_match(c, NULL);
    return OK;
}
