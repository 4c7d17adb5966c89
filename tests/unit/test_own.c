/* SPDX-License-Identifier: BSD-3-Clause
 * Removing what is our own: what stays, what is followed, what is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/own.h"

static char top[32];

static int make_top(void **state)
{
    (void)state;
    strcpy(top, "own-XXXXXX");
    return mkdtemp(top) == NULL;
}

static int remove_top(void **state)
{
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", top);
    return system(command);
}

static const char *at(const char *name)
{
    static char buffers[4][CAIRN_PATH_BYTES];
    static unsigned turn;
    char *path = buffers[turn++ % 4];
    assert_int_equal(cairn_path_join(top, name, path), CAIRN_OK);
    return path;
}

static bool exists(const char *name)
{
    struct stat about;
    return lstat(at(name), &about) == 0;
}

static void put(const char *name)
{
    FILE *file = fopen(at(name), "wb");
    assert_non_null(file);
    fputs("x", file);
    fclose(file);
}

/* A folder "cells" of folders "cell..." with files "own". */
static bool is_own(const char *name)
{
    return strcmp(name, "own") == 0;
}
static const struct cairn_own cell = {.file = is_own};

static const struct cairn_own *cell_of(const char *name)
{
    return strncmp(name, "cell", 4) == 0 ? &cell : NULL;
}
static const struct cairn_own cells = {.folder = cell_of};

static const struct cairn_own *cells_of(const char *name)
{
    return strcmp(name, "cells") == 0 ? &cells : NULL;
}

static bool is_lock(const char *name)
{
    return strcmp(name, "lock") == 0;
}
static const struct cairn_own all = {.file = is_own, .folder = cells_of, .stays = is_lock};

static void make_tree(void)
{
    static const char *const folders[] = {"cells", "cells/cell=1", "cells/cell=2", "cells/mine"};
    static const char *const files[] = {"own",
                                        "lock",
                                        "cells/own",
                                        "cells/cell=1/own",
                                        "cells/cell=2/own",
                                        "cells/mine/own",
                                        ".own.0123456789abcdef.tmp",
                                        ".b.0123456789abcdef.tmp"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        assert_int_equal(cairn_folder_make(at(folders[i])), CAIRN_OK);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) put(files[i]);
}

static void known_names_alone_are_removed(void **state)
{
    (void)state;
    struct cairn_foreign foreign = {.n = 0};
    make_tree();
    put("cells/cell=2/notes");
    assert_int_equal(cairn_own_check(top, &all, &foreign), CAIRN_OK);
    assert_int_equal(foreign.n, 4); /* cells/own, cells/mine, notes, .b */
    assert_true(exists("own") && exists("cells/cell=1/own"));
    foreign = (struct cairn_foreign){.n = 0};
    assert_int_equal(cairn_own_remove(top, NULL, &all, &foreign), CAIRN_OK);
    assert_int_equal(foreign.n, 4);
    assert_false(exists("own") || exists("cells/cell=1") || exists("cells/cell=2/own"));
    assert_false(exists(".own.0123456789abcdef.tmp"));
    assert_true(exists("lock") && exists("cells/own") && exists("cells/mine/own"));
    assert_true(exists("cells/cell=2/notes") && exists(".b.0123456789abcdef.tmp"));
    assert_int_equal(unlink(at("cells/cell=2/notes")), 0);
    assert_int_equal(cairn_own_remove(top, NULL, &all, NULL), CAIRN_OK);
    assert_false(exists("cells/cell=2"));
}

enum { N_MANY = 8 };

/* The n-th of several names. */
static const char *nth(const char *name, int n)
{
    static char text[2][32];
    static unsigned turn;
    char *out = text[turn++ % 2];
    snprintf(out, sizeof text[0], "%s%d", name, n);
    return out;
}

static bool is_one_of_many(const char *name)
{
    return strncmp(name, "own", 3) == 0;
}

/* A file in a folder is asked for when its turn comes. */
static bool is_own_after_files(const char *name)
{
    for (int n = 0; n < N_MANY; n++) assert_false(exists(nth("own", n)));
    return is_own(name);
}
static const struct cairn_own late_cell = {.file = is_own_after_files};

static const struct cairn_own *late_cell_of(const char *name)
{
    return cell_of(name) == NULL ? NULL : &late_cell;
}

/* What a process leaves that is killed on the way is known by its folders; the file system lists
 * names in any order. */
static void folders_go_last(void **state)
{
    static const struct cairn_own own = {.file = is_one_of_many, .folder = late_cell_of};
    char inside[32];
    (void)state;
    for (int n = 0; n < N_MANY; n++) {
        assert_int_equal(cairn_folder_make(at(nth("cell", n))), CAIRN_OK);
        snprintf(inside, sizeof inside, "cell%d/own", n);
        put(inside);
        put(nth("own", n));
    }
    assert_int_equal(cairn_own_remove(top, NULL, &own, NULL), CAIRN_OK);
    for (int n = 0; n < N_MANY; n++) assert_false(exists(nth("cell", n)));
}

