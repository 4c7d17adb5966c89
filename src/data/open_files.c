/* SPDX-License-Identifier: BSD-3-Clause
 * Which files of a dataset are open.  What they are: files.c. */
#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/files.h"

enum { FIRST_ROOM = 16, OTHERS = 64 /* files that a process has open besides */ };

/* An array of a file that is open. */
struct cairn_open_array {
    struct cairn_open_array *next;
    struct cairn_h5_array *h5; /* owned */
    char *path;                /* owned */
    enum cairn_h5_taken taken;
};

struct cairn_data_files {
    pthread_mutex_t lock; /* around all that is below, and h5, array, n_users and used of each */
    pthread_cond_t given; /* a file was given back */
    struct cairn_data_file **file; /* [n]; owned */
    size_t n, room;
    void *by_path;                 /* the same as a tree of tsearch() */
    struct cairn_data_file **open; /* [n_open] of [most]; owned */
    size_t n_open, most;
    char *root;     /* of copies that are read; NULL: none; owned */
    uint64_t clock; /* how often any was taken */
};

/* ---- the table */

/* Half of what a process may open is for the sources of virtual arrays, and it has others. */
static size_t most_of(size_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return wanted;
    const size_t half = (size_t)limit.rlim_cur / 2;
    const size_t there = half > 2 * OTHERS ? half - OTHERS : half / 2;
    return there < wanted ? there : wanted;
}

cairn_status cairn_data_files_create(size_t most, const char *root, struct cairn_data_files **out)
{
    struct cairn_data_files *files = NULL;
    most = most_of(most);
    CAIRN_TRY(cairn_memory_get(1, sizeof *files, "the files of the data", &files));
    files->most = most == 0 ? 1 : most;
    pthread_mutex_init(&files->lock, NULL);
    pthread_cond_init(&files->given, NULL);
    cairn_status st = root == NULL ? CAIRN_OK : cairn_memory_text(root, &files->root);
    if (st == CAIRN_OK)
        *out = files;
    else
        cairn_data_files_free(files);
    return st;
}

const char *cairn_data_files_root(const struct cairn_data_files *files)
{
    return files->root;
}

cairn_status cairn_data_file_place(const struct cairn_data_file *file, char *path)
{
    const char *root = file->all->root;
    return root == NULL ? cairn_path_copy(file->path, path)
                        : cairn_path_join(root, file->path + 1, path);
}

size_t cairn_data_files_count(const struct cairn_data_files *files)
{
    return files == NULL ? 0 : files->n;
}

struct cairn_data_file *cairn_data_files_at(const struct cairn_data_files *files, size_t i)
{
    return files->file[i];
}

size_t cairn_data_files_most(const struct cairn_data_files *files)
{
    return files->most;
}

static int by_path(const void *a, const void *b)
{
    const struct cairn_data_file *x = a;
    const struct cairn_data_file *y = b;
    return strcmp(x->path, y->path);
}

static cairn_status make_room(struct cairn_data_files *files)
{
    struct cairn_data_file **more = NULL;
    const size_t room = files->room == 0 ? FIRST_ROOM : 2 * files->room;
    if (files->n < files->room) return CAIRN_OK;
    CAIRN_TRY(
        cairn_memory_get(room, sizeof(struct cairn_data_file *), "the files of the data", &more));
    if (files->n > 0) memcpy(more, files->file, files->n * sizeof(struct cairn_data_file *));
    free(files->file);
    files->file = more;
    files->room = room;
    return CAIRN_OK;
}

static void free_file(struct cairn_data_file *file)
{
    free(file->path);
    free(file);
}

cairn_status cairn_data_files_add(struct cairn_data_files *files, const char *path,
                                  struct cairn_data_file **out)
{
    struct cairn_data_file *file = NULL;
    CAIRN_TRY(make_room(files));
    CAIRN_TRY(cairn_memory_get(1, sizeof *file, "a file of the data", &file));
    *file = (struct cairn_data_file){.all = files, .number = files->n};
    cairn_status st = cairn_memory_text(path, &file->path);
    struct cairn_data_file **known =
        st == CAIRN_OK ? tsearch(file, &files->by_path, by_path) : NULL;
    if (st == CAIRN_OK && known == NULL)
        st = cairn_fail(CAIRN_MEMORY, "not enough memory for the files of the data");
    if (st == CAIRN_OK) *out = *known;
    if (st == CAIRN_OK && *known == file)
        files->file[files->n++] = file;
    else
        free_file(file);
    return st;
}

/* ---- open */

static void close_array(struct cairn_open_array *array)
{
    cairn_h5_array_close(array->h5);
    free(array->path);
    free(array);
}

static void close_file(struct cairn_data_file *file)
{
    for (struct cairn_open_array *array = file->array; array != NULL; array = file->array) {
        file->array = array->next;
        close_array(array);
    }
    cairn_h5_close(file->h5);
    file->h5 = NULL;
}

/* Whether there is room for one more; the file that nobody has, and that was used longest ago, is
 * closed for it. */
