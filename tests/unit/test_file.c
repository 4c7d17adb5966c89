/* SPDX-License-Identifier: BSD-3-Clause
 * Files that are whole or not there, and what is said where the file system refuses. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/log.h"
#include "base/own.h"

static char folder[32];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "file-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

/** folder/name, in one of a few buffers. */
static const char *in_folder(const char *name)
{
    static char buffers[4][CAIRN_PATH_BYTES];
    static unsigned turn;
    char *path = buffers[turn++ % 4];
    assert_int_equal(cairn_path_join(folder, name, path), CAIRN_OK);
    return path;
}

/* Names in the folder. */
static int count_files(void)
{
    int n = -2; /* "." and ".." */
    DIR *names = opendir(folder);
    assert_non_null(names);
    while (readdir(names) != NULL) n++;
    closedir(names);
    return n;
}

static void assert_ok(cairn_status st)
{
    if (st != CAIRN_OK) fail_msg("%s", cairn_error_text());
}

static void assert_refused(cairn_status st, cairn_status wanted, const char *says)
{
    assert_int_equal(st, wanted);
    if (strstr(cairn_error_text(), says) == NULL)
        fail_msg("'%s' does not say '%s'", cairn_error_text(), says);
}

static void assert_text(const char *name, const char *wanted)
{
    char *text = NULL;
    assert_ok(cairn_file_read(in_folder(name), &text));
    assert_non_null(text);
    assert_string_equal(text, wanted);
    free(text);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes == 0 ? limit.rlim_max : bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_there_when_it_is_finished(void **state)
{
    (void)state;
    struct cairn_new_file first, second;
    assert_ok(cairn_file_begin(in_folder("a"), &first));
    assert_ok(cairn_file_begin(in_folder("a"), &second));
    assert_string_not_equal(first.unfinished, second.unfinished);
    assert_true(cairn_file_is_unfinished(strrchr(first.unfinished, '/') + 1));
    assert_ok(cairn_file_put(&first, "one", 3));
    assert_ok(cairn_file_put(&first, "two", 3));
    assert_int_equal(access(in_folder("a"), F_OK), -1);
    assert_int_equal(count_files(), 2);
    assert_ok(cairn_file_finish(&first));
    assert_text("a", "onetwo");
    assert_ok(cairn_file_put(&second, "gone", 4));
    cairn_file_abandon(&second);
    cairn_file_abandon(&second);
    cairn_file_abandon(&first);
    assert_text("a", "onetwo");
    assert_int_equal(count_files(), 1);
}

static void test_too_large_leaves_the_older_one(void **state)
{
    (void)state;
    assert_ok(cairn_file_replace(in_folder("a"), "old", 3));
    signal(SIGXFSZ, SIG_IGN);
    limit_files(5);
    cairn_status st = cairn_file_replace(in_folder("a"), "newer text", 10);
    limit_files(0);
    assert_refused(st, CAIRN_FILES,
                   "/a: cannot be written: File too large: needs 10 bytes; raise the limit");
    assert_text("a", "old");
    assert_int_equal(count_files(), 1);
}

static void test_full_disk_says_what_is_free(void **state)
{
    (void)state;
    char command[128], text[256];
    static char bytes[1 << 18];
    size_t n_needs = 0;
    size_t n_free = 0;
    snprintf(command, sizeof command, "mount -t tmpfs -o size=128k none %s 2> /dev/null", folder);
    if (geteuid() != 0 || system(command) != 0) {
        print_message("mounting a small file system is not allowed here\n");
        skip();
    }
    cairn_status small = cairn_file_replace(in_folder("small"), bytes, 1 << 15);
    cairn_status large = cairn_file_replace(in_folder("large"), bytes, sizeof bytes);
    snprintf(text, sizeof text, "%s", cairn_error_text());
    const int n_files = count_files();
    snprintf(command, sizeof command, "umount %s", folder);
    assert_int_equal(system(command), 0);
    assert_int_equal(small, CAIRN_OK);
    assert_int_equal(large, CAIRN_FILES);
    assert_int_equal(n_files, 1);
    const char *numbers = strstr(text, "needs ");
    assert_non_null(numbers);
    assert_int_equal(sscanf(numbers, "needs %zu bytes, %zu are free", &n_needs, &n_free), 2);
    assert_int_equal(n_needs, sizeof bytes);
    assert_in_range(n_free, 80 << 10, 96 << 10); /* what the unfinished file took is free again */
    assert_non_null(strstr(numbers, "; make room there"));
}

static void test_only_plain_files_are_replaced(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    assert_int_equal(mkdir(in_folder("below"), 0700), 0);
    assert_int_equal(symlink("/dev/null", in_folder("null")), 0);
    assert_refused(cairn_file_replace(in_folder("pipe"), "x", 1), CAIRN_FILES, "not a plain file");
    assert_refused(cairn_file_replace(in_folder("below"), "x", 1), CAIRN_FILES, "not a plain file");
    assert_refused(cairn_file_replace(in_folder("null"), "x", 1), CAIRN_FILES, "not a plain file");
    assert_refused(cairn_file_replace(in_folder("no/a"), "x", 1), CAIRN_FILES,
                   "no/a: cannot be written: No such file");
    assert_int_equal(count_files(), 3);
}

static void test_links_are_replaced(void **state)
{
    (void)state;
    char target[16] = "";
    assert_ok(cairn_file_replace(in_folder("a"), "a", 1));
    assert_ok(cairn_file_link("gone", in_folder("latest")));
    assert_ok(cairn_file_link("a", in_folder("latest")));
    assert_int_equal(readlink(in_folder("latest"), target, sizeof target - 1), 1);
    assert_ok(cairn_file_replace(in_folder("latest"), "b", 1)); /* the link, not what it names */
    assert_text("a", "a");
    assert_text("latest", "b");
    assert_int_equal(count_files(), 2);
}

/* What somebody else put under a name of ours leads to nothing that is read, written or cut. */
static void test_what_was_planted(void **state)
{
    (void)state;
    int fd = 0;
    char *text = NULL;
    const char *links[] = {"soft", "dangling", "hard", "pipe"};
    assert_ok(cairn_file_replace(in_folder("own"), "own", 3));
    assert_int_equal(symlink("own", in_folder("soft")), 0);
    assert_int_equal(symlink("gone", in_folder("dangling")), 0);
    assert_int_equal(link(in_folder("own"), in_folder("hard")), 0);
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        const char *path = in_folder(links[i]);
        const char *says = i < 2 ? "symbolic link" : i == 2 ? "a hard link leads here" : "pipe: ";
        assert_refused(cairn_file_open(path, O_WRONLY | O_APPEND | O_CREAT, &fd), CAIRN_FILES,
                       says);
        assert_int_equal(fd, -1);
        if (i < 3) assert_refused(cairn_file_read(path, &text), CAIRN_FILES, says);
    }
    assert_refused(cairn_file_read(in_folder("pipe"), &text), CAIRN_FILES, "not a plain file");
    assert_int_equal(access(in_folder("gone"), F_OK), -1);
    assert_int_equal(unlink(in_folder("hard")), 0);
    assert_text("own", "own");
    assert_ok(cairn_file_read(in_folder("absent"), &text));
    assert_null(text);
}

