/* SPDX-License-Identifier: BSD-3-Clause
 * The folder of a study. */
#include "study/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/system.h"
#include "run/own.h"
#include "study/own.h"

/* ---- names */

/* Nothing of a study is written, read or removed through a link. */
static cairn_status check_no_link(const char *path)
{
    struct stat about;
    if (lstat(path, &about) != 0 || !S_ISLNK(about.st_mode)) return CAIRN_OK;
    return cairn_fail(CAIRN_FILES, "%s: is a symbolic link, which is not followed; remove it",
                      path);
}

cairn_status cairn_study_folder_open(const char *path, struct cairn_study_folder *out)
{
    const struct {
        const char *name;
        char *path;
    } parts[] = {{"cells", out->cells}, {"results", out->results}, {"claims", out->claims}};
    CAIRN_TRY(cairn_folder_make(path));
    CAIRN_TRY(cairn_path_copy(path, out->path));
    out->n_seen = 0;
    out->seen = NULL;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        CAIRN_TRY(cairn_path_join(path, parts[i].name, parts[i].path));
        CAIRN_TRY(check_no_link(parts[i].path));
        CAIRN_TRY(cairn_folder_make(parts[i].path));
    }
    return CAIRN_OK;
}

void cairn_study_folder_close(struct cairn_study_folder *folder)
{
    free(folder->seen);
    folder->seen = NULL;
}

static cairn_status name_in(const char *folder, const struct cairn_study_axes *axes, size_t cell,
                            char path[CAIRN_PATH_BYTES])
{
    char name[CAIRN_STUDY_NAME_BYTES];
    cairn_study_cell_name(axes, cell, name);
    return cairn_path_join(folder, name, path);
}

cairn_status cairn_study_cell_folder(const struct cairn_study_folder *folder,
                                     const struct cairn_study_axes *axes, size_t cell,
                                     char path[CAIRN_PATH_BYTES])
{
    char checkpoints[CAIRN_PATH_BYTES];
    CAIRN_TRY(name_in(folder->cells, axes, cell, path));
    CAIRN_TRY(check_no_link(path));
    CAIRN_TRY(cairn_path_join(path, "checkpoints", checkpoints));
    return check_no_link(checkpoints);
}

/* ---- removing */

cairn_status cairn_study_cell_remove(const struct cairn_study_folder *folder,
                                     const struct cairn_study_axes *axes, size_t cell)
{
    char path[CAIRN_PATH_BYTES];
    struct cairn_foreign foreign = {.n = 0};
    CAIRN_TRY(name_in("cells", axes, cell, path));
    CAIRN_TRY(cairn_own_remove_folder(folder->path, path, &cairn_run_own, &foreign));
    cairn_foreign_tell(&foreign);
    return CAIRN_OK;
}

/* Call visit for each cell in a folder; what else is there is somebody else's. */
static cairn_status each(const char *folder, cairn_status (*visit)(void *context, const char *name),
                         void *context)
{
    cairn_status st = CAIRN_OK;
    DIR *names = opendir(folder);
    if (names == NULL) return cairn_file_refused(folder, "cannot be read");
    for (struct dirent *entry = readdir(names); entry != NULL && st == CAIRN_OK;
         entry = readdir(names))
        if (cairn_study_is_cell_name(entry->d_name)) st = visit(context, entry->d_name);
    closedir(names);
    return st;
}

/* Remove a claim whose process is gone. */
static cairn_status drop_claim(const struct cairn_study_folder *folder, const char *name,
                               struct cairn_lock *lock, bool *busy)
{
    char path[CAIRN_PATH_BYTES];
    CAIRN_TRY(cairn_path_join(folder->claims, name, path));
    CAIRN_TRY(cairn_lock_try(lock, path, busy));
    if (!*busy) cairn_lock_give(lock);
    return CAIRN_OK;
}

static cairn_status tidy_claim(void *context, const char *name)
{
    bool busy = false;
    struct cairn_lock lock;
    return drop_claim(context, name, &lock, &busy);
}

cairn_status cairn_study_folder_tidy(const struct cairn_study_folder *folder)
{
    struct cairn_study_folder copy = *folder;
    return each(folder->claims, tidy_claim, &copy);
}

