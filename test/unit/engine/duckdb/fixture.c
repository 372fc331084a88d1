#include "fixture.h"

#include "base/path.h"
#include "base/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static char *quoted(arena *a, const char *text) {
    char *copy = arena_strdup(a, text);
    for (char *c = copy; *c != '\0'; c++)
        if (*c == '`')
            *c = '"';
    return copy;
}

PRINTF_LIKE(2, 0)
static char *format_text(arena *a, const char *format, va_list values) {
    va_list again;
    va_copy(again, values);
    int size = vsnprintf(NULL, 0, format, values);
    assert_true(size >= 0);
    char *text = arena_alloc(a, (size_t)size + 1);
    vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return text;
}

int fixture_set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->arena = arena_new();
    f->dir = arena_strdup(f->arena, "/tmp/weir-worker-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    worker_init(&f->worker);
    fixture_holds(fixture_ask(f,
                              "{`op`:`open`,`format`:1,`threads`:2,`memory_bytes`:1000000000,"
                              "`temp_dir`:`%s/temp`,`timezone`:`UTC`}",
                              f->dir),
                  "`engine`:`duckdb`");
    *state = f;
    return 0;
}

int fixture_tear_down(void **state) {
    fixture *f = *state;
    worker_close(&f->worker);
    scratch_remove(f->dir);
    arena_free(f->arena);
    free(f);
    return 0;
}

static status keep_line(void *state, const char *text, size_t size, error *err) {
    fixture *f = state;
    (void)err;
    if (f->answers.size > 0)
        buf_char(&f->answers, '\n');
    buf_add_bytes(&f->answers, text, size);
    return OK;
}

const char *fixture_ask(fixture *f, const char *format, ...) {
    error err = {0};
    va_list values;
    va_start(values, format);
    const char *job = quoted(f->arena, format_text(f->arena, format, values));
    va_end(values);
    const reply out = {.line = keep_line, .state = f};
    f->answers = buf_new(f->arena);
    assert_int_equal(worker_answer(&f->worker, job, strlen(job), &out, &err), OK);
    return f->answers.text;
}

const char *fixture_write(fixture *f, const char *name, const void *bytes, size_t size) {
    const char *path = path_join(f->arena, f->dir, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return path;
}

const char *fixture_text(fixture *f, const char *name, const char *text) {
    return fixture_write(f, name, text, strlen(text));
}

const char *fixture_sql(fixture *f, const char *format, ...) {
    error err = {0};
    db_table table = {0};
    DB_AUTO d = {0};
    va_list values;
    va_start(values, format);
    const char *sql = format_text(f->arena, format, values);
    va_end(values);
    assert_int_equal(worker_fresh(&f->worker, (worker_share){0}, &d, &err), OK);
    status result = str_starts(sql, "SELECT") ? db_rows(&d, sql, f->arena, &table, &err)
                                              : db_run(&d, sql, &err);
    if (result != OK)
        fail_msg("%s: %s", sql, err.message);
    return table.rows > 0 ? db_cell(&table, 0, 0) : NULL;
}

void fixture_holds(const char *answer, const char *text) {
    arena *a = arena_new();
    if (strstr(answer, quoted(a, text)) == NULL)
        fail_msg("no %s in %s", text, answer);
    arena_free(a);
}

void fixture_lacks(const char *answer, const char *text) {
    arena *a = arena_new();
    if (strstr(answer, quoted(a, text)) != NULL)
        fail_msg("%s in %s", text, answer);
    arena_free(a);
}

void fixture_equals(const char *answer, const char *text) {
    arena *a = arena_new();
    assert_string_equal(answer, quoted(a, text));
    arena_free(a);
}

const char *fixture_value(fixture *f, const char *answer, const char *key, int occurrence) {
    const char *wanted = quoted(f->arena, arena_printf(f->arena, "`%s`:`", key));
    for (int i = 0; i < occurrence; i++) {
        answer = strstr(answer, wanted);
        if (answer == NULL)
            fail_msg("no %s", key);
        answer += strlen(wanted);
    }
    return arena_strndup(f->arena, answer, strcspn(answer, "\""));
}
