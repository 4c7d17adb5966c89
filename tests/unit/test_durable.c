/* SPDX-License-Identifier: BSD-3-Clause
 * What a checkpoint folder looks like after a full disk, a refused path, and a killed writer. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/checkpoint.h"

#include "base/log.h"

static void assert_newest_is(uint64_t update)
{
    char path[CAIRN_PATH_BYTES], name[64];
    bool found = false;
    snprintf(name, sizeof name, "update-%08" PRIu64 ".h5", update);
    assert_ok(cairn_checkpoint_newest(folder, &found, path));
    assert_true(found);
    assert_string_equal(path, in_folder(name));
}

/* The limit stands in for a disk that fills up in the middle of the file; the run goes on after it.
 */
static void file_size_limit(void **state)
{
    struct rlimit whole, little;
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    write_sample(1, 3);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &whole), 0);
    little = (struct rlimit){.rlim_cur = 5000, .rlim_max = whole.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    const int n_open = count_open_files();
    for (int i = 0; i < 20; i++)
        assert_refused(try_write(2, 3), CAIRN_FILES,
                       "update-00000002.h5: cannot be written: File too large: needs ");
    assert_int_equal(count_open_files(), n_open);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &whole), 0);
    assert_int_equal(count_files(), 2);
    assert_newest_is(1);
    write_sample(2, 3);
    assert_newest_is(2);
}

/* Everything is asked before the disk is unmounted, and judged behind it. */
static void full_disk(void **state)
{
    char command[128], said[256], path[CAIRN_PATH_BYTES];
    cairn_status st = CAIRN_OK;
    uint64_t n_written = 0;
    bool found = false;
    (void)state;
    snprintf(command, sizeof command, "mount -t tmpfs -o size=128k none %s 2> /dev/null", folder);
    if (geteuid() != 0 || system(command) != 0) {
        print_message("mounting a small file system is not allowed here\n");
        skip();
    }
    while (n_written < 1000 && (st = try_write(n_written, 0)) == CAIRN_OK) n_written++;
    snprintf(said, sizeof said, "%s", cairn_error_text());
    const int n_files = count_files();
    cairn_status newest = cairn_checkpoint_newest(folder, &found, path);
    snprintf(command, sizeof command, "umount %s", folder);
    assert_int_equal(system(command), 0);
    assert_int_equal(st, CAIRN_FILES);
    if (strstr(said, "cannot be written: No space left on device: needs ") == NULL)
        fail_msg("%s", said);
    assert_int_equal(n_files, n_written + 1); /* and the link */
    assert_int_equal(newest, CAIRN_OK);
    assert_true(found);
}

static void paths_that_refuse(void **state)
{
    char kept[sizeof folder];
    (void)state;
    memcpy(kept, folder, sizeof folder);
    put_file(in_folder("file"), "", 0);
    strcat(folder, "/file");
    cairn_status below_a_file = try_write(1, 3);
    memcpy(folder, kept, sizeof folder);
    assert_refused(below_a_file, CAIRN_FILES, "cannot be written: Not a directory");
    strcat(folder, "/nowhere");
    cairn_status no_folder = try_write(1, 3);
    memcpy(folder, kept, sizeof folder);
    assert_refused(no_folder, CAIRN_FILES, "cannot be written: No such file or directory");
    if (geteuid() == 0) return; /* whom no permission stops */
    assert_int_equal(chmod(folder, 0500), 0);
    cairn_status locked = try_write(1, 3);
    assert_int_equal(chmod(folder, 0700), 0);
    assert_refused(locked, CAIRN_FILES, "Permission denied");
}

static void files_are_not_for_everybody_to_write(void **state)
{
    struct stat about;
    (void)state;
    mode_t mask = umask(027);
    write_sample(7, 1);
    umask(mask);
    assert_int_equal(stat(in_folder("update-00000007.h5"), &about), 0);
    assert_int_equal(about.st_mode & 0777, 0640);
}

static _Noreturn void write_until_killed(int ready)
{
    for (uint64_t update = 1;; update++) {
        if (try_write(update, 2) != CAIRN_OK) _exit(1);
        if (update == 1 && write(ready, "r", 1) != 1) _exit(1);
    }
}

/* The pauses are there to hit different places; no outcome depends on them. */
static void killed_writers_leave_a_whole_checkpoint(void **state)
{
    enum { KILLS = 20 };
    (void)state;
    for (int i = 0; i < KILLS; i++) {
        int ready[2], outcome = 0;
        char byte = 0;
        assert_int_equal(pipe(ready), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) write_until_killed(ready[1]);
        assert_int_equal(read(ready[0], &byte, 1), 1);
        nanosleep(&(struct timespec){.tv_nsec = 1000000L + 777777L * i}, NULL);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &outcome, 0), child);
        assert_true(WIFSIGNALED(outcome));
        close(ready[0]);
        close(ready[1]);
        char path[CAIRN_PATH_BYTES];
        bool found = false;
        assert_ok(cairn_checkpoint_newest(folder, &found, path));
        assert_true(found);
        assert_ok(cairn_checkpoint_verify(in_folder("latest.h5")));
    }
    write_sample(1000000, 1);
    assert_int_equal(count_files(), 2); /* it and the link: nothing is left of the others */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(file_size_limit, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(full_disk, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(paths_that_refuse, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(files_are_not_for_everybody_to_write, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(killed_writers_leave_a_whole_checkpoint, make_folder,
                                        remove_folder),
    };
    cairn_log_mute();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
