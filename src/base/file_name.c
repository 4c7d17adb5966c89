/* SPDX-License-Identifier: BSD-3-Clause
 * What names of files stand for, and what is known of a file without opening it. */
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static bool has_signs(const char *name)
{
    return strpbrk(name, "*?[") != NULL;
}

bool cairn_file_is_named(const char *name)
{
    static const char *const endings[] = {".h5", ".hdf5", ".hdf", ".he5",
                                          ".nc", ".nc4",  ".mat", ".h5py"};
    const size_t n = strlen(name);
    if (has_signs(name)) return true;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const size_t bytes = strlen(endings[i]);
        if (n > bytes && strcmp(name + n - bytes, endings[i]) == 0) return true;
    }
    return false;
}

static cairn_status visit_one(const char *name,
                              cairn_status (*visit)(void *context, const char *path), void *context)
{
    char *path = realpath(name, NULL);
    cairn_status st = visit(context, path == NULL ? name : path);
    free(path);
    return st;
}

cairn_status cairn_file_each(const char *name,
                             cairn_status (*visit)(void *context, const char *path), void *context)
{
    glob_t found = {.gl_pathc = 0};
    if (!has_signs(name) || access(name, F_OK) == 0) return visit_one(name, visit, context);
    cairn_status st = glob(name, 0, NULL, &found) == 0
                          ? CAIRN_OK
                          : cairn_fail(CAIRN_DATA, "%s: no file matches this pattern", name);
    for (size_t i = 0; i < found.gl_pathc && st == CAIRN_OK; i++)
        st = visit_one(found.gl_pathv[i], visit, context);
    globfree(&found);
    return st;
}

struct search {
    const char *path;
    bool found;
};

static cairn_status compare(void *context, const char *path)
{
    struct search *search = context;
    search->found = search->found || cairn_file_same(search->path, path);
    return CAIRN_OK;
}

bool cairn_file_is_among(const char *path, const char *name)
{
    struct search search = {path, false};
    return name != NULL && cairn_file_each(name, compare, &search) == CAIRN_OK && search.found;
}

bool cairn_file_same(const char *a, const char *b)
{
    struct stat of_a;
    struct stat of_b;
    return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev &&
           of_a.st_ino == of_b.st_ino;
}

bool cairn_file_is_alone(const char *path)
{
    struct stat about;
    return lstat(path, &about) == 0 && S_ISREG(about.st_mode) && about.st_nlink == 1 &&
           about.st_size > 0;
}
