#include "cluster.h"

#include "base/process.h"

#include <unistd.h>

static struct {
    process process;
    char uri[256];
} cluster; /* a test's own state */

static void read_line(int fd, char *into, size_t size) {
    size_t count = 0;
    while (count + 1 < size && read(fd, into + count, 1) == 1 && into[count] != '\n')
        count++;
    into[count] = '\0';
}

const char *cluster_uri(void) {
    if (cluster.uri[0] != '\0')
        return cluster.uri;
    static const char *const ARGV[] = {"/usr/bin/env", "python3", WEIR_TEST_CLUSTER, NULL};
    const process_options options = {.argv = ARGV, .stderr_to = PROCESS_STDERR_INHERIT};
    ASSERT(process_start(&options, &cluster.process, NULL) == OK);
    read_line(cluster.process.stdout_fd, cluster.uri, sizeof cluster.uri);
    ASSERT(cluster.uri[0] != '\0');
    return cluster.uri;
}

void cluster_stop(void) {
    int code;
    if (cluster.uri[0] == '\0')
        return;
    close(cluster.process.stdin_fd);
    ASSERT(process_wait(&cluster.process, &code, NULL) == OK && code == 0);
    cluster.uri[0] = '\0';
}
