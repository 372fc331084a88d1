#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { VARIABLES_MAX = 20 };

static struct { const char *name, *value; } variables[VARIABLES_MAX];

void wire_set(const char *name, const char *value) {
    for (size_t i = 0; i < VARIABLES_MAX; i++)
        if (variables[i].name == NULL || str_eq(variables[i].name, name)) {
            variables[i].name = name;
            variables[i].value = value;
            return;
        }
    fail_msg("too many variables");
}

const char *wire_get(const char *name) {
    for (size_t i = 0; i < VARIABLES_MAX && variables[i].name != NULL; i++)
        if (str_eq(variables[i].name, name))
            return variables[i].value;
    return NULL;
}

static int64_t now_us(void *state) {
    const wire *w = state;
    return INT64_C(1716372000000000) + w->waited_ms * 1000;
}

static void no_random(void *state, void *bytes, size_t size) {
    (void)state;
    memset(bytes, 0, size);
}

static void wait(void *state, int64_t ms) {
    wire *w = state;
    w->waited_ms += ms;
}

static void set_default(const char *name, const char *value) {
    if (wire_get(name) == NULL)
        wire_set(name, value);
}

static void fill_in(wire *w, int port) {
    static const char PORT[] = "{port}";
    for (size_t i = 0; i < VARIABLES_MAX && variables[i].name != NULL; i++) {
        const char *value = variables[i].value;
        const char *at = value == NULL ? NULL : strstr(value, PORT);
        if (at != NULL)
            variables[i].value = arena_printf(w->arena, "%.*s%d%s", (int)(at - value), value, port,
                                              at + strlen(PORT));
    }
}

void wire_begin(wire *w) {
    *w = (wire){.arena = arena_new()};
    w->clock = (clock_source){now_us, now_us, no_random, wait, w};
    clock_new_id(&w->clock, w->write_id);
}

void wire_open(wire *w, const scripted_step *steps, size_t count) {
    wire_begin(w);
    w->server = scripted_start(steps, count);
    int port = scripted_port(w->server);
    set_default("AWS_ACCESS_KEY_ID", "key");
    set_default("AWS_SECRET_ACCESS_KEY", "secret");
    set_default("WEIR_S3_TIMEOUT", "200ms");
    set_default("AWS_ENDPOINT_URL", "http://127.0.0.1:{port}");
    fill_in(w, port);
    const s3_options options = {.environment = wire_get, .clock = &w->clock};
    if (s3_open("s3://bucket/lake", options, &w->s3, &w->err) != OK)
        fail_msg("%s", w->err.message);
}

void wire_close(wire *w) {
    s3_close(w->s3);
    char *problems = w->server == NULL ? NULL : scripted_stop(w->server, w->arena);
    memset(variables, 0, sizeof variables);
    if (problems != NULL)
        assert_string_equal(problems, "");
    arena_free(w->arena);
}

const char *wire_mark(wire *w, const char *more) {
    return arena_printf(w->arena, "x-amz-meta-weir-write: %s\n%s", w->write_id, more);
}
