/* SPDX-License-Identifier: BSD-3-Clause
 * A fresh run folder for each test of report/, below a folder that goes at the end. */
#ifndef CAIRN_TESTS_SUPPORT_RUN_FOLDER_H
#define CAIRN_TESTS_SUPPORT_RUN_FOLDER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "record/run_folder.h"

static char top[64];  /* a folder for all tests */
static char run[128]; /* the run folder of this test; not made yet */

static inline int make_top(void **state)
{
    (void)state;
    snprintf(top, sizeof top, "run_folder.XXXXXX");
    return mkdtemp(top) == NULL;
}

static inline int remove_top(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", top);
    return system(command);
}

static inline int fresh(void **state)
{
    (void)state;
    static int n;
    snprintf(run, sizeof run, "%s/runs/%d", top, n++);
    return 0;
}

static inline const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", run, name);
    return path;
}

static inline void write_text(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static inline void assert_text(const char *name, const char *wanted)
{
    char *text = NULL;
    assert_int_equal(cairn_file_read(path_of(name), &text), CAIRN_OK);
    assert_non_null(text);
    assert_string_equal(text, wanted);
    free(text);
}

static inline bool exists(const char *name)
{
    struct stat about;
    return lstat(path_of(name), &about) == 0;
}

static inline struct cairn_run_folder *opened(void)
{
    struct cairn_run_folder *folder = NULL;
    cairn_status st = cairn_run_folder_open(run, &folder);
    if (st != CAIRN_OK) fail_msg("%s", cairn_error_text());
    return folder;
}

static inline struct cairn_run_folder *started(uint64_t update)
{
    struct cairn_run_folder *folder = opened();
    cairn_status st = cairn_run_folder_start(folder, update, false, "loss: cross_entropy\n");
    if (st != CAIRN_OK) fail_msg("%s", cairn_error_text());
    return folder;
}

#endif
