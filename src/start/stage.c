/* SPDX-License-Identifier: BSD-3-Clause
 * data.stage: the files of the data on a disk of the node itself.  Copies lie in
 * DIR/cairn-<user>/ by the whole paths of their originals, so that runs with the same data share
 * them; one rank of a node copies while the others rest.  One file and its copy: data/staged.c. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/own.h"
#include "comm/exchange.h"
#include "data/staged.h"
#include "h5/h5.h"
#include "record/lock.h"
#include "record/progress.h"
#include "record/system.h"
#include "start/start.h"

/* What one rank of a node does. */
struct stage {
    cairn_comm *comm;
    const char *folder; /* data.stage */
    char root[CAIRN_PATH_BYTES];
    struct cairn_staged *file; /* [n_files]; owned */
    size_t n_files;
    struct cairn_staged of;         /* whose sources are added; borrowed */
    uint64_t to_copy, copied;       /* bytes */
    struct cairn_progress progress; /* on rank 0 */
};

/* ---- names, found by rank 0 and broadcast */

struct names {
    char *text; /* paths, each with its end */
    size_t n;
};

static cairn_status add_name(void *context, const char *path)
{
    struct names *names = context;
    const size_t n = strlen(path) + 1;
    char *more = realloc(names->text, names->n + n);
    if (more == NULL) return cairn_fail(CAIRN_MEMORY, "not enough memory for names of data");
    memcpy(more + names->n, path, n);
    names->text = more;
    names->n += n;
    return CAIRN_OK;
}

/* ---- which files, and where to */

/* The name in the folder of a path. */
static cairn_status beside(const char *path, const char *name, char out[CAIRN_PATH_BYTES])
{
    char folder[CAIRN_PATH_BYTES];
    CAIRN_TRY(cairn_path_copy(path, folder));
    *strrchr(folder, '/') = '\0';
    return cairn_path_join(folder, name, out);
}

/* Takes the texts. */
static cairn_status add_file(struct stage *stage, char *from, char *to)
{
    const size_t n = stage->n_files;
    if ((n & (n - 1)) == 0) { /* room for a power of two */
        struct cairn_staged *more = realloc(stage->file, (n == 0 ? 1 : 2 * n) * sizeof *more);
        if (more == NULL) {
            free(from);
            free(to);
            return cairn_fail(CAIRN_MEMORY, "not enough memory for names of data");
        }
        stage->file = more;
    }
    stage->file[stage->n_files++] = (struct cairn_staged){.from = from, .to = to};
    return CAIRN_OK;
}

static cairn_status add(struct stage *stage, const char *from, const char *to)
{
    char *copies[2] = {NULL, NULL};
    cairn_status st = cairn_memory_text(from, &copies[0]);
    if (st == CAIRN_OK) st = cairn_memory_text(to, &copies[1]);
    if (st == CAIRN_OK) return add_file(stage, copies[0], copies[1]);
    free(copies[0]);
    return st;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct cairn_staged *)a)->to, ((const struct cairn_staged *)b)->to);
}

/* Sort those from `first` on, and leave out what is there twice. */
static void make_unique(struct stage *stage, size_t first)
{
    size_t n = first;
    if (stage->n_files == first) return;
    qsort(stage->file + first, stage->n_files - first, sizeof *stage->file, by_name);
    for (size_t i = first; i < stage->n_files; i++) {
        if (n == first || by_name(&stage->file[i], &stage->file[n - 1]) != 0) {
            stage->file[n++] = stage->file[i];
            continue;
        }
        free(stage->file[i].from);
        free(stage->file[i].to);
    }
    stage->n_files = n;
}

static cairn_status add_names(struct stage *stage, const struct names *names)
{
    char to[CAIRN_PATH_BYTES];
    for (const char *name = names->text; name < names->text + names->n; name += strlen(name) + 1) {
        CAIRN_TRY(cairn_path_join(stage->root, name + 1, to));
        CAIRN_TRY(add(stage, name, to));
    }
    make_unique(stage, 0);
    return CAIRN_OK;
}

/* What a virtual array is made of lies in the folder of its file, and its copy in that of the copy.
 */
static cairn_status add_source(void *context, const char *path)
{
    struct stage *stage = context;
    char to[CAIRN_PATH_BYTES];
    const size_t n_folder = (size_t)(strrchr(stage->of.from, '/') + 1 - stage->of.from);
    if (strncmp(path, stage->of.from, n_folder) != 0) return CAIRN_OK;
    CAIRN_TRY(beside(stage->of.to, path + n_folder, to));
    return add(stage, path, to);
}