static void test_nobody_else_may_write(void **state)
{
    (void)state;
    struct stat about;
    mode_t mask = umask(0);
    assert_ok(cairn_file_replace(in_folder("a"), "a", 1));
    assert_ok(cairn_folder_make(in_folder("b/c")));
    umask(mask);
    assert_int_equal(stat(in_folder("a"), &about), 0);
    assert_int_equal(about.st_mode & 0777, 0664);
    assert_int_equal(stat(in_folder("b/c"), &about), 0);
    assert_int_equal(about.st_mode & 0777, 0775);
}

static void test_long_names(void **state)
{
    (void)state;
    char name[256];
    static char path[CAIRN_PATH_BYTES + 1];
    memset(name, 'n', sizeof name - 1); /* as long as a name can be */
    name[sizeof name - 1] = '\0';
    assert_ok(cairn_file_replace(in_folder(name), "x", 1));
    assert_text(name, "x");
    memset(path, 'p', sizeof path - 1);
    assert_refused(cairn_file_replace(path, "x", 1), CAIRN_USAGE, "longer than 4095 bytes");
    assert_refused(cairn_folder_make(path), CAIRN_USAGE, "longer than 4095 bytes");
}

static bool is_a(const char *name)
{
    return strcmp(name, "a") == 0;
}

