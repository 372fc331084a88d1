#include "gateway.h"

#include "base/path.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TRY_EVERY_MS = 10, TRIES = 1000 };
static const char ACCESS_KEY[] = "weir-test", SECRET_KEY[] = "weir-test-secret";

static struct sockaddr_in loopback(int port) {
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int free_port(void) {
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT(fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0);
    ASSERT(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    close(fd);
    return ntohs(address.sin_port);
}

static bool answers(int port) {
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return connected;
}

static void set_variables(int port) {
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
    setenv("ROOT_ACCESS_KEY", ACCESS_KEY, 1);
    setenv("ROOT_SECRET_KEY", SECRET_KEY, 1);
    setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY, 1);
    setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY, 1);
    setenv("AWS_ENDPOINT_URL", url, 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
}

static const char *find_program(void) {
    const char *named = getenv("WEIR_GATEWAY");
    return named != NULL ? named : GATEWAY_PROGRAM;
}

bool gateway_start(gateway *g) {
    *g = (gateway){.folder = "/tmp/weir-gateway-XXXXXX"};
    if (!file_exists(find_program()))
        return false;
    ASSERT(mkdtemp(g->folder) != NULL);
    char address[32];
    g->port = free_port();
    snprintf(address, sizeof address, "127.0.0.1:%d", g->port);
    set_variables(g->port);
    const char *argv[] = {find_program(), "--quiet", "--keep-alive", "--port",
                          address,        "posix",   g->folder,      NULL};
    const process_options options = {.argv = argv, .stderr_to = PROCESS_STDERR_INHERIT};
    ASSERT(process_start(&options, &g->process, NULL) == OK);
    for (int i = 0; !answers(g->port); i++) {
        ASSERT(i < TRIES);
        poll(NULL, 0, TRY_EVERY_MS);
    }
    return true;
}

void gateway_make_bucket(const gateway *g, const char *name) {
    ARENA_AUTO a = arena_new();
    ASSERT(dir_make(path_join(a, g->folder, name), NULL) == OK);
}

void gateway_stop(gateway *g) {
    if (g->port == 0)
        return;
    const char *argv[] = {"/bin/rm", "-rf", g->folder, NULL};
    const process_options options = {.argv = argv, .stderr_to = PROCESS_STDERR_INHERIT};
    process p = {0};
    int code = 1;
    process_kill(&g->process);
    ASSERT(process_start(&options, &p, NULL) == OK);
    ASSERT(process_wait(&p, &code, NULL) == OK && code == 0);
    g->port = 0;
}
