/* SPDX-License-Identifier: BSD-3-Clause
 * The files of a dataset: each is opened once. */
#include "data/files.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/internal.h"

enum { FORMAT_VERSION = 1 };

static cairn_status absolute_path(const char *path, char **out)
{
    char *resolved = realpath(path, NULL);
    if (resolved == NULL) return cairn_memory_text(path, out);
    cairn_status st = cairn_memory_text(resolved, out);
    free(resolved);
    return st;
}

/* A file that says what it is must say this; a stranger's file may say nothing. */
static cairn_status check_format(struct cairn_h5 *file, const char *path)
{
    char *format = NULL;
    double version = 0;
    size_t n = 0;
    if (!cairn_h5_has_attribute(file, "/", "format")) return CAIRN_OK;
    CAIRN_TRY(cairn_h5_get_text(file, "/", "format", &format));
    bool is_dataset = strcmp(format, "cairn-dataset") == 0;
    bool is_checkpoint = strcmp(format, "cairn-checkpoint") == 0;
    free(format);
    if (is_checkpoint) return cairn_fail(CAIRN_DATA, "%s: is a checkpoint, not a dataset", path);
    if (!is_dataset)
        return cairn_fail(CAIRN_DATA, "%s: its attribute format is not cairn-dataset", path);
    CAIRN_TRY(cairn_h5_get_numbers(file, "/", "format_version", 1, &version, &n));
    if (version != FORMAT_VERSION)
        return cairn_fail(CAIRN_DATA, "%s: has format version %g; this cairn reads version %d",
                          path, version, FORMAT_VERSION);
    return CAIRN_OK;
}

static cairn_status add_file(struct cairn_dataset *dataset, struct cairn_h5 *file)
{
    struct cairn_h5 **files = NULL;
    CAIRN_TRY(cairn_memory_get(dataset->n_files + 1, sizeof(struct cairn_h5 *),
                               "the files of the data", &files));
    if (dataset->n_files > 0)
        memcpy(files, dataset->files, dataset->n_files * sizeof(struct cairn_h5 *));
    free(dataset->files);
    files[dataset->n_files++] = file;
    dataset->files = files;
    return CAIRN_OK;
}

/* One of the files that are open, or another. */
static cairn_status open_place(struct cairn_dataset *dataset, const char *path,
                               struct cairn_h5 **out)
{
    struct cairn_h5 *file = NULL;
    for (size_t i = 0; i < dataset->n_files && file == NULL; i++)
        if (strcmp(cairn_h5_path(dataset->files[i]), path) == 0) file = dataset->files[i];
    if (file == NULL) {
        CAIRN_TRY(cairn_h5_open(path, &file));
        CAIRN_TRY(add_file(dataset, file));
        CAIRN_TRY(check_format(file, path));
    }
    *out = file;
    return CAIRN_OK;
}

static cairn_status open_absolute(struct cairn_dataset *dataset, const char *path,
                                  struct cairn_h5 **out)
{
    char place[CAIRN_PATH_BYTES];
    if (dataset->root == NULL) return open_place(dataset, path, out);
    CAIRN_TRY(cairn_path_join(dataset->root, path + 1, place));
    return open_place(dataset, place, out);
}

static cairn_status open_file(struct cairn_dataset *dataset, const char *path,
                              struct cairn_h5 **out)
{
    char *absolute = NULL;
    CAIRN_TRY(absolute_path(path, &absolute));
    cairn_status st = open_absolute(dataset, absolute, out);
    free(absolute);
    return st;
}

static bool is_pattern(const char *name)
{
    return strpbrk(name, "*?[") != NULL && access(name, F_OK) != 0;
}

/* Open all that a pattern matches, sorted; visit each. */
static cairn_status each_match(struct cairn_dataset *dataset, const char *pattern,
                               cairn_status (*visit)(void *context, struct cairn_h5 *file),
                               void *context)
{
    glob_t found = {.gl_pathc = 0};
    struct cairn_h5 *file = NULL;
    cairn_status st = glob(pattern, 0, NULL, &found) == 0
                          ? CAIRN_OK
                          : cairn_fail(CAIRN_DATA, "%s: no file matches this pattern", pattern);
    for (size_t i = 0; i < found.gl_pathc && st == CAIRN_OK; i++) {
        st = open_file(dataset, found.gl_pathv[i], &file);
        if (st == CAIRN_OK) st = visit(context, file);
    }
    globfree(&found);
    return st;
}

cairn_status cairn_files_each(struct cairn_dataset *dataset, const char *name,
                              cairn_status (*visit)(void *context, struct cairn_h5 *file),
                              void *context)
{
    struct cairn_h5 *file = NULL;
    if (is_pattern(name)) return each_match(dataset, name, visit, context);
    CAIRN_TRY(open_file(dataset, name, &file));
    return visit(context, file);
}

static cairn_status count(void *context, struct cairn_h5 *file)
{
    (void)context, (void)file;
    return CAIRN_OK;
}

cairn_status cairn_files_open(struct cairn_dataset *dataset)
{
    struct cairn_h5 *file = NULL;
    if (is_pattern(dataset->path))
        CAIRN_TRY(each_match(dataset, dataset->path, count, NULL));
    else
        CAIRN_TRY(open_absolute(dataset, dataset->path, &file));
    dataset->n_main = dataset->n_files;
    dataset->file = dataset->files[0];
    return CAIRN_OK;
}