/* A source that is missing, and a file that is none, are for those who read it to say. */
static cairn_status add_sources(struct stage *stage, size_t i)
{
    struct cairn_h5 *file = NULL;
    stage->of = stage->file[i];
    if (cairn_h5_open(stage->of.from, &file) != CAIRN_OK) return CAIRN_OK;
    cairn_status st = cairn_h5_sources(file, add_source, stage);
    cairn_h5_close(file);
    return st == CAIRN_DATA ? CAIRN_OK : st;
}

static cairn_status look_at(struct stage *stage, size_t i)
{
    struct cairn_staged *file = &stage->file[i];
    CAIRN_TRY(cairn_staged_look(file));
    if (!file->there) stage->to_copy += file->bytes;
    cairn_watchdog_phase(stage->comm, CAIRN_PHASE_READY); /* its time starts again */
    return CAIRN_OK;
}

static cairn_status find_files(struct stage *stage, const struct names *names)
{
    CAIRN_TRY(add_names(stage, names));
    const size_t n = stage->n_files;
    for (size_t i = 0; i < n; i++) {
        CAIRN_TRY(look_at(stage, i));
        CAIRN_TRY(add_sources(stage, i));
    }
    make_unique(stage, n);
    for (size_t i = n; i < stage->n_files; i++) CAIRN_TRY(look_at(stage, i));
    return CAIRN_OK;
}

/* ---- copying */

static void say(void *context, uint64_t bytes)
{
    struct stage *stage = context;
    const int mb = 20;
    stage->copied += bytes;
    cairn_watchdog_phase(stage->comm, CAIRN_PHASE_READY);
    if (cairn_comm_rank(stage->comm) == 0)
        cairn_progress_count(&stage->progress, stage->copied >> mb, stage->to_copy >> mb);
}

static cairn_status check_room(const struct stage *stage)
{
    char need[32], have[32];
    const uint64_t n_free = cairn_system_free_bytes(stage->root);
    if (stage->to_copy <= n_free) return CAIRN_OK;
    cairn_bytes_text(stage->to_copy, need);
    cairn_bytes_text(n_free, have);
    return cairn_fail(CAIRN_FILES,
                      "%s: the data take %s and %s are free; make room there, or leave data.stage "
                      "out",
                      stage->folder, need, have);
}

/* What a killed one left: the lock is held, so nobody is at it. */
static cairn_status clean(const char *path)
{
    char folder[CAIRN_PATH_BYTES];
    CAIRN_TRY(beside(path, "", folder));
    return access(folder, F_OK) == 0 ? cairn_folder_remove(folder, cairn_file_is_unfinished)
                                     : CAIRN_OK;
}

static cairn_status copy_files(struct stage *stage, bool alone)
{
    for (size_t i = 0; i < stage->n_files; i++) {
        const struct cairn_staged *file = &stage->file[i];
        if (file->there) continue;
        if (alone) CAIRN_TRY(clean(file->to));
        CAIRN_TRY(cairn_staged_copy(file, say, stage));
    }
    return CAIRN_OK;
}

static cairn_status copy_all(struct stage *stage, bool alone)
{
    const bool main = cairn_comm_rank(stage->comm) == 0;
    const double begin_s = cairn_clock_s();
    char size[32], rate[32];
    if (stage->to_copy == 0) {
        cairn_log_info("data.stage: the data are in %s already", stage->root);
        return CAIRN_OK;
    }
    CAIRN_TRY(check_room(stage));
    cairn_bytes_text(stage->to_copy, size);
    cairn_log_info("data.stage: copying %s to %s", size, stage->root);
    if (main) cairn_progress_begin_of(&stage->progress, "MiB");
    cairn_status st = copy_files(stage, alone);
    if (main) cairn_progress_end(&stage->progress);
    const double spent_s = cairn_clock_s() - begin_s;
    cairn_bytes_text((uint64_t)((double)stage->copied / (spent_s > 0 ? spent_s : 1)), rate);
    if (st == CAIRN_OK)
        cairn_log_info("data.stage: copied and read back in %.3g s, %s/s", spent_s, rate);
    return st;
}

/* ---- the folder */

