#include "scripted.h"

#include "base/number.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 8, READ_SIZE = 65536, SHOWN_MAX = 2000, HEAD_END = 4 };

typedef struct connection {
    int fd; /* 0: free */
    buf got;
} connection;

struct scripted {
    arena *arena; /* of the thread, until it is over */
    const scripted_step *steps;
    bool *is_used;
    size_t count;
    int port, listener;
    int stop[2]; /* a pipe: its end stops the thread */
    connection connections[CONNECTIONS_MAX];
    pthread_t thread;
    buf problems;
};

typedef struct request {
    char *line; /* "GET /x" */
    strings headers;
    const char *body;
    size_t body_size;
    size_t size; /* with its head */
} request;

static bool send_all(int fd, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        bytes += sent;
        size -= (size_t)sent;
    }
    return true;
}

/* "Name: value" as "name: value". */
static char *tidy_header(arena *a, const char *line) {
    size_t size = strcspn(line, ":");
    const char *value = line + size + (line[size] == ':');
    return arena_printf(a, "%s: %s", str_lower(a, arena_strndup(a, line, size)),
                        value + strspn(value, " "));
}

/* False: there is no whole request yet. */
static bool parse(scripted *s, const buf *got, request *ret) {
    const char *end = strstr(got->text, "\r\n\r\n");
    if (end == NULL)
        return false;
    uint64_t length = 0;
    request r = {0};
    char *head = arena_strndup(s->arena, got->text, (size_t)(end - got->text));
    strings lines = str_split(s->arena, head, '\n');
    r.line = arena_strndup(s->arena, lines.items[0], strcspn(lines.items[0], "\r"));
    char *version = strstr(r.line, " HTTP/1.1");
    if (version != NULL)
        *version = '\0';
    for (size_t i = 1; i < lines.count; i++) {
        size_t size = strcspn(lines.items[i], "\r");
        char *header = tidy_header(s->arena, arena_strndup(s->arena, lines.items[i], size));
        vec_push(s->arena, &r.headers, header);
        if (str_starts(header, "content-length: "))
            ASSERT(number_uint64(header + strlen("content-length: "), &length));
    }
    r.body = end + HEAD_END;
    r.body_size = (size_t)length;
    r.size = (size_t)(r.body - got->text) + r.body_size;
    *ret = r;
    return got->size >= r.size;
}

static bool has_header(const request *r, const char *wanted, bool whole) {
    for (size_t i = 0; i < r->headers.count; i++)
        if (whole ? str_eq(r->headers.items[i], wanted) : str_starts(r->headers.items[i], wanted))
            return true;
    return false;
}

/* wanted: a whole header, or how one begins, with a '*' at the end. */
static bool is_there(scripted *s, const request *r, const char *wanted) {
    if (!str_ends(wanted, "*") || str_ends(wanted, ": *"))
        return has_header(r, wanted, true);
    return has_header(r, arena_strndup(s->arena, wanted, strlen(wanted) - 1), false);
}

static char *with_port(const scripted *s, const char *text) {
    const char *found = strstr(text, "{port}");
    return found == NULL ? arena_strdup(s->arena, text)
                         : arena_printf(s->arena, "%.*s%d%s", (int)(found - text), text, s->port,
                                        found + strlen("{port}"));
}

/* Told at once, too: a test may fail before it stops the server. */
static void note(scripted *s, const char *problem) {
    fprintf(stderr, "scripted: %s\n", problem);
    buf_printf(&s->problems, "%s\n", problem);
}

static void check_headers(scripted *s, const scripted_step *step, const request *r) {
    if (step->headers == NULL)
        return;
    strings wanted = str_split(s->arena, step->headers, '\n');
    for (size_t i = 0; i < wanted.count; i++) {
        const char *line = with_port(s, wanted.items[i]);
        if (line[0] == '-' && has_header(r, arena_printf(s->arena, "%s:", line + 1), false))
            note(s, arena_printf(s->arena, "%s has %s", r->line, line + 1));
        else if (line[0] != '-' && line[0] != '\0' && !is_there(s, r, line))
            note(s, arena_printf(s->arena, "%s lacks \"%s\":\n%s", r->line, line,
                                 str_join(s->arena, &r->headers, "\n")));
    }
}

static void check_body(scripted *s, const scripted_step *step, const request *r) {
    size_t size = step->body != NULL ? strlen(step->body) : step->body_size;
    bool same = step->body == NULL ? size == 0 || r->body_size == size
                                   : r->body_size == size && memcmp(r->body, step->body, size) == 0;
    if (!same)
        note(s, arena_printf(s->arena, "%s has a body of %zu bytes: %.*s", r->line, r->body_size,
                             r->body_size < SHOWN_MAX ? (int)r->body_size : SHOWN_MAX, r->body));
}

/* NULL: this is not what was to be asked. */
static const scripted_step *find_step(scripted *s, const request *r) {
    for (size_t i = 0; i < s->count; i++) {
        if (s->is_used[i])
            continue;
        if (str_eq(s->steps[i].request, r->line)) {
            s->is_used[i] = true;
            return &s->steps[i];
        }
        if (!s->steps[i].swaps) {
            note(s, arena_printf(s->arena, "asked \"%s\" instead of \"%s\"", r->line,
                                 s->steps[i].request));
            return NULL;
        }
    }
    note(s, arena_printf(s->arena, "asked \"%s\" at the end", r->line));
    return NULL;
}