static cairn_status check_claim(void *context, const char *name)
{
    const struct cairn_study_folder *folder = context;
    bool busy = false;
    struct cairn_lock lock;
    CAIRN_TRY(drop_claim(folder, name, &lock, &busy));
    if (!busy) return CAIRN_OK;
    return cairn_fail(
        CAIRN_USAGE, "%s is in use: another job runs its cell %s; stop that before --overwrite%s%s",
        folder->path, name, lock.doubtful ? ", or, where it has ended, remove " : "",
        lock.doubtful ? lock.path : "");
}

cairn_status cairn_study_folder_clear(struct cairn_study_folder *folder)
{
    CAIRN_TRY(each(folder->claims, check_claim, folder));
    folder->n_seen = 0;
    return cairn_study_own_remove(folder->path);
}

/* ---- the queue */

/* Results that are collected. */
struct collecting {
    struct cairn_study_folder *folder;
    const struct cairn_study_axes *axes;
    struct cairn_study_table *table;
    struct cairn_study_known *known;
};

/* A cell that the study file does not have any more stays out of the table. */
static cairn_status take_last(struct collecting *c)
{
    size_t cell = 0;
    struct cairn_study_row *row = &c->table->row[c->table->n_rows - 1];
    bool wanted = cairn_study_cell_find(c->axes, c->table, row, &cell) && !c->known[cell].ended;
    if (!wanted) {
        cairn_study_row_free(row, c->table->n_axes);
        c->table->n_rows--;
        return CAIRN_OK;
    }
    c->known[cell] =
        (struct cairn_study_known){.ended = true, .end = row->end, .updates = row->updates};
    return CAIRN_OK;
}

static cairn_status read_result(struct collecting *c, const char *name)
{
    char path[CAIRN_PATH_BYTES];
    bool found = false;
    CAIRN_TRY(cairn_path_join(c->folder->results, name, path));
    CAIRN_TRY(cairn_study_row_read(path, c->table, &found));
    return found ? take_last(c) : CAIRN_OK;
}

static bool was_read(const struct cairn_study_folder *folder, uint64_t hash)
{
    for (size_t i = 0; i < folder->n_seen; i++)
        if (folder->seen[i] == hash) return true;
    return false;
}

static cairn_status take_note(struct cairn_study_folder *folder, uint64_t hash)
{
    size_t n = folder->n_seen;
    if ((n & (n - 1)) == 0) { /* room for a power of two */
        uint64_t *more = realloc(folder->seen, (n == 0 ? 1 : 2 * n) * sizeof *more);
        if (more == NULL) return cairn_fail(CAIRN_MEMORY, "there is no memory for a study");
        folder->seen = more;
    }
    folder->seen[folder->n_seen++] = hash;
    return CAIRN_OK;
}

static cairn_status read_if_new(void *context, const char *name)
{
    struct collecting *c = context;
    uint64_t hash = cairn_system_text_hash(name);
    if (was_read(c->folder, hash)) return CAIRN_OK;
    CAIRN_TRY(read_result(c, name));
    return take_note(c->folder, hash); /* not of one that cannot be read: its cell would be lost */
}

cairn_status cairn_study_folder_collect(struct cairn_study_folder *folder,
                                        struct cairn_study_table *table,
                                        const struct cairn_study_axes *axes,
                                        struct cairn_study_known *known)
{
    struct collecting c = {.folder = folder, .axes = axes, .table = table, .known = known};
    return each(folder->results, read_if_new, &c);
}

cairn_status cairn_study_claim(const struct cairn_study_folder *folder,
                               const struct cairn_study_axes *axes, size_t cell,
                               struct cairn_lock *claim, bool *claimed)
{
    char path[CAIRN_PATH_BYTES];
    bool busy = false;
    *claimed = false;
    CAIRN_TRY(name_in(folder->claims, axes, cell, path));
    CAIRN_TRY(cairn_lock_try(claim, path, &busy));
    if (busy) return CAIRN_OK;
    CAIRN_TRY(name_in(folder->results, axes, cell, path));
    *claimed = access(path, F_OK) != 0; /* else it ended between the look and the claim */
    if (!*claimed) cairn_lock_give(claim);
    return CAIRN_OK;
}

cairn_status cairn_study_folder_put(const struct cairn_study_folder *folder,
                                    const struct cairn_study_axes *axes, size_t cell,
                                    const struct cairn_study_table *names,
                                    const struct cairn_study_row *row)
{
    char path[CAIRN_PATH_BYTES];
    CAIRN_TRY(name_in(folder->results, axes, cell, path));
    return cairn_study_row_write(path, names, row);
}
