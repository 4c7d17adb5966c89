/* SPDX-License-Identifier: BSD-3-Clause
 * The files of a dataset by their names, and what each must say of itself. */
#include "data/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/sample.h"

enum { FORMAT_VERSION = 1, MOST_LOOKED_AT = 16 };

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

cairn_status cairn_data_file_meet(struct cairn_data_file *file)
{
    CAIRN_TRY(cairn_data_file_take(file));
    if (file->met) return CAIRN_OK;
    cairn_status st = check_format(file->h5, file->path);
    file->bytes = cairn_h5_bytes(file->h5);
    file->sample = cairn_h5_sample(file->h5);
    file->met = true;
    if (st != CAIRN_OK) cairn_data_file_give(file);
    return st;
}

static uint64_t sample_of(const struct cairn_data_file *file)
{
    char place[CAIRN_PATH_BYTES];
    if (file->met) return file->sample;
    if (cairn_data_file_place(file, place) != CAIRN_OK) return 0;
    const int fd = open(place, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    const uint64_t sample = cairn_file_sample(fd);
    close(fd);
    return sample;
}

/* HDF5 opens it, we only look at it. */
cairn_status cairn_data_file_source(void *file, const char *path)
{
    struct stat about;
    struct cairn_data_file *source = NULL;
    struct cairn_data_files *files = ((struct cairn_data_file *)file)->all;
    const char *root = cairn_data_files_root(files);
    const size_t n_root = root == NULL ? 0 : strlen(root); /* copies lie below it by their names */
    CAIRN_TRY(cairn_data_files_add(files, path + n_root, &source));
    if (source->bytes != 0) return CAIRN_OK;
    source->sample = sample_of(source);
    if (source->sample == 0 || stat(path, &about) != 0)
        return cairn_fail(CAIRN_DATA, "%s: %s", path, strerror(errno));
    source->bytes = (uint64_t)about.st_size;
    return CAIRN_OK;
}

/* ---- names */

struct walk {
    struct cairn_data_files *files;
    cairn_status (*visit)(void *context, struct cairn_data_file *);
    void *context;
};

static cairn_status visit_path(void *context, const char *path)
{
    const struct walk *walk = context;
    struct cairn_data_file *file = NULL;
    CAIRN_TRY(cairn_data_files_add(walk->files, path, &file));
    return walk->visit(walk->context, file);
}

cairn_status cairn_data_files_each(struct cairn_data_files *files, const char *name,
                                   cairn_status (*visit)(void *context, struct cairn_data_file *),
                                   void *context)
{
    struct walk walk = {files, visit, context};
    return cairn_file_each(name, visit_path, &walk);
}

/* ---- whether they are seen as they were checked elsewhere */

/* Which of all files are looked at: so many, from the first to the last. */
static size_t n_looked_at(const struct cairn_data_files *files)
{
    const size_t n = cairn_data_files_count(files);
    return n < MOST_LOOKED_AT ? n : MOST_LOOKED_AT;
}

static const struct cairn_data_file *looked_at(const struct cairn_data_files *files, size_t i)
{
    const size_t n = cairn_data_files_count(files);
    return cairn_data_files_at(files, i == 0 ? 0 : i * (n - 1) / (n_looked_at(files) - 1));
}

cairn_status cairn_data_files_look(const struct cairn_data_files *files)
{
    for (size_t i = 0; i < n_looked_at(files); i++) {
        const struct cairn_data_file *file = looked_at(files, i);
        struct stat about;
        char place[CAIRN_PATH_BYTES];
        CAIRN_TRY(cairn_data_file_place(file, place));
        if (stat(place, &about) != 0)
            return cairn_fail(CAIRN_DATA, "%s: %s, though another rank has read it", file->path,
                              strerror(errno));
        if ((uint64_t)about.st_size != file->bytes)
            return cairn_fail(CAIRN_DATA,
                              "%s: has %llu bytes, and %llu where rank 0 read it; give all nodes "
                              "the same data",
                              file->path, (unsigned long long)about.st_size,
                              (unsigned long long)file->bytes);
    }
    return CAIRN_OK;
}

uint64_t cairn_data_files_sample(const struct cairn_data_files *files)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < n_looked_at(files); i++) {
        const uint64_t sample = sample_of(looked_at(files, i));
        if (sample == 0) return 0;
        hash = hash * UINT64_C(0x9e3779b97f4a7c15) ^ sample;
    }
    return hash;
}