/* False: the connection ends. */
static bool answer(scripted *s, const scripted_step *step, const request *r, int fd) {
    const char *text = step->text != NULL ? step->text : "";
    buf out = buf_new(s->arena);
    buf_printf(&out, "HTTP/1.1 %d Scripted\r\n", step->status != 0 ? step->status : 200);
    strings fields = str_split(s->arena, step->fields != NULL ? step->fields : "", '\n');
    for (size_t i = 0; i < fields.count; i++)
        if (fields.items[i][0] != '\0')
            buf_printf(&out, "%s\r\n", fields.items[i]);
    bool is_told = step->fields != NULL && strstr(step->fields, "content-length:") != NULL;
    if (!is_told && step->status != 204)
        buf_printf(&out, "content-length: %zu\r\n", strlen(text));
    buf_add(&out, "\r\n");
    size_t head = out.size;
    if (!str_starts(r->line, "HEAD "))
        buf_add(&out, text);
    bool is_cut = step->way == SCRIPTED_CUT;
    return send_all(fd, out.text, is_cut ? head + (out.size - head) / 2 : out.size) && !is_cut
           && !is_told;
}

/* False: the connection ends. */
static bool serve(scripted *s, connection *c, const request *r) {
    static const scripted_step WRONG = {.status = 400,
                                        .text = "<Error><Code>Script</Code></Error>"};
    const scripted_step *step = find_step(s, r);
    if (step == NULL)
        return answer(s, &WRONG, r, c->fd);
    check_headers(s, step, r);
    check_body(s, step, r);
    if (step->way == SCRIPTED_HANG_UP)
        return false;
    return step->way == SCRIPTED_STALL || answer(s, step, r, c->fd);
}

static bool receive(scripted *s, connection *c) {
    char bytes[READ_SIZE];
    request r = {0};
    ssize_t got = recv(c->fd, bytes, sizeof bytes, 0);
    if (got <= 0)
        return false;
    buf_add_bytes(&c->got, bytes, (size_t)got);
    while (parse(s, &c->got, &r)) {
        bool goes_on = serve(s, c, &r);
        buf rest = buf_new(s->arena);
        buf_add_bytes(&rest, c->got.text + r.size, c->got.size - r.size);
        c->got = rest;
        if (!goes_on)
            return false;
    }
    return true;
}

static void accept_one(scripted *s) {
    int fd = accept(s->listener, NULL, NULL);
    for (size_t i = 0; fd >= 0 && i < CONNECTIONS_MAX; i++)
        if (s->connections[i].fd == 0) {
            s->connections[i] = (connection){fd, buf_new(s->arena)};
            return;
        }
    ASSERT(fd < 0);
}

static void end_connection(connection *c) {
    shutdown(c->fd, SHUT_RDWR);
    close(c->fd);
    *c = (connection){0};
}

static void *run(void *state) {
    scripted *s = state;
    for (;;) {
        struct pollfd waits[CONNECTIONS_MAX + 2] = {{.fd = s->stop[0], .events = POLLIN},
                                                    {.fd = s->listener, .events = POLLIN}};
        for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
            int fd = s->connections[i].fd;
            waits[i + 2] = (struct pollfd){.fd = fd == 0 ? -1 : fd, .events = POLLIN};
        }
        poll(waits, ARRAY_SIZE(waits), -1);
        if (waits[0].revents != 0)
            return NULL;
        for (size_t i = 0; i < CONNECTIONS_MAX; i++)
            if (waits[i + 2].revents != 0 && !receive(s, &s->connections[i]))
                end_connection(&s->connections[i]);
        if (waits[1].revents != 0)
            accept_one(s);
    }
}

scripted *scripted_start(const scripted_step *steps, size_t count) {
    scripted *s = calloc(1, sizeof *s);
    ASSERT(s != NULL);
    s->arena = arena_new();
    s->steps = steps;
    s->count = count;
    s->is_used = ARENA_ARRAY(s->arena, bool, count + 1);
    memset(s->is_used, 0, (count + 1) * sizeof(bool));
    s->problems = buf_new(s->arena);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT(s->listener >= 0 && bind(s->listener, (struct sockaddr *)&address, size) == 0);
    ASSERT(listen(s->listener, CONNECTIONS_MAX) == 0);
    ASSERT(getsockname(s->listener, (struct sockaddr *)&address, &size) == 0);
    s->port = ntohs(address.sin_port);
    ASSERT(pipe(s->stop) == 0);
    ASSERT(pthread_create(&s->thread, NULL, run, s) == 0);
    return s;
}

int scripted_port(const scripted *s) {
    return s->port;
}

char *scripted_stop(scripted *s, arena *a) {
    close(s->stop[1]);
    ASSERT(pthread_join(s->thread, NULL) == 0);
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        if (s->connections[i].fd != 0)
            end_connection(&s->connections[i]);
    close(s->listener);
    close(s->stop[0]);
    for (size_t i = 0; i < s->count; i++)
        if (!s->is_used[i])
            note(s, arena_printf(s->arena, "never asked \"%s\"", s->steps[i].request));
    char *problems = arena_strdup(a, s->problems.text);
    arena_free(s->arena);
    free(s);
    return problems;
}