static void test_unfinished_names(void **state)
{
    (void)state;
    assert_true(cairn_file_is_unfinished(".a.0123456789abcdef.tmp"));
    assert_false(cairn_file_is_unfinished("a.0123456789abcdef.tmp"));
    assert_false(cairn_file_is_unfinished(".a.0123456789abcdeg.tmp"));
    assert_false(cairn_file_is_unfinished(".a.123456789abcdef.tmp"));
    assert_false(cairn_file_is_unfinished(".0123456789abcdef.tmp"));
    assert_false(cairn_file_is_unfinished(".a.0123456789abcdef.tmp2"));
    assert_false(cairn_file_is_unfinished(".tmp"));
    assert_false(cairn_file_is_unfinished(""));
    assert_true(cairn_file_is_unfinished_of(".a.0123456789abcdef.tmp", is_a));
    assert_false(cairn_file_is_unfinished_of(".b.0123456789abcdef.tmp", is_a));
    assert_false(cairn_file_is_unfinished_of(".a.b.0123456789abcdef.tmp", is_a));
    assert_false(cairn_file_is_unfinished_of("a", is_a));
    struct cairn_new_file file;
    assert_ok(cairn_file_replace(in_folder("a"), "a", 1));
    assert_ok(cairn_file_begin(in_folder("b"), &file));
    assert_ok(cairn_folder_remove(folder, cairn_file_is_unfinished));
    assert_int_equal(count_files(), 1);
    assert_refused(cairn_file_finish(&file), CAIRN_FILES, "/b: cannot be named so: No such file");
}

/* What was kept aside before stays. */
static void test_kept_aside(void **state)
{
    (void)state;
    const char *kept[] = {"a.damaged", "a.damaged-3", "a.damaged-4"};
    assert_int_equal(symlink("gone", in_folder("a.damaged-2")), 0);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        assert_ok(cairn_file_replace(in_folder("a"), kept[i], strlen(kept[i])));
        assert_ok(cairn_file_keep_aside(in_folder("a")));
    }
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) assert_text(kept[i], kept[i]);
    assert_int_equal(count_files(), 4);
}

static void test_what_would_be_lost(void **state)
{
    (void)state;
    assert_ok(cairn_file_replace(in_folder("a"), "a", 1));
    assert_ok(cairn_file_replace(in_folder("empty"), "", 0));
    assert_ok(cairn_file_link("a", in_folder("soft")));
    assert_ok(cairn_folder_make(in_folder("below")));
    assert_true(cairn_file_is_alone(in_folder("a")));
    assert_false(cairn_file_is_alone(in_folder("empty")) || cairn_file_is_alone(in_folder("no")));
    assert_false(cairn_file_is_alone(in_folder("soft")) || cairn_file_is_alone(in_folder("below")));
    assert_int_equal(link(in_folder("a"), in_folder("hard")), 0);
    assert_false(cairn_file_is_alone(in_folder("a")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_there_when_it_is_finished, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_too_large_leaves_the_older_one, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(test_full_disk_says_what_is_free, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(test_only_plain_files_are_replaced, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(test_links_are_replaced, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_what_was_planted, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_nobody_else_may_write, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_long_names, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_unfinished_names, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_kept_aside, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_what_would_be_lost, make_folder, remove_folder),
    };
    cairn_log_mute();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
