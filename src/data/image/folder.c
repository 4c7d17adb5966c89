/* SPDX-License-Identifier: BSD-3-Clause
 * Folders of images. */
#include "data/image/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"

enum { MOST_DEPTH = 16, FIRST_CAPACITY = 64 };

static cairn_status add(struct cairn_name_list *list, const char *name)
{
    if (list->n == list->capacity) {
        const size_t capacity = list->capacity == 0 ? FIRST_CAPACITY : 2 * list->capacity;
        char **more = NULL;
        CAIRN_TRY(cairn_memory_get(capacity, sizeof *more, "names of files", &more));
        if (list->n > 0) memcpy(more, list->name, list->n * sizeof *more);
        free(list->name);
        list->name = more;
        list->capacity = capacity;
    }
    CAIRN_TRY(cairn_memory_text(name, &list->name[list->n]));
    list->n++;
    return CAIRN_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct cairn_name_list *list)
{
    if (list->n > 1) qsort(list->name, list->n, sizeof *list->name, by_name);
}

void cairn_name_list_free(struct cairn_name_list *list)
{
    for (size_t i = 0; i < list->n; i++) free(list->name[i]);
    free(list->name);
    *list = (struct cairn_name_list){.n = 0};
}

static bool is_image(const char *name)
{
    static const char *const endings[] = {".png", ".jpg", ".jpeg", ".jpe"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; dot != NULL && i < sizeof endings / sizeof endings[0]; i++)
        if (strcasecmp(dot, endings[i]) == 0) return true;
    return false;
}

/* Call visit for what is in a folder and not hidden. */
static cairn_status each_entry(const char *path,
                               cairn_status (*visit)(void *context, const char *path,
                                                     const char *name, bool is_folder),
                               void *context)
{
    DIR *folder = opendir(path);
    cairn_status st = CAIRN_OK;
    char whole[CAIRN_PATH_BYTES];
    if (folder == NULL) return cairn_fail(CAIRN_DATA, "%s: %s", path, strerror(errno));
    for (struct dirent *entry = readdir(folder); entry != NULL && st == CAIRN_OK;
         entry = readdir(folder)) {
        struct stat about;
        if (entry->d_name[0] == '.') continue;
        st = cairn_path_join(path, entry->d_name, whole);
        if (st == CAIRN_OK && stat(whole, &about) != 0)
            st = cairn_fail(CAIRN_DATA, "%s: %s", whole, strerror(errno));
        const bool is_folder = st == CAIRN_OK && S_ISDIR(about.st_mode);
        if (st == CAIRN_OK && (is_folder || S_ISREG(about.st_mode))) /* no pipe, which waits */
            st = visit(context, whole, entry->d_name, is_folder);
    }
    closedir(folder);
    return st;
}

static cairn_status take_folder(void *context, const char *path, const char *name, bool is_folder)
{
    (void)path;
    return is_folder ? add(context, name) : CAIRN_OK;
}

cairn_status cairn_folders_in(const char *path, struct cairn_name_list *out)
{
    CAIRN_TRY(each_entry(path, take_folder, out));
    sort(out);
    return CAIRN_OK;
}

struct walk {
    struct cairn_name_list *list;
    size_t n_others;
    int depth; /* links may lead round in a circle */
};

static cairn_status take_image(void *context, const char *path, const char *name, bool is_folder)
{
    struct walk *walk = context;
    if (!is_folder && is_image(name)) return add(walk->list, path);
    if (!is_folder) {
        walk->n_others++;
        return CAIRN_OK;
    }
    if (walk->depth == MOST_DEPTH)
        return cairn_fail(CAIRN_DATA, "%s: is %d folders deep; does a link lead round?", path,
                          MOST_DEPTH);
    walk->depth++;
    CAIRN_TRY(each_entry(path, take_image, walk));
    walk->depth--;
    return CAIRN_OK;
}

cairn_status cairn_images_in(const char *path, struct cairn_name_list *out, size_t *n_others)
{
    struct walk walk = {.list = out};
    CAIRN_TRY(each_entry(path, take_image, &walk));
    sort(out);
    *n_others += walk.n_others;
    return CAIRN_OK;
}