/* Ours alone: what others could write there is not trusted. */
static cairn_status make_root(struct stage *stage)
{
    struct stat about;
    CAIRN_TRY(cairn_folder_make(stage->folder));
    if (mkdir(stage->root, S_IRWXU) != 0 && errno != EEXIST)
        return cairn_file_refused(stage->root, "the folder cannot be made");
    if (lstat(stage->root, &about) == 0 && S_ISDIR(about.st_mode) && about.st_uid == geteuid() &&
        (about.st_mode & (S_IWGRP | S_IWOTH)) == 0)
        return CAIRN_OK;
    return cairn_fail(CAIRN_FILES,
                      "%s: is not a folder that only this user can write to; remove it, or take "
                      "another data.stage",
                      stage->root);
}

/* Until no other job copies here; *alone: the lock is held, which a file system without locks does
 * not give. */
static cairn_status wait_for_lock(const struct stage *stage, struct cairn_lock *lock, bool *alone)
{
    static const struct timespec NAP = {.tv_nsec = 200000000};
    char path[CAIRN_PATH_BYTES];
    bool busy = true, said = false;
    CAIRN_TRY(cairn_path_join(stage->root, "lock", path));
    while (busy) {
        CAIRN_TRY(cairn_lock_try(lock, path, &busy));
        *alone = !busy;
        if (busy && lock->doubtful) return CAIRN_OK;
        if (busy && !said) cairn_log_info("data.stage: another job copies to %s", stage->root);
        said = true;
        cairn_watchdog_phase(stage->comm, CAIRN_PHASE_READY);
        if (busy) nanosleep(&NAP, NULL);
    }
    return CAIRN_OK;
}

static cairn_status root_of(const char *folder, char root[CAIRN_PATH_BYTES])
{
    const int n =
        snprintf(root, CAIRN_PATH_BYTES, "%s/cairn-%lu", folder, (unsigned long)geteuid());
    if (n >= 0 && n < CAIRN_PATH_BYTES) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "data.stage: the path is too long");
}

static void release(struct stage *stage)
{
    for (size_t i = 0; i < stage->n_files; i++) {
        free(stage->file[i].from);
        free(stage->file[i].to);
    }
    free(stage->file);
}

/* The rank of the node that copies.  Local. */
static cairn_status stage_here(cairn_comm *comm, const char *folder, const struct names *names)
{
    struct stage stage = {.comm = comm, .folder = folder};
    struct cairn_lock lock = {.fd = -1};
    bool alone = false;
    CAIRN_TRY(root_of(folder, stage.root));
    CAIRN_TRY(make_root(&stage));
    cairn_status st = wait_for_lock(&stage, &lock, &alone);
    if (st == CAIRN_OK) st = find_files(&stage, names);
    if (st == CAIRN_OK) st = copy_all(&stage, alone);
    cairn_lock_release(&lock);
    release(&stage);
    return st;
}

/* ---- all ranks */

/* Data that are open everywhere are where they are.  Collective. */
static cairn_status is_needed(const struct cairn_config *config, cairn_comm *comm,
                              const struct cairn_setup_data *data, bool *needed)
{
    bool open = false;
    cairn_status st = cairn_setup_data_is_open(data, config, &open);
    double missing = open ? 0 : 1;
    CAIRN_TRY(cairn_comm_max(comm, st, &missing, 1));
    *needed = missing > 0;
    return CAIRN_OK;
}

/* What was open is opened again, from the copies.  Local. */
static cairn_status take_root(const struct cairn_config *config, struct cairn_setup_data *data)
{
    char root[CAIRN_PATH_BYTES];
    CAIRN_TRY(root_of(config->data_stage, root));
    cairn_setup_data_close(data);
    return cairn_memory_text(root, &data->root);
}

cairn_status cairn_start_stage(const struct cairn_config *config, cairn_comm *comm,
                               struct cairn_setup_data *data)
{
    struct names names = {.text = NULL};
    bool needed = false;
    if (data == NULL || strcmp(config->data_stage, CAIRN_NO_STAGE) == 0) return CAIRN_OK;
    CAIRN_TRY(is_needed(config, comm, data, &needed));
    if (!needed) return CAIRN_OK;
    cairn_status st = CAIRN_OK;
    if (cairn_comm_rank(comm) == 0) st = cairn_setup_each_file(config, add_name, &names);
    st = cairn_comm_broadcast_block(comm, st, &names.text, &names.n);
    if (st == CAIRN_OK) {
        if (cairn_comm_node(comm).first == cairn_comm_rank(comm))
            st = stage_here(comm, config->data_stage, &names);
        st = cairn_comm_idle_barrier(comm, st);
    }
    if (st == CAIRN_OK) st = cairn_comm_agree(comm, take_root(config, data));
    free(names.text);
    return st;
}
