#include "base/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static process start_shell(const char *script, int stderr_to) {
    const char *argv[] = {"/bin/sh", "-c", script, NULL};
    process_options options = {.argv = argv, .stderr_to = stderr_to};
    process p = {0};
    error err = {0};
    assert_int_equal(process_start(&options, &p, &err), OK);
    return p;
}

/* All that comes from fd until its end, as text. */
static void read_text(int fd, char *text, size_t size) {
    size_t done = 0;
    ssize_t got;
    while ((got = read(fd, text + done, size - 1 - done)) > 0)
        done += (size_t)got;
    assert_int_equal(got, 0);
    text[done] = '\0';
}

static int wait_code(process *p) {
    int code = -1;
    error err = {0};
    assert_int_equal(process_wait(p, &code, &err), OK);
    return code;
}

static void test_the_child_answers_through_its_pipes(void **state) {
    (void)state;
    process p =
        start_shell("read line; echo \"got $line\"; echo bad >&2; exit 7", PROCESS_STDERR_PIPE);
    assert_int_equal(write(p.stdin_fd, "hello\n", 6), 6);
    char text[64];
    read_text(p.stdout_fd, text, sizeof text);
    assert_string_equal(text, "got hello\n");
    read_text(p.stderr_fd, text, sizeof text);
    assert_string_equal(text, "bad\n");
    assert_int_equal(wait_code(&p), 7);
    assert_int_equal(p.pid, 0);
    assert_int_equal(p.stdin_fd, -1);
}

static void test_a_program_that_cannot_start_is_an_error(void **state) {
    (void)state;
    const char *argv[] = {"/nowhere/program", NULL};
    process_options options = {.argv = argv, .stderr_to = PROCESS_STDERR_INHERIT};
    process p = {.pid = 0, .stdin_fd = -5};
    error err = {0};
    assert_int_equal(process_start(&options, &p, &err), E_NOT_FOUND);
    assert_string_equal(err.message, "cannot run \"/nowhere/program\": No such file or directory");
    argv[0] = "/etc/passwd";
    assert_int_equal(process_start(&options, &p, &err), E_DENIED);
    options.directory = "/nowhere";
    assert_int_equal(process_start(&options, &p, &err), E_NOT_FOUND);
    assert_string_equal(err.message,
                        "cannot enter the folder \"/nowhere\": No such file or directory");
    assert_int_equal(p.stdin_fd, -5);
    assert_int_equal(waitpid(-1, NULL, 0), -1); /* no child is left to be waited for */
    assert_int_equal(errno, ECHILD);
}

static void test_the_child_inherits_nothing_but_its_streams(void **state) {
    (void)state;
    int extra = open("/dev/null", O_RDONLY); /* without O_CLOEXEC, as careless code does */
    assert_true(extra > 2);
    process p = start_shell("ls /proc/self/fd | tr '\\n' ' '", PROCESS_STDERR_INHERIT);
    char text[256];
    read_text(p.stdout_fd, text, sizeof text);
    close(extra);
    assert_string_equal(text, "0 1 2 3 "); /* 3 is the folder that ls itself reads */
    assert_int_equal(wait_code(&p), 0);
}

static void test_blocked_and_ignored_signals_are_not_inherited(void **state) {
    (void)state;
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    void (*handler)(int) = signal(SIGPIPE, SIG_IGN);
    /* None of the 31 standard signals. Some above belong to the C library, and no program can reset
     * them: the children of make ignore one. */
    const char *argv[] = {"/bin/grep", "-Ec", "^Sig(Blk|Ign):.[0-9a-f]{8}[08]0000000$",
                          "/proc/self/status", NULL};
    process_options options = {.argv = argv, .stderr_to = PROCESS_STDERR_INHERIT};
    process p = {0};
    error err = {0};
    assert_int_equal(process_start(&options, &p, &err), OK);
    signal(SIGPIPE, handler);
    sigprocmask(SIG_SETMASK, &before, NULL);
    char text[256];
    read_text(p.stdout_fd, text, sizeof text);
    assert_string_equal(text, "2\n");
    assert_int_equal(wait_code(&p), 0);
}