static bool find_room(struct cairn_data_files *files)
{
    size_t oldest = files->n_open;
    if (files->n_open < files->most) return true;
    for (size_t i = 0; i < files->n_open; i++)
        if (files->open[i]->n_users == 0 &&
            (oldest == files->n_open || files->open[i]->used < files->open[oldest]->used))
            oldest = i;
    if (oldest == files->n_open) return false;
    close_file(files->open[oldest]);
    files->open[oldest] = files->open[--files->n_open];
    return true;
}

static cairn_status open_file(struct cairn_data_file *file)
{
    struct cairn_data_files *files = file->all;
    struct cairn_h5 *h5 = NULL;
    char place[CAIRN_PATH_BYTES];
    if (files->open == NULL)
        CAIRN_TRY(cairn_memory_get(files->most, sizeof(struct cairn_data_file *),
                                   "the files that are open", &files->open));
    CAIRN_TRY(cairn_data_file_place(file, place));
    CAIRN_TRY(cairn_h5_open(place, &h5));
    if (file->bytes != 0 && cairn_h5_bytes(h5) != file->bytes) {
        cairn_h5_close(h5);
        return cairn_fail(CAIRN_DATA,
                          "%s: has another size than when it was checked; leave files alone that "
                          "a run reads, and give all nodes the same",
                          file->path);
    }
    file->h5 = h5;
    files->open[files->n_open++] = file;
    return CAIRN_OK;
}

/* With the lock held. */
static cairn_status take(struct cairn_data_file *file)
{
    struct cairn_data_files *files = file->all;
    while (file->h5 == NULL && !find_room(files)) pthread_cond_wait(&files->given, &files->lock);
    if (file->h5 == NULL) CAIRN_TRY(open_file(file));
    file->n_users++;
    file->used = ++files->clock;
    return CAIRN_OK;
}

cairn_status cairn_data_file_take(struct cairn_data_file *file)
{
    pthread_mutex_lock(&file->all->lock);
    cairn_status st = take(file);
    pthread_mutex_unlock(&file->all->lock);
    return st;
}

/* With the lock held. */
static void give(struct cairn_data_file *file)
{
    file->n_users--;
    pthread_cond_broadcast(&file->all->given);
}

void cairn_data_file_give(struct cairn_data_file *file)
{
    pthread_mutex_lock(&file->all->lock);
    give(file);
    pthread_mutex_unlock(&file->all->lock);
}

static cairn_status open_array(struct cairn_data_file *file, const char *path,
                               enum cairn_h5_taken taken, struct cairn_open_array **out)
{
    struct cairn_open_array *array = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *array, "an array of the data", &array));
    array->taken = taken;
    cairn_status st = cairn_memory_text(path, &array->path);
    if (st == CAIRN_OK) st = cairn_h5_array_open(file->h5, path, &array->h5);
    if (st == CAIRN_OK) st = cairn_h5_array_take(array->h5, taken);
    if (st != CAIRN_OK) {
        close_array(array);
        return st;
    }
    array->next = file->array;
    file->array = *out = array;
    return CAIRN_OK;
}

/* With the lock held. */
static cairn_status find_array(struct cairn_data_file *file, const char *path,
                               enum cairn_h5_taken taken, struct cairn_h5_array **out)
{
    struct cairn_open_array *array = file->array;
    while (array != NULL && (array->taken != taken || strcmp(array->path, path) != 0))
        array = array->next;
    if (array == NULL) CAIRN_TRY(open_array(file, path, taken, &array));
    *out = array->h5;
    return CAIRN_OK;
}

cairn_status cairn_data_file_array(struct cairn_data_file *file, const char *path,
                                   enum cairn_h5_taken taken, struct cairn_h5_array **out)
{
    pthread_mutex_lock(&file->all->lock);
    cairn_status st = take(file);
    if (st == CAIRN_OK) {
        st = find_array(file, path, taken, out);
        if (st != CAIRN_OK) give(file);
    }
    pthread_mutex_unlock(&file->all->lock);
    return st;
}

void cairn_data_file_let_go(struct cairn_data_file *file, const char *path)
{
    pthread_mutex_lock(&file->all->lock);
    for (struct cairn_open_array **link = &file->array; *link != NULL;) {
        struct cairn_open_array *array = *link;
        if (strcmp(array->path, path) != 0) {
            link = &array->next;
            continue;
        }
        *link = array->next;
        close_array(array);
    }
    pthread_mutex_unlock(&file->all->lock);
}

void cairn_data_files_free(struct cairn_data_files *files)
{
    if (files == NULL) return;
    for (size_t i = 0; i < files->n; i++) {
        close_file(files->file[i]);
        tdelete(files->file[i], &files->by_path, by_path);
        free_file(files->file[i]);
    }
    free(files->file);
    free(files->open);
    free(files->root);
    pthread_mutex_destroy(&files->lock);
    pthread_cond_destroy(&files->given);
    free(files);
}
