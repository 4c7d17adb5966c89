/* SPDX-License-Identifier: BSD-3-Clause
 * Writing a dataset file. */
#include "data/writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/memory.h"
#include "data/internal.h"

enum { PATH_BYTES = 32, CHUNK_BYTES = 1 << 16 };

struct cairn_writer {
    char *path, *unfinished; /* owned */
    struct cairn_h5 *file;
};

static cairn_status write_head(struct cairn_writer *writer, const struct cairn_about *about)
{
    const char *texts[] = {about->title, about->source, about->license, about->citation};
    CAIRN_TRY(cairn_h5_set_text(writer->file, "/", "format", "cairn-dataset"));
    CAIRN_TRY(cairn_h5_set_whole(writer->file, "/", "format_version", 1));
    for (int i = 0; cairn_about_names[i] != NULL; i++)
        if (texts[i] != NULL)
            CAIRN_TRY(cairn_h5_set_text(writer->file, "/", cairn_about_names[i], texts[i]));
    return CAIRN_OK;
}

cairn_status cairn_writer_create(const char *path, bool overwrite, const struct cairn_about *about,
                                 struct cairn_writer **out)
{
    static const char ending[] = ".unfinished";
    struct cairn_writer *writer = NULL;
    if (!overwrite && access(path, F_OK) == 0)
        return cairn_fail(CAIRN_USAGE, "%s: is already there; --overwrite replaces it", path);
    CAIRN_TRY(cairn_memory_get(1, sizeof *writer, "a file", &writer));
    size_t bytes = strlen(path) + sizeof ending;
    cairn_status st = cairn_memory_text(path, &writer->path);
    if (st == CAIRN_OK) st = cairn_memory_get(bytes, 1, "a path", &writer->unfinished);
    if (st != CAIRN_OK) goto done;
    snprintf(writer->unfinished, bytes, "%s%s", path, ending);
    st = cairn_h5_create(writer->unfinished, &writer->file);
    if (st == CAIRN_OK) st = write_head(writer, about);
done:
    if (st == CAIRN_OK)
        *out = writer;
    else
        cairn_writer_free(writer);
    return st;
}

static cairn_status write_statistics(struct cairn_writer *writer, const char *path,
                                     const struct cairn_table *table, size_t first, size_t n)
{
    if (table->mean == NULL || n == 0) return CAIRN_OK;
    CAIRN_TRY(cairn_h5_set_numbers(writer->file, path, "mean", table->mean + first, n));
    return cairn_h5_set_numbers(writer->file, path, "deviation", table->deviation + first, n);
}

static cairn_status write_x(struct cairn_writer *writer, const char *path,
                            const struct cairn_table *table)
{
    struct cairn_h5_form form = {.type = table->x_type, .chunk_bytes = CHUNK_BYTES};
    form.shape.ndim = table->input.ndim + 1;
    form.shape.dim[0] = table->n;
    for (int d = 0; d < table->input.ndim; d++) form.shape.dim[d + 1] = table->input.dim[d];
    CAIRN_TRY(cairn_h5_write(writer->file, path, &form, table->x));
    if (table->scale != 0)
        CAIRN_TRY(cairn_h5_set_numbers(writer->file, path, "scale", &table->scale, 1));
    return write_statistics(writer, path, table, 0, cairn_shape_count(&table->input));
}

static cairn_status write_y(struct cairn_writer *writer, const char *path,
                            const struct cairn_table *table)
{
    struct cairn_h5_form form = {.type = CAIRN_H5_I32, .chunk_bytes = CHUNK_BYTES};
    form.shape = (struct cairn_shape){.ndim = 1, .dim = {table->n}};
    if (table->label != NULL) {
        CAIRN_TRY(cairn_h5_write(writer->file, path, &form, table->label));
        if (table->class_names == NULL) return CAIRN_OK;
        return cairn_h5_set_text(writer->file, path, "classes", table->class_names);
    }
    form.type = CAIRN_H5_F32;
    form.shape = (struct cairn_shape){.ndim = 2, .dim = {table->n, table->n_targets}};
    CAIRN_TRY(cairn_h5_write(writer->file, path, &form, table->target));
    return write_statistics(writer, path, table, cairn_shape_count(&table->input),
                            table->n_targets);
}

cairn_status cairn_writer_group(struct cairn_writer *writer, enum cairn_split split,
                                const struct cairn_table *table)
{
    char path[PATH_BYTES];
    if (table->n == 0) return CAIRN_OK;
    snprintf(path, sizeof path, "/%s", cairn_split_name(split));
    CAIRN_TRY(cairn_h5_group(writer->file, path));
    snprintf(path, sizeof path, "/%s/x", cairn_split_name(split));
    CAIRN_TRY(write_x(writer, path, table));
    snprintf(path, sizeof path, "/%s/y", cairn_split_name(split));
    return write_y(writer, path, table);
}

cairn_status cairn_writer_finish(struct cairn_writer *writer)
{
    CAIRN_TRY(cairn_h5_flush(writer->file));
    cairn_status st = cairn_h5_close(writer->file);
    writer->file = NULL;
    CAIRN_TRY(st);
    if (cairn_fault("data.write") || rename(writer->unfinished, writer->path) != 0)
        return cairn_fail(CAIRN_FILES, "%s: %s", writer->path, strerror(errno));
    return CAIRN_OK;
}

void cairn_writer_free(struct cairn_writer *writer)
{
    if (writer == NULL) return;
    cairn_h5_close(writer->file);
    if (writer->unfinished != NULL) unlink(writer->unfinished);
    free(writer->unfinished);
    free(writer->path);
    free(writer);
}
