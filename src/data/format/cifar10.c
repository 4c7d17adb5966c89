/* SPDX-License-Identifier: BSD-3-Clause
 * CIFAR-10 and CIFAR-100, the binary versions: records of one label, or a coarse and a fine one,
 * and an image of 3 x 32 x 32 bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/format.h"
#include "data/gzip.h"
#include "data/split.h"

enum {
    PIXELS = 3 * 32 * 32,
    MOST_RECORD_BYTES = 2 + PIXELS,
    BLOCK = 512,
    MOST_FILES = 16,
    MOST_LABEL = 256,
    NAMES_BYTES = 1 << 13
};

/* Files that are one group. */
struct records {
    char path[MOST_FILES][CAIRN_PATH_BYTES];
    size_t n_files;
    size_t n[MOST_FILES], n_all; /* records */
};

/* A folder of them. */
struct folder {
    const char *path;
    size_t label_bytes, label_at; /* of a record: how many labels, and which is taken */
    size_t n_classes;
    char names[NAMES_BYTES]; /* between commas; "": not known */
    struct records train, test;
};

/* Some records, read. */
struct block {
    unsigned char record[BLOCK][MOST_RECORD_BYTES];
    unsigned char x[BLOCK][PIXELS];
    int32_t label[BLOCK];
};

static bool is_there(const char *folder, const char *name, char path[CAIRN_PATH_BYTES])
{
    struct stat about;
    return cairn_path_join(folder, name, path) == CAIRN_OK && stat(path, &about) == 0;
}

/* Whether there is a file of this name, or packed, which is one of the group then. */
static bool add_file(const char *folder, const char *name, struct records *records)
{
    char packed[64];
    char *path = records->path[records->n_files];
    snprintf(packed, sizeof packed, "%s.gz", name);
    const bool found = is_there(folder, name, path) || is_there(folder, packed, path);
    records->n_files += found;
    return found;
}

/* How many records there are, by reading all of a file that is packed. */
static cairn_status count_records(const struct folder *folder, struct records *records)
{
    const size_t bytes = folder->label_bytes + PIXELS;
    for (size_t i = 0; i < records->n_files; i++) {
        struct cairn_gzip *file = NULL;
        size_t n_bytes = 0;
        CAIRN_TRY(cairn_gzip_open(records->path[i], &file));
        cairn_status st = cairn_gzip_count(file, &n_bytes);
        cairn_gzip_close(file);
        CAIRN_TRY(st);
        if (n_bytes == 0 || n_bytes % bytes != 0)
            return cairn_fail(CAIRN_DATA,
                              "%s: has %zu bytes, not records of %zu; fetch it again, and the "
                              "binary version",
                              records->path[i], n_bytes, bytes);
        records->n[i] = n_bytes / bytes;
        records->n_all += records->n[i];
    }
    return CAIRN_OK;
}

/* Lines of a file of names, as many as there are classes; without it there are none. */
static cairn_status read_names(const char *folder, const char *name, struct folder *out)
{
    char path[CAIRN_PATH_BYTES];
    struct cairn_gzip *file = NULL;
    char *line = NULL;
    size_t n = 0;
    size_t used = 0;
    if (!is_there(folder, name, path)) return CAIRN_OK;
    CAIRN_TRY(cairn_gzip_open(path, &file));
    cairn_status st = cairn_gzip_line(file, &line);
    for (; st == CAIRN_OK && line != NULL; st = cairn_gzip_line(file, &line)) {
        if (*line == '\0') continue;
        const size_t room = sizeof out->names - used;
        const int length = snprintf(out->names + used, room, "%s%s", n++ == 0 ? "" : ",", line);
        if (length < 0 || (size_t)length >= room || strchr(line, ',') != NULL) n = MOST_LABEL + 1;
        if (n > MOST_LABEL) break;
        used += (size_t)length;
    }
    cairn_gzip_close(file);
    CAIRN_TRY(st);
    if (n == out->n_classes) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA, "%s: does not name %zu classes, a line each; fetch it again",
                      path, out->n_classes);
}

static cairn_status find_100(const struct cairn_import *import, struct folder *folder)
{
    folder->label_bytes = 2;
    folder->label_at = import->coarse ? 0 : 1;
    folder->n_classes = import->coarse ? 20 : 100;
    add_file(folder->path, "test.bin", &folder->test);
    return read_names(folder->path,
                      import->coarse ? "coarse_label_names.txt" : "fine_label_names.txt", folder);
}

static cairn_status find_10(struct folder *folder)
{
    char name[32];
    folder->label_bytes = 1;
    folder->n_classes = 10;
    for (int i = 1; i < MOST_FILES; i++) {
        snprintf(name, sizeof name, "data_batch_%d.bin", i);
        if (!add_file(folder->path, name, &folder->train)) break;
    }
    add_file(folder->path, "test_batch.bin", &folder->test);
    if (folder->train.n_files == 0)
        return cairn_fail(CAIRN_DATA,
                          "%s: has no data_batch_1.bin and no train.bin; give the folder of the "
                          "binary version of CIFAR-10 or CIFAR-100",
                          folder->path);
    return read_names(folder->path, "batches.meta.txt", folder);
}

