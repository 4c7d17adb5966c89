/* SPDX-License-Identifier: BSD-3-Clause
 * All arrays of a file, however deep.  A file says what is where: its groups may form a graph, with
 * more paths than any walk ends with, or a circle.  So each object is met once. */
#define _GNU_SOURCE /* tdestroy() */
#include <search.h>
#include <stdio.h>
#include <string.h>

#include "h5/internal.h"

/* A walk, and where it is. */
struct tree {
    struct cairn_h5 *file;
    cairn_status (*visit)(void *context, const char *path);
    void *context;
    void *met; /* addresses, by search.h */
    char path[2 * CAIRN_H5_NAME_BYTES];
};

/* Where an object lies in its file, by one of its names; false for none. */
static bool find_address(struct cairn_h5 *file, const char *path, uintptr_t *address)
{
    CAIRN_H5_READING(file);
    hid_t object = H5Oopen(file->id, path, H5P_DEFAULT);
    if (object < 0) return false;
#if H5_VERSION_GE(1, 12, 0)
    H5O_info2_t about;
    bool known = H5Oget_info3(object, &about, H5O_INFO_BASIC) >= 0;
    if (known) memcpy(address, &about.token, sizeof *address); /* which begins with it */
#else
    H5O_info_t about;
    bool known = H5Oget_info2(object, &about, H5O_INFO_BASIC) >= 0;
    if (known) *address = (uintptr_t)about.addr;
#endif
    H5Oclose(object);
    return known;
}

/* The addresses themselves are the keys. */
static int by_address(const void *a, const void *b)
{
    return ((uintptr_t)a > (uintptr_t)b) - ((uintptr_t)a < (uintptr_t)b);
}

static void nothing(void *key)
{
    (void)key;
}

/* Record the object here.  *again: it was met by another name. */
static cairn_status meet(struct tree *tree, bool *again)
{
    uintptr_t address = 0;
    *again = false;
    if (!find_address(tree->file, tree->path, &address)) return CAIRN_OK;
    const void *key = (const void *)address; /* never followed */
    *again = tfind(key, &tree->met, by_address) != NULL;
    if (*again || tsearch(key, &tree->met, by_address) != NULL) return CAIRN_OK;
    return cairn_fail(CAIRN_MEMORY, "not enough memory to walk through %s", tree->file->path);
}

static cairn_status go_down(void *context, const char *name, bool is_group)
{
    struct tree *tree = context;
    bool again = false;
    size_t before = strlen(tree->path);
    size_t room = sizeof tree->path - before;
    int n = snprintf(tree->path + before, room, "/%s", name);
    if (n < 0 || (size_t)n >= room)
        return cairn_fail(CAIRN_DATA, "%s: the path %s is longer than Cairn writes any",
                          tree->file->path, tree->path);
    CAIRN_TRY(meet(tree, &again));
    if (again && is_group)
        return cairn_fail(CAIRN_DATA,
                          "%s: the group %s has another name too; Cairn writes no such file",
                          tree->file->path, tree->path);
    if (is_group)
        CAIRN_TRY(cairn_h5_children(tree->file, tree->path, go_down, tree));
    else if (!again && tree->visit != NULL)
        CAIRN_TRY(tree->visit(tree->context, tree->path));
    tree->path[before] = '\0';
    return CAIRN_OK;
}

cairn_status cairn_h5_arrays(struct cairn_h5 *file,
                             cairn_status (*visit)(void *context, const char *path), void *context)
{
    struct tree tree = {.file = file, .visit = visit, .context = context, .path = "/"};
    bool again = false;
    cairn_h5_enter();
    cairn_status st = meet(&tree, &again);
    tree.path[0] = '\0';
    if (st == CAIRN_OK) st = cairn_h5_children(file, "/", go_down, &tree);
    tdestroy(tree.met, nothing);
    return cairn_h5_leave(st);
}
