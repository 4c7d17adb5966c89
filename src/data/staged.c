/* SPDX-License-Identifier: BSD-3-Clause
 * One file and its copy. */
#include "data/staged.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/fault.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/sample.h"

enum { BLOCK_BYTES = 1 << 22 };

/* What tells an original from what it was before. */
struct mark {
    uint64_t bytes, sample;
    int64_t s, ns; /* when it was changed last */
};

static bool same(const struct mark *a, const struct mark *b)
{
    return a->bytes == b->bytes && a->sample == b->sample && a->s == b->s && a->ns == b->ns;
}

static cairn_status unreadable(const char *path)
{
    return cairn_fail(CAIRN_DATA, "%s: %s", path, strerror(errno));
}

/* The file `from`, open for reading. */
static cairn_status open_from(const char *path, int *fd, struct mark *mark)
{
    struct stat about;
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0) return unreadable(path);
    const bool known = fstat(*fd, &about) == 0;
    *mark = (struct mark){.bytes = known ? (uint64_t)about.st_size : 0,
                          .sample = known ? cairn_file_sample(*fd) : 0,
                          .s = known ? (int64_t)about.st_mtim.tv_sec : 0,
                          .ns = known ? (int64_t)about.st_mtim.tv_nsec : 0};
    if (mark->sample != 0 && S_ISREG(about.st_mode)) return CAIRN_OK;
    cairn_status st = mark->sample == 0 ? unreadable(path)
                                        : cairn_fail(CAIRN_DATA, "%s: is not a plain file", path);
    close(*fd);
    return st;
}

/* ---- the line beside the copy */

static cairn_status record_path(const struct cairn_staged *file, char path[CAIRN_PATH_BYTES])
{
    const int n = snprintf(path, CAIRN_PATH_BYTES, "%s.xxh64", file->to);
    if (n >= 0 && n < CAIRN_PATH_BYTES) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "%.80s...: the path is too long", file->to);
}

static cairn_status read_record(const struct cairn_staged *file, struct mark *mark, bool *found)
{
    char path[CAIRN_PATH_BYTES];
    char *text = NULL;
    uint64_t hash = 0;
    *found = false;
    CAIRN_TRY(record_path(file, path));
    CAIRN_TRY(cairn_file_read(path, &text));
    if (text == NULL) return CAIRN_OK;
    *found =
        sscanf(text,
               "xxh64 %" SCNx64 " size %" SCNu64 " time %" SCNd64 ".%" SCNd64 " sample %" SCNx64,
               &hash, &mark->bytes, &mark->s, &mark->ns, &mark->sample) == 5;
    free(text);
    return CAIRN_OK;
}

static cairn_status write_record(const struct cairn_staged *file, const struct mark *mark,
                                 uint64_t hash)
{
    char path[CAIRN_PATH_BYTES], text[160];
    CAIRN_TRY(record_path(file, path));
    const int n = snprintf(text, sizeof text,
                           "xxh64 %016" PRIx64 " size %" PRIu64 " time %" PRId64 ".%09" PRId64
                           " sample %016" PRIx64 "\n",
                           hash, mark->bytes, mark->s, mark->ns, mark->sample);
    return cairn_file_replace(path, text, (size_t)n);
}

/* Whether what has the name of the copy is as large as the original and begins and ends like it. */
static cairn_status is_like(const char *path, const struct mark *mark, bool *out)
{
    int fd = -1;
    *out = false;
    CAIRN_TRY(cairn_file_open(path, O_RDONLY, &fd));
    if (fd < 0) return CAIRN_OK;
    *out = cairn_file_sample(fd) == mark->sample; /* its size is part of it */
    close(fd);
    return CAIRN_OK;
}

cairn_status cairn_staged_look(struct cairn_staged *file)
{
    struct mark now = {0}, then = {0};
    int fd = -1;
    bool found = false;
    CAIRN_TRY(open_from(file->from, &fd, &now));
    close(fd);
    file->bytes = now.bytes;
    CAIRN_TRY(read_record(file, &then, &found));
    if (found && same(&now, &then)) CAIRN_TRY(is_like(file->to, &now, &found));
    file->there = found && same(&now, &then);
    return CAIRN_OK;
}