static cairn_status read_block(const struct folder *folder, const char *path, size_t first,
                               struct cairn_gzip *file, struct cairn_table *table,
                               struct block *block)
{
    const size_t bytes = folder->label_bytes + PIXELS;
    for (size_t i = 0; i < table->n; i++) {
        unsigned char *record = block->record[i];
        CAIRN_TRY(cairn_gzip_read(file, bytes, record));
        block->label[i] = record[folder->label_at];
        if ((size_t)block->label[i] >= folder->n_classes)
            return cairn_fail(CAIRN_DATA, "%s: record %zu: the label %d is none of %zu classes",
                              path, first + i, (int)block->label[i], folder->n_classes);
        memcpy(block->x[i], record + folder->label_bytes, PIXELS);
    }
    return CAIRN_OK;
}

static cairn_status write_file(const struct folder *folder, const struct records *records, size_t i,
                               struct cairn_table *table, struct block *block,
                               struct cairn_sorter *sorter)
{
    struct cairn_gzip *file = NULL;
    CAIRN_TRY(cairn_gzip_open(records->path[i], &file));
    cairn_status st = CAIRN_OK;
    for (size_t first = 0; first < records->n[i] && st == CAIRN_OK; first += BLOCK) {
        table->n = records->n[i] - first < BLOCK ? records->n[i] - first : BLOCK;
        st = read_block(folder, records->path[i], first, file, table, block);
        if (st == CAIRN_OK) st = cairn_sorter_append(sorter, table);
    }
    if (st == CAIRN_OK) st = cairn_gzip_end(file);
    cairn_gzip_close(file);
    return st;
}

static cairn_status write_records(const struct cairn_import *import, const struct folder *folder,
                                  const struct records *records, enum cairn_split split,
                                  struct cairn_writer *writer)
{
    struct block *block = NULL;
    struct cairn_sorter sorter;
    CAIRN_TRY(cairn_memory_get(1, sizeof *block, "images", &block));
    struct cairn_table table = {.input = {.ndim = 3, .dim = {3, 32, 32}},
                                .x_type = CAIRN_H5_U8,
                                .x = block->x,
                                .scale = 1.0 / 255,
                                .label = block->label,
                                .class_names = folder->names[0] == '\0' ? NULL : folder->names};
    cairn_status st = cairn_sorter_begin(import, split, records->n_all, &table, writer, &sorter);
    for (size_t i = 0; i < records->n_files && st == CAIRN_OK; i++)
        st = write_file(folder, records, i, &table, block, &sorter);
    free(block);
    return st;
}

static cairn_status import_folder(const struct cairn_import *import, struct folder *folder,
                                  struct cairn_writer *writer)
{
    folder->path = import->source[0];
    const bool is_100 = add_file(folder->path, "train.bin", &folder->train);
    CAIRN_TRY(is_100 ? find_100(import, folder) : find_10(folder));
    CAIRN_TRY(count_records(folder, &folder->train));
    CAIRN_TRY(count_records(folder, &folder->test));
    CAIRN_TRY(write_records(import, folder, &folder->train, CAIRN_SPLIT_TRAIN, writer));
    if (folder->test.n_files == 0) return CAIRN_OK;
    return write_records(import, folder, &folder->test, CAIRN_SPLIT_TEST, writer);
}

static cairn_status run(const struct cairn_import *import, struct cairn_writer *writer)
{
    struct folder *folder = NULL;
    if (import->n_sources != 1)
        return cairn_fail(CAIRN_USAGE, "cairn import cifar10 takes one folder, not %zu",
                          import->n_sources);
    CAIRN_TRY(cairn_memory_get(1, sizeof *folder, "a folder", &folder));
    cairn_status st = import_folder(import, folder, writer);
    free(folder);
    return st;
}

static const struct cairn_option flags[] = {
    {"--coarse", NULL, CAIRN_KEY_BOOL, offsetof(struct cairn_import, coarse),
     .doc = "of CIFAR-100 take the 20 coarse classes"},
    CAIRN_OPTION_VAL,
    {.name = NULL},
};

const struct cairn_format cairn_format_cifar10 = {
    .name = "cifar10",
    .heading = "cifar10 FOLDER: the binary version of CIFAR-10 or CIFAR-100, files plain or .gz; "
               "images [n, 3, 32, 32], scaled by 1/255",
    .flags = flags,
    .about = {.source = "https://www.cs.toronto.edu/~kriz/cifar.html",
              .citation = "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, "
                          "2009"},
    .run = run,
};
