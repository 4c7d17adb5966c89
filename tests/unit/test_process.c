/* SPDX-License-Identifier: BSD-3-Clause
 * Streams that were closed at the start, and the signals of processes that are started. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/process.h"

static int end_of(pid_t child)
{
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    return how;
}

static void test_streams_are_taken(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        for (int fd = 0; fd < 3; fd++) close(fd);
        cairn_process_begin();
        if (open("/dev/null", O_RDONLY) < 3) _exit(1);
        if (write(STDOUT_FILENO, "x", 1) >= 0 || errno != EBADF) _exit(2);
        _exit(write(STDERR_FILENO, "x", 1) == 1 ? 0 : 3);
    }
    assert_int_equal(end_of(child), 0);
}

static void test_children_take_signals_as_usual(void **state)
{
    (void)state;
    char shell[] = "sh";
    char option[] = "-c";
    char script[] = "kill -PIPE $$; exit 3";
    char *words[] = {shell, option, script, NULL};
    char *variables[] = {NULL};
    pid_t child = 0;
    cairn_process_begin();
    assert_int_equal(raise(SIGPIPE), 0); /* and we are still here */
    assert_int_equal(cairn_process_start(&child, "/bin/sh", NULL, words, variables), 0);
    int how = end_of(child);
    assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGPIPE);
    assert_int_equal(cairn_process_start(&child, "/no/such", NULL, words, variables), ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams_are_taken),
        cmocka_unit_test(test_children_take_signals_as_usual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