/* ---- the copy */

/* A copy while it is made. */
struct copy {
    const struct cairn_staged *file;
    struct cairn_new_file out;
    unsigned char *block; /* [BLOCK_BYTES]; owned */
    void (*say)(void *context, uint64_t bytes);
    void *context;
};

/* XXH64 of all that an open file has, which is also written where `out` is not NULL. */
static cairn_status pass(const struct copy *copy, int fd, struct cairn_new_file *out,
                         uint64_t *hash)
{
    XXH64_state_t *state = XXH64_createState();
    if (state == NULL) return cairn_fail(CAIRN_MEMORY, "not enough memory for a checksum");
    XXH64_reset(state, 0);
    cairn_status st = CAIRN_OK;
    for (ssize_t n = 1; n > 0 && st == CAIRN_OK;) {
        n = read(fd, copy->block, BLOCK_BYTES);
        if (n < 0) st = unreadable(out != NULL ? copy->file->from : copy->file->to);
        if (n <= 0) continue;
        XXH64_update(state, copy->block, (size_t)n);
        if (out == NULL) continue;
        if (cairn_fault("stage.copy")) copy->block[0] ^= 1;
        st = cairn_file_put(out, copy->block, (size_t)n);
        if (st == CAIRN_OK && copy->say != NULL) copy->say(copy->context, (uint64_t)n);
    }
    *hash = XXH64_digest(state);
    XXH64_freeState(state);
    return st;
}

/* From the disk, as far as the system can be asked for that. */
static cairn_status read_back(const struct copy *copy, uint64_t wanted)
{
    uint64_t hash = 0;
    CAIRN_TRY(cairn_file_sync(copy->out.fd, copy->file->to));
    const int fd = open(copy->out.unfinished, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return cairn_file_refused(copy->file->to, "cannot be read back");
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    cairn_status st = pass(copy, fd, NULL, &hash);
    close(fd);
    if (st == CAIRN_OK && hash == wanted) return CAIRN_OK;
    return cairn_fail(CAIRN_FILES,
                      "%s: reads back otherwise than it was written; take another disk for "
                      "data.stage",
                      copy->file->to);
}

/* The original, open, to its copy, which has no name yet. */
static cairn_status fill(struct copy *copy, int from, const struct mark *before, uint64_t *hash)
{
    struct mark after = {0};
    int again = -1;
    (void)posix_fadvise(from, 0, 0, POSIX_FADV_SEQUENTIAL);
    CAIRN_TRY(pass(copy, from, &copy->out, hash));
    CAIRN_TRY(open_from(copy->file->from, &again, &after));
    close(again);
    if (!same(before, &after))
        return cairn_fail(CAIRN_DATA, "%s: changed while it was copied to data.stage; start again",
                          copy->file->from);
    return read_back(copy, *hash);
}

static cairn_status folder_of(const char *path, char folder[CAIRN_PATH_BYTES])
{
    CAIRN_TRY(cairn_path_copy(path, folder));
    *strrchr(folder, '/') = '\0';
    return CAIRN_OK;
}

cairn_status cairn_staged_copy(const struct cairn_staged *file,
                               void (*say)(void *context, uint64_t bytes), void *context)
{
    struct copy copy = {.file = file, .say = say, .context = context, .out = {.fd = -1}};
    struct mark mark = {0};
    char folder[CAIRN_PATH_BYTES];
    uint64_t hash = 0;
    int from = -1;
    CAIRN_TRY(folder_of(file->to, folder));
    CAIRN_TRY(cairn_folder_make(folder));
    CAIRN_TRY(open_from(file->from, &from, &mark));
    cairn_status st = cairn_memory_get(BLOCK_BYTES, 1, "a copy", &copy.block);
    if (st == CAIRN_OK) st = cairn_file_begin(file->to, &copy.out);
    if (st == CAIRN_OK) st = fill(&copy, from, &mark, &hash);
    if (st == CAIRN_OK) st = cairn_file_finish(&copy.out);
    cairn_file_abandon(&copy.out);
    free(copy.block);
    close(from);
    return st == CAIRN_OK ? write_record(file, &mark, hash) : st;
}
