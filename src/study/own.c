/* SPDX-License-Identifier: BSD-3-Clause
 * The names of a study's own files and folders, and whose folder it is. */
#include "study/own.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/run_own.h"
#include "report/page.h"
#include "run/own.h"
#include "study/cells.h"

/* ---- names */

/* study.yaml, by which its folder is known, is apart; in these three are its cells. */
static const char known_by[] = "study.yaml";
static const char *const parts[] = {"cells", "results", "claims"};

/* What study/run/files.c writes besides, and a report of it. */
static const char page_name[] = "report.html";
static const char *const names[] = {"study.csv",    "study.h5", "fit.json",
                                    "scaling.json", page_name,  "config.yaml"};
enum { N_PARTS = sizeof parts / sizeof parts[0], N_NAMES = sizeof names / sizeof names[0] };

static bool is_among(const char *name, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(name, list[i]) == 0) return true;
    return false;
}

static bool is_known_by(const char *name)
{
    return strcmp(name, known_by) == 0;
}

static bool is_own(const char *name)
{
    return is_among(name, names, N_NAMES);
}

static bool is_own_but_page(const char *name)
{
    return is_own(name) && strcmp(name, page_name) != 0;
}

static bool stays(const char *name)
{
    return is_among(name, parts, N_PARTS) || is_known_by(name) ||
           cairn_file_is_unfinished_of(name, is_known_by) || cairn_run_leaves(name);
}

static const struct cairn_own *run_of(const char *name)
{
    return cairn_study_is_cell_name(name) ? &cairn_run_own : NULL;
}

static const struct cairn_own nothing = {.file = NULL};

static const struct cairn_own *empty_part(const char *name)
{
    return is_among(name, parts, N_PARTS) ? &nothing : NULL;
}

/* ---- whose folder it is */

/* A study there would mix its files with those of the run. */
static cairn_status check_no_run(const char *path)
{
    static const char *const of_run[] = {"checkpoints", "metrics.csv"};
    char file[CAIRN_PATH_BYTES];
    for (size_t i = 0; i < sizeof of_run / sizeof of_run[0]; i++) {
        CAIRN_TRY(cairn_path_join(path, of_run[i], file));
        if (access(file, F_OK) == 0)
            return cairn_fail(CAIRN_USAGE,
                              "%s: is the folder of a run; take another --out for a study", path);
    }
    return CAIRN_OK;
}

/* A study file of the user's own may have the same name. */
static cairn_status check_known(const char *path, bool *known)
{
    static const char begins[] = "kind: ";
    char *text = NULL;
    CAIRN_TRY(cairn_file_read(path, &text));
    *known = text != NULL && strncmp(text, begins, sizeof begins - 1) == 0;
    bool strange = text != NULL && !*known;
    free(text);
    if (!strange) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "%s: a study writes a file of this name, and none has written this one; "
                      "take another --out",
                      path);
}

/* A study that was killed before it could write study.yaml has left empty folders. */
static cairn_status check_empty(const char *path)
{
    const struct cairn_own begun = {
        .file = is_known_by, .folder = empty_part, .stays = cairn_run_is_note};
    struct cairn_foreign foreign = {.n = 0};
    CAIRN_TRY(cairn_own_check(path, &begun, &foreign));
    if (foreign.n == 0) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "%s: has no study.yaml, so no study is there for --overwrite to remove, and "
                      "it is not empty (%s); leave it out, or take another --out",
                      path, foreign.first);
}

/* What would be written over. */
static cairn_status check_free(const char *path)
{
    char file[CAIRN_PATH_BYTES];
    for (size_t i = 0; i < N_NAMES; i++) {
        CAIRN_TRY(cairn_path_join(path, names[i], file));
        if (cairn_file_is_alone(file))
            return cairn_fail(CAIRN_USAGE,
                              "%s: a study writes a file of this name, and with no study.yaml "
                              "beside it none has written this one; take another --out, or move "
                              "it away",
                              file);
    }
    return CAIRN_OK;
}

cairn_status cairn_study_own_check(const char *path, bool clears)
{
    bool known = false;
    char file[CAIRN_PATH_BYTES];
    CAIRN_TRY(check_no_run(path));
    CAIRN_TRY(cairn_path_join(path, known_by, file));
    CAIRN_TRY(check_known(file, &known));
    if (known) return CAIRN_OK;
    return clears ? check_empty(path) : check_free(path);
}

/* ---- removing */

cairn_status cairn_study_own_remove(const char *path)
{
    const struct cairn_own results = {.file = cairn_study_is_cell_name};
    const struct cairn_own cells = {.folder = run_of};
    struct cairn_own top = {.file = is_own, .stays = stays};
    struct cairn_foreign foreign = {.n = 0};
    char page[CAIRN_PATH_BYTES];
    CAIRN_TRY(cairn_path_join(path, page_name, page));
    if (cairn_page_check(page) != CAIRN_OK) top.file = is_own_but_page; /* the user's own */
    CAIRN_TRY(cairn_own_remove(path, "claims", &nothing, &foreign));    /* are gone, or in use */
    CAIRN_TRY(cairn_own_remove(path, "results", &results, &foreign));
    CAIRN_TRY(cairn_own_remove(path, "cells", &cells, &foreign));
    CAIRN_TRY(cairn_own_remove(path, NULL, &top, &foreign));
    cairn_foreign_log(&foreign);
    /* Last: until then it is known as the folder of a study. */
    CAIRN_TRY(cairn_folder_remove(path, is_known_by));
    return cairn_folder_sync(path);
}