static void test_the_child_has_a_group_and_a_folder_of_its_own(void **state) {
    (void)state;
    const char *argv[] = {"/bin/sh", "-c", "pwd; cut -d' ' -f1,5 /proc/$$/stat", NULL};
    process_options options = {
        .argv = argv, .directory = "/usr", .stderr_to = PROCESS_STDERR_INHERIT};
    process p = {0};
    error err = {0};
    assert_int_equal(process_start(&options, &p, &err), OK);
    char text[128], wanted[128];
    snprintf(wanted, sizeof wanted, "/usr\n%d %d\n", (int)p.pid, (int)p.pid);
    read_text(p.stdout_fd, text, sizeof text);
    assert_string_equal(text, wanted);
    assert_int_equal(wait_code(&p), 0);
}

static void test_stderr_may_go_to_a_file_or_to_our_stdout(void **state) {
    (void)state;
    int pipe_fds[2];
    assert_int_equal(pipe(pipe_fds), 0);
    process p = start_shell("echo to file >&2", pipe_fds[1]);
    close(pipe_fds[1]);
    char text[64];
    read_text(pipe_fds[0], text, sizeof text);
    close(pipe_fds[0]);
    assert_string_equal(text, "to file\n");
    assert_int_equal(p.stderr_fd, -1);
    assert_int_equal(wait_code(&p), 0);
}

static void test_starting_works_with_closed_standard_streams(void **state) {
    (void)state;
    int saved = dup(STDIN_FILENO);
    close(STDIN_FILENO);
    process p = start_shell("cat; echo done", PROCESS_STDERR_INHERIT);
    if (saved >= 0) {
        dup2(saved, STDIN_FILENO);
        close(saved);
    }
    assert_true(p.stdin_fd > 2);
    assert_int_equal(write(p.stdin_fd, "in ", 3), 3);
    close(p.stdin_fd);
    p.stdin_fd = -1;
    char text[64];
    read_text(p.stdout_fd, text, sizeof text);
    assert_string_equal(text, "in done\n");
    assert_int_equal(wait_code(&p), 0);
}

static void test_a_signal_becomes_an_exit_code(void **state) {
    (void)state;
    process p = start_shell("kill -TERM $$", PROCESS_STDERR_INHERIT);
    assert_int_equal(wait_code(&p), 128 + SIGTERM);
}

static void test_killing_ends_a_child_that_would_wait_for_ever(void **state) {
    (void)state;
    const char *argv[] = {"/bin/cat", NULL};
    process_options options = {.argv = argv, .stderr_to = PROCESS_STDERR_INHERIT};
    process p = {0};
    error err = {0};
    assert_int_equal(process_start(&options, &p, &err), OK);
    pid_t pid = p.pid;
    process_kill(&p);
    assert_int_equal(p.pid, 0);
    assert_int_equal(kill(pid, 0), -1);
    process_kill(&p);
}

/* A parent in between starts the child and dies; our end of the pipe closes when the child does. */
static void test_the_child_dies_with_its_parent(void **state) {
    (void)state;
    int alive[2];
    assert_int_equal(pipe(alive), 0);
    pid_t between = fork();
    if (between == 0) {
        const char *argv[] = {"/bin/sleep", "60", NULL};
        process_options options = {.argv = argv, .stderr_to = alive[1]};
        process p = {0};
        status result = process_start(&options, &p, NULL);
        raise(result == OK ? SIGKILL : SIGTERM);
    }
    close(alive[1]);
    int wait_status = 0;
    assert_int_equal(waitpid(between, &wait_status, 0), between);
    assert_int_equal(WTERMSIG(wait_status), SIGKILL);
    struct pollfd closing = {.fd = alive[0], .events = POLLIN};
    assert_int_equal(poll(&closing, 1, 10000), 1);
    close(alive[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_child_answers_through_its_pipes),
        cmocka_unit_test(test_a_program_that_cannot_start_is_an_error),
        cmocka_unit_test(test_the_child_inherits_nothing_but_its_streams),
        cmocka_unit_test(test_blocked_and_ignored_signals_are_not_inherited),
        cmocka_unit_test(test_the_child_has_a_group_and_a_folder_of_its_own),
        cmocka_unit_test(test_stderr_may_go_to_a_file_or_to_our_stdout),
        cmocka_unit_test(test_starting_works_with_closed_standard_streams),
        cmocka_unit_test(test_a_signal_becomes_an_exit_code),
        cmocka_unit_test(test_killing_ends_a_child_that_would_wait_for_ever),
        cmocka_unit_test(test_the_child_dies_with_its_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
