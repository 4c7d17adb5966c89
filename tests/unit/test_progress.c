/* SPDX-License-Identifier: BSD-3-Clause
 * Progress: plain lines into a pipe, a bar on a pseudo terminal, nothing when quiet.  Time is ours
 * here. */
#define _GNU_SOURCE /* posix_openpt */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/process.h"
#include "record/progress.h"

static char said[1 << 14];
static int from_stderr, old_stderr;

static void catch_stderr(int read_end, int write_end)
{
    fflush(stderr);
    old_stderr = dup(STDERR_FILENO);
    dup2(write_end, STDERR_FILENO);
    close(write_end);
    from_stderr = read_end;
    assert_int_equal(fcntl(from_stderr, F_SETFL, O_NONBLOCK), 0);
}

static void catch_by_pipe(void)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    catch_stderr(ends[0], ends[1]);
}

static void catch_by_terminal(unsigned short columns)
{
    struct winsize size = {.ws_row = 24, .ws_col = columns};
    int ours = posix_openpt(O_RDWR | O_NOCTTY);
    if (ours < 0 || grantpt(ours) != 0 || unlockpt(ours) != 0) skip(); /* no /dev/pts here */
    int theirs = open(ptsname(ours), O_RDWR | O_NOCTTY);
    assert_true(theirs >= 0 && ioctl(theirs, TIOCSWINSZ, &size) == 0);
    catch_stderr(ours, theirs);
}

/* What came since the last time, into `said`. */
static void listen(void)
{
    size_t used = 0;
    for (ssize_t n = 1; n > 0; used += n > 0 ? (size_t)n : 0)
        n = read(from_stderr, said + used, sizeof said - 1 - used);
    said[used] = '\0';
}

static void give_stderr_back(void)
{
    listen();
    dup2(old_stderr, STDERR_FILENO);
    close(old_stderr);
    close(from_stderr);
}

/* As if the run had begun and the last line been due so many seconds earlier. */
static void pass(struct cairn_progress *progress, double seconds)
{
    progress->begin_s -= seconds;
    progress->next_s -= seconds;
}

static void test_plain_lines(void **state)
{
    (void)state;
    struct cairn_progress progress;
    catch_by_pipe();
    cairn_progress_begin(&progress, 0, 4690);
    cairn_progress_show(&progress, 1, 2.3, 100);
    listen();
    bool silent_at_first = said[0] == '\0';
    pass(&progress, 24.0);
    cairn_progress_show(&progress, 1200, 0.2312, 41200);
    cairn_progress_show(&progress, 1201, 0.2, 41200); /* too soon */
    cairn_progress_end(&progress);
    give_stderr_back();
    assert_true(silent_at_first);
    assert_string_equal(said, "update 1200/4690 (25 %), loss 0.231, 41,200 samples/s, "
                              "1 min 10 s left\n");
}

static void test_bar(void **state)
{
    (void)state;
    struct cairn_progress progress;
    setenv("TERM", "xterm", 1);
    catch_by_terminal(80);
    cairn_progress_begin(&progress, 0, 100);
    cairn_progress_show(&progress, 50, 0.5, 1234567);
    cairn_progress_show(&progress, 51, 0.5, 1234567); /* too soon */
    listen();
    char bar[256];
    snprintf(bar, sizeof bar, "%.255s", said);
    cairn_log_info("a line");
    cairn_progress_end(&progress);
    give_stderr_back();
    assert_string_equal(bar,
                        "\r[===========>          ] 50/100 (50 %), loss 0.5, 1,234,567 samples/s, "
                        "0 s left");
    assert_non_null(strstr(said, "\r  "));
    assert_non_null(strstr(said, "  \ra line\r\n\r[")); /* the terminal adds \r to \n */
    assert_non_null(strstr(said, "51/100"));
    assert_null(strchr(said, '\033')); /* as NO_COLOR wants it */
    assert_string_equal(said + strlen(said) - 6, "left\r\n");
}

static void test_bar_is_never_wider_than_the_terminal(void **state)
{
    (void)state;
    setenv("TERM", "xterm", 1);
    for (unsigned short columns = 1; columns < 130; columns++) {
        struct cairn_progress progress;
        catch_by_terminal(columns);
        cairn_progress_begin(&progress, 0, 100);
        cairn_progress_show(&progress, 100, 0.5, 1234567);
        listen();
        size_t n = strlen(said) - strlen("\r");
        char last = said[1];
        cairn_progress_end(&progress);
        give_stderr_back();
        assert_true(n < columns);
        assert_true(columns < 80 || last == '[');
    }
}

static void test_dumb_terminal_and_quiet(void **state)
{
    (void)state;
    struct cairn_progress progress;
    setenv("TERM", "dumb", 1);
    catch_by_terminal(80);
    cairn_progress_begin(&progress, 0, 100);
    bool live = progress.live;
    cairn_progress_end(&progress);
    setenv("TERM", "xterm", 1);
    cairn_log_set_level(CAIRN_LOG_QUIET);
    cairn_progress_begin(&progress, 0, 100);
    pass(&progress, 100);
    cairn_progress_show(&progress, 50, 0.5, 1);
    cairn_progress_end(&progress);
    cairn_log_set_level(CAIRN_LOG_NORMAL);
    give_stderr_back();
    assert_false(live);
    assert_string_equal(said, "");
}

static void take_message(void *context, enum cairn_message kind, const char *line)
{
    (void)context;
    fprintf(stderr, "%s%s\n", kind == CAIRN_MESSAGE_WARNING ? "cairn: warning: " : "", line);
}

static void test_other_work(void **state)
{
    (void)state;
    struct cairn_progress progress;
    setenv("TERM", "xterm", 1);
    catch_by_terminal(80);
    cairn_progress_begin_of(&progress, "samples");
    cairn_progress_count(&progress, 1, 2000); /* it may be over at once */
    listen();
    const bool silent_at_first = said[0] == '\0';
    pass(&progress, 10);
    cairn_progress_count(&progress, 1000, 2000);
    cairn_progress_end(&progress);
    give_stderr_back();
    assert_true(silent_at_first);
    assert_non_null(strstr(said, "1000/2000 samples (50 %), "));
    assert_non_null(strstr(said, "\r[==="));
    catch_by_pipe();
    cairn_progress_begin_of(&progress, "samples");
    pass(&progress, 100);
    cairn_progress_count(&progress, 1000, 2000); /* only where there is a terminal */
    cairn_progress_end(&progress);
    give_stderr_back();
    assert_string_equal(said, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_lines),
        cmocka_unit_test(test_bar),
        cmocka_unit_test(test_other_work),
        cmocka_unit_test(test_bar_is_never_wider_than_the_terminal),
        cmocka_unit_test(test_dumb_terminal_and_quiet),
    };
    cairn_process_begin(); /* as in the program */
    cairn_log_set_sink(take_message, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
