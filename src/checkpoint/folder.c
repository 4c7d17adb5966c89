/* SPDX-License-Identifier: BSD-3-Clause
 * The folder of checkpoints: names, the newest one, and which to keep. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "checkpoint/internal.h"

/* The updates of which there are checkpoints, newest first. */
struct listing {
    uint64_t *update; /* [n], owned */
    size_t n, room;
};

void cairn_checkpoint_name(uint64_t update, char *name)
{
    snprintf(name, CAIRN_FILE_NAME_BYTES, "update-%08" PRIu64 ".h5", update);
}

/* Whether `name` is exactly what a checkpoint of some update is called. */
static bool is_checkpoint(const char *name, uint64_t *update)
{
    static const char prefix[] = "update-";
    char same[CAIRN_FILE_NAME_BYTES];
    if (strncmp(name, prefix, sizeof prefix - 1) != 0) return false;
    *update = strtoull(name + sizeof prefix - 1, NULL, 10);
    cairn_checkpoint_name(*update, same);
    return strcmp(name, same) == 0;
}

static cairn_status put(struct listing *list, uint64_t update)
{
    if (list->n == list->room) {
        uint64_t *grown = NULL;
        size_t room = 2 * list->room + 16;
        CAIRN_TRY(cairn_memory_get(room, sizeof *grown, "the list of checkpoints", &grown));
        if (list->n > 0) memcpy(grown, list->update, list->n * sizeof *grown);
        free(list->update);
        list->update = grown;
        list->room = room;
    }
    list->update[list->n++] = update;
    return CAIRN_OK;
}

static int newest_first(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x < y) - (x > y);
}

/* No folder is an empty list. */
static cairn_status list_folder(const char *folder, struct listing *out)
{
    struct listing list = {0};
    cairn_status st = CAIRN_OK;
    uint64_t update = 0;
    DIR *stream = opendir(folder);
    if (stream == NULL && errno != ENOENT)
        return cairn_fail(CAIRN_DATA, "%s: cannot be read: %s", folder, strerror(errno));
    for (struct dirent *entry = NULL;
         stream != NULL && st == CAIRN_OK && (entry = readdir(stream)) != NULL;)
        if (is_checkpoint(entry->d_name, &update)) st = put(&list, update);
    if (stream != NULL) closedir(stream);
    if (list.n > 0) qsort(list.update, list.n, sizeof *list.update, newest_first);
    if (st == CAIRN_OK)
        *out = list;
    else
        free(list.update);
    return st;
}

static cairn_status newest_of(const char *folder, const struct listing *list, bool *found,
                              char path[CAIRN_PATH_BYTES])
{
    for (size_t i = 0; i < list->n; i++) {
        char name[CAIRN_FILE_NAME_BYTES];
        cairn_checkpoint_name(list->update[i], name);
        CAIRN_TRY(cairn_path_join(folder, name, path));
        if (cairn_checkpoint_verify(path) == CAIRN_OK) {
            *found = true;
            return CAIRN_OK;
        }
        cairn_log_warning("checkpoint passed over: %s", cairn_error_text());
    }
    if (list->n == 0) {
        *found = false;
        return CAIRN_OK;
    }
    return cairn_fail(
        CAIRN_DATA,
        "%s: all %zu checkpoints are damaged; start afresh with --resume never --overwrite", folder,
        list->n);
}

cairn_status cairn_checkpoint_newest(const char *folder, bool *found, char path[CAIRN_PATH_BYTES])
{
    struct listing list = {0};
    CAIRN_TRY(list_folder(folder, &list));
    cairn_status st = newest_of(folder, &list, found, path);
    free(list.update);
    return st;
}

/* An old checkpoint; that one stays is no reason to end. */
static void remove_file(const char *folder, uint64_t update)
{
    char name[CAIRN_FILE_NAME_BYTES];
    char path[CAIRN_PATH_BYTES];
    cairn_checkpoint_name(update, name);
    cairn_status st = cairn_path_join(folder, name, path);
    if (st == CAIRN_OK) st = cairn_file_remove(path);
    if (st != CAIRN_OK) cairn_log_warning("an old checkpoint stays: %s", cairn_error_text());
}

void cairn_folder_prune(const char *folder, uint64_t written, size_t keep)
{
    struct listing list = {0};
    cairn_status st = cairn_folder_remove(folder, cairn_file_is_unfinished);
    if (st == CAIRN_OK && keep > 0) st = list_folder(folder, &list);
    if (st != CAIRN_OK) cairn_log_warning("old files stay: %s", cairn_error_text());
    for (size_t i = keep; i < list.n; i++)
        if (list.update[i] != written) remove_file(folder, list.update[i]);
    free(list.update);
}

cairn_status cairn_checkpoint_remove_later(const char *folder, uint64_t update)
{
    struct listing list = {0};
    CAIRN_TRY(list_folder(folder, &list));
    for (size_t i = 0; i < list.n && list.update[i] > update; i++)
        remove_file(folder, list.update[i]);
    free(list.update);
    return CAIRN_OK;
}
