/* SPDX-License-Identifier: BSD-3-Clause
 * The folder of checkpoints: names, the newest one, and which to keep. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "checkpoint/internal.h"

static const char latest_name[] = "latest.h5";
static const char best_name[] = "best.h5";

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

/* A file that somebody copied or renamed is not what its name says. */
static cairn_status check_name(const char *path, uint64_t named)
{
    uint64_t held = named;
    CAIRN_TRY(cairn_checkpoint_held(path, &held));
    if (held == named) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA,
                      "%s: holds update %" PRIu64 ", not the one in its name; to use it, rename it "
                      "to update-%08" PRIu64 ".h5",
                      path, held, held);
}

static cairn_status newest_of(const char *folder, const struct listing *list, bool *found,
                              char path[CAIRN_PATH_BYTES])
{
    for (size_t i = 0; i < list->n; i++) {
        char name[CAIRN_FILE_NAME_BYTES];
        cairn_checkpoint_name(list->update[i], name);
        CAIRN_TRY(cairn_path_join(folder, name, path));
        if (cairn_checkpoint_verify(path) == CAIRN_OK &&
            check_name(path, list->update[i]) == CAIRN_OK) {
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
        CAIRN_DATA, "%s: all %zu checkpoints are damaged or misnamed; start over with --overwrite",
        folder, list->n);
}

cairn_status cairn_checkpoint_newest(const char *folder, bool *found, char path[CAIRN_PATH_BYTES])
{
    struct listing list = {0};
    CAIRN_TRY(list_folder(folder, &list));
    cairn_status st = newest_of(folder, &list, found, path);
    free(list.update);
    return st;
}

cairn_status cairn_checkpoint_path(const char *folder, uint64_t update, char path[CAIRN_PATH_BYTES])
{
    char name[CAIRN_FILE_NAME_BYTES];
    cairn_checkpoint_name(update, name);
    return cairn_path_join(folder, name, path);
}

cairn_status cairn_checkpoint_list(const char *folder, uint64_t **update, size_t *n)
{
    struct listing list = {0};
    CAIRN_TRY(list_folder(folder, &list));
    *update = list.update;
    *n = list.n;
    return CAIRN_OK;
}

cairn_status cairn_checkpoint_last(const char *folder, char path[CAIRN_PATH_BYTES])
{
    struct listing list = {0};
    CAIRN_TRY(list_folder(folder, &list));
    path[0] = '\0';
    cairn_status st = list.n == 0 ? CAIRN_OK : cairn_checkpoint_path(folder, list.update[0], path);
    free(list.update);
    return st;
}

bool cairn_checkpoint_exists(const char *folder, uint64_t update)
{
    char path[CAIRN_PATH_BYTES];
    return cairn_checkpoint_path(folder, update, path) == CAIRN_OK && access(path, F_OK) == 0;
}

/* The update that a link of the folder points at; UINT64_MAX: there is none. */
static cairn_status find_link(const char *folder, const char *link, uint64_t *update)
{
    char path[CAIRN_PATH_BYTES];
    char name[CAIRN_FILE_NAME_BYTES];
    *update = UINT64_MAX;
    CAIRN_TRY(cairn_path_join(folder, link, path));
    ssize_t n = readlink(path, name, sizeof name - 1);
    if (n < 0 && errno != ENOENT && errno != EINVAL) /* EINVAL: something else than a link */
        return cairn_file_refused(path, "cannot be read");
    name[n < 0 ? 0 : n] = '\0';
    if (!is_checkpoint(name, update)) *update = UINT64_MAX;
    return CAIRN_OK;
}

static cairn_status set_link(const char *folder, const char *link, uint64_t update)
{
    char name[CAIRN_FILE_NAME_BYTES];
    char path[CAIRN_PATH_BYTES];
    uint64_t now = UINT64_MAX;
    CAIRN_TRY(cairn_path_join(folder, link, path));
    if (update == UINT64_MAX) return cairn_file_remove(path);
    if (find_link(folder, link, &now) == CAIRN_OK && now == update) return CAIRN_OK;
    cairn_checkpoint_name(update, name);
    return cairn_file_link(name, path);
}

cairn_status cairn_checkpoint_set_best(const char *folder, uint64_t update)
{
    return set_link(folder, best_name, update);
}

cairn_status cairn_checkpoint_set_latest(const char *folder, uint64_t update)
{
    return set_link(folder, latest_name, update);
}

bool cairn_keep_always(const struct cairn_keep *keep, uint64_t update)
{
    if (keep->every != 0 && update != 0 && update % keep->every == 0) return true;
    for (size_t i = 0; i < keep->n_at; i++)
        if (keep->at[i] == update) return true;
    return false;
}

static bool is_own_name(const char *name)
{
    uint64_t update = 0;
    return strcmp(name, latest_name) == 0 || strcmp(name, best_name) == 0 ||
           is_checkpoint(name, &update);
}

const struct cairn_own cairn_checkpoint_own = {.file = is_own_name};

/* What a killed writer did not finish. */
static bool is_left_over(const char *name)
{
    return cairn_file_is_unfinished_of(name, is_own_name);
}

/* A link of this name was put there by the user, to a checkpoint that was moved, say. */
static bool is_plain(const char *folder, uint64_t update)
{
    struct stat about;
    char path[CAIRN_PATH_BYTES];
    return cairn_checkpoint_path(folder, update, path) == CAIRN_OK && lstat(path, &about) == 0 &&
           S_ISREG(about.st_mode);
}

static cairn_status remove_checkpoint(const char *folder, uint64_t update)
{
    char path[CAIRN_PATH_BYTES];
    CAIRN_TRY(cairn_checkpoint_path(folder, update, path));
    return cairn_file_remove(path);
}

cairn_status cairn_checkpoint_prune(const struct cairn_checkpoint_place *place, uint64_t written)
{
    struct listing list = {0};
    const struct cairn_keep *keep = &place->keep;
    uint64_t best = UINT64_MAX;
    size_t n_newer = 0; /* than this one, of those that are counted */
    cairn_status st = cairn_folder_remove(place->folder, is_left_over);
    if (st == CAIRN_OK) st = find_link(place->folder, best_name, &best);
    if (st == CAIRN_OK && keep->newest > 0) st = list_folder(place->folder, &list);
    for (size_t i = 0; i < list.n; i++) { /* one that stays keeps no other from going */
        uint64_t update = list.update[i];
        if (update > written || n_newer++ < keep->newest) continue;
        if (update == best || cairn_keep_always(keep, update)) continue;
        if (!is_plain(place->folder, update)) continue;
        cairn_status now = remove_checkpoint(place->folder, update);
        if (st == CAIRN_OK) st = now;
    }
    free(list.update);
    return st == CAIRN_OK ? CAIRN_OK : cairn_fail_in(CAIRN_FILES, "old checkpoints stay");
}

cairn_status cairn_checkpoint_tidy(const struct cairn_checkpoint_place *place, uint64_t newest)
{
    if (newest == UINT64_MAX) return cairn_folder_remove(place->folder, is_left_over);
    CAIRN_TRY(cairn_checkpoint_set_latest(place->folder, newest));
    return cairn_checkpoint_prune(place, newest);
}

cairn_status cairn_checkpoint_remove_later(const char *folder, uint64_t update)
{
    struct listing list = {0};
    CAIRN_TRY(list_folder(folder, &list));
    for (size_t i = 0; i < list.n && list.update[i] > update; i++)
        if (remove_checkpoint(folder, list.update[i]) != CAIRN_OK)
            cairn_log_warning("a later checkpoint stays: %s", cairn_error_text());
    free(list.update);
    return CAIRN_OK;
}