static void one_folder_below(void **state)
{
    (void)state;
    struct cairn_foreign foreign = {.n = 0};
    make_tree();
    put("cells/cell=2/notes");
    assert_int_equal(cairn_own_remove_folder(top, "cells/cell=1", &cell, &foreign), CAIRN_OK);
    assert_int_equal(cairn_own_remove_folder(top, "cells/cell=9", &cell, &foreign), CAIRN_OK);
    assert_int_equal(cairn_own_remove_folder(top, "nowhere/cell=9", &cell, &foreign), CAIRN_OK);
    assert_int_equal(foreign.n, 0);
    assert_false(exists("cells/cell=1"));
    assert_int_equal(cairn_own_remove_folder(top, "cells/cell=2", &cell, &foreign), CAIRN_OK);
    assert_int_equal(foreign.n, 1);
    assert_string_equal(foreign.first, at("cells/cell=2/notes"));
    assert_true(exists("cells/cell=2/notes") && !exists("cells/cell=2/own"));
    assert_int_equal(unlink(at("cells/cell=2/notes")), 0);
    assert_int_equal(cairn_own_remove(top, "cells", &cells, NULL), CAIRN_OK);
    assert_true(exists("cells") && exists("own") && !exists("cells/cell=2"));
}

/* Neither on the way nor at its end; a link in place of a file loses its name alone. */
static void links_are_not_followed(void **state)
{
    (void)state;
    struct cairn_foreign foreign = {.n = 0};
    assert_int_equal(cairn_folder_make(at("victim/cell=1")), CAIRN_OK);
    assert_int_equal(cairn_folder_make(at("study/cells")), CAIRN_OK);
    put("victim/own");
    put("victim/cell=1/own");
    assert_int_equal(symlink("../../victim", at("study/cells/cell=1")), 0);
    assert_int_equal(symlink("../victim/own", at("study/own")), 0);
    assert_int_equal(cairn_own_remove(at("study"), NULL, &all, &foreign), CAIRN_OK);
    assert_int_equal(foreign.n, 1);
    assert_true(exists("study/cells/cell=1") && !exists("study/own") && exists("victim/own"));
    assert_int_equal(cairn_own_remove_folder(at("study"), "cells/cell=1", &cell, &foreign),
                     CAIRN_OK);
    assert_int_equal(foreign.n, 2);
    assert_true(exists("study/cells/cell=1") && exists("victim/own"));
    assert_int_equal(unlink(at("study/cells/cell=1")) | rmdir(at("study/cells")), 0);
    assert_int_equal(symlink("../victim", at("study/cells")), 0);
    assert_int_equal(cairn_own_remove(at("study"), "cells", &cells, NULL), CAIRN_FILES);
    assert_int_equal(cairn_own_remove_folder(at("study"), "cells/cell=1", &cell, NULL),
                     CAIRN_FILES);
    assert_non_null(strstr(cairn_error_text(), "study/cells: is a symbolic link"));
    assert_true(exists("study/cells") && exists("victim/own") && exists("victim/cell=1/own"));
}

static void other_kinds_of_names_stay(void **state)
{
    (void)state;
    struct cairn_foreign foreign = {.n = 0};
    assert_int_equal(cairn_folder_make(at("own")), CAIRN_OK);
    put("cells");
    assert_int_equal(cairn_own_remove(top, NULL, &all, &foreign), CAIRN_OK);
    assert_int_equal(foreign.n, 2);
    assert_true(exists("own") && exists("cells"));
    assert_int_equal(cairn_folder_remove(top, is_own), CAIRN_OK);
    assert_true(exists("own"));
    assert_int_equal(cairn_own_remove(at("cells"), NULL, &all, NULL), CAIRN_FILES); /* no folder */
}

static bool is_made(int folder, const char *name)
{
    struct stat about;
    return fstatat(folder, name, &about, 0) == 0 && about.st_size != 1;
}

static void what_others_made_under_our_name_stays(void **state)
{
    (void)state;
    static const struct cairn_own made = {.file = is_own, .made = is_made};
    struct cairn_foreign foreign = {.n = 0};
    put("own");
    assert_int_equal(cairn_own_remove(top, NULL, &made, &foreign), CAIRN_OK);
    assert_true(exists("own") && foreign.n == 1);
    assert_int_equal(truncate(at("own"), 2), 0);
    assert_int_equal(cairn_own_remove(top, NULL, &made, NULL), CAIRN_OK);
    assert_false(exists("own"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(known_names_alone_are_removed, make_top, remove_top),
        cmocka_unit_test_setup_teardown(folders_go_last, make_top, remove_top),
        cmocka_unit_test_setup_teardown(one_folder_below, make_top, remove_top),
        cmocka_unit_test_setup_teardown(links_are_not_followed, make_top, remove_top),
        cmocka_unit_test_setup_teardown(other_kinds_of_names_stay, make_top, remove_top),
        cmocka_unit_test_setup_teardown(what_others_made_under_our_name_stays, make_top,
                                        remove_top),
    };
    cairn_log_mute();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
