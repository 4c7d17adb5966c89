/* SPDX-License-Identifier: BSD-3-Clause
 * Writing a dataset file. */
#include "data/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/internal.h"

enum { PATH_IN_FILE_BYTES = 32, CHUNK_BYTES = 1 << 16 };

struct cairn_writer {
    struct cairn_new_file place;
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
    struct cairn_writer *writer = NULL;
    if (!overwrite && access(path, F_OK) == 0)
        return cairn_fail(CAIRN_USAGE, "%s: is already there; --overwrite replaces it", path);
    CAIRN_TRY(cairn_memory_get(1, sizeof *writer, "a file", &writer));
    cairn_status st = cairn_file_begin(path, &writer->place);
    if (st == CAIRN_OK) st = cairn_h5_create_new(&writer->place, &writer->file);
    if (st == CAIRN_OK) st = write_head(writer, about);
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
    if (table->target == NULL) return CAIRN_OK;
    form.type = CAIRN_H5_REAL;
    form.shape = (struct cairn_shape){.ndim = 2, .dim = {table->n, table->n_targets}};
    CAIRN_TRY(cairn_h5_write(writer->file, path, &form, table->target));
    return write_statistics(writer, path, table, cairn_shape_count(&table->input),
                            table->n_targets);
}

cairn_status cairn_writer_group(struct cairn_writer *writer, enum cairn_split split,
                                const struct cairn_table *table)
{
    char path[PATH_IN_FILE_BYTES];
    if (table->n == 0) return CAIRN_OK;
    snprintf(path, sizeof path, "/%s", cairn_split_name(split));
    CAIRN_TRY(cairn_h5_group(writer->file, path));
    snprintf(path, sizeof path, "/%s/x", cairn_split_name(split));
    CAIRN_TRY(write_x(writer, path, table));
    snprintf(path, sizeof path, "/%s/y", cairn_split_name(split));
    return write_y(writer, path, table);
}

cairn_status cairn_writer_tokens(struct cairn_writer *writer, enum cairn_split split,
                                 const struct cairn_token_table *table)
{
    char path[PATH_IN_FILE_BYTES];
    const struct cairn_h5_form form = {
        .type = table->type, .shape = {.ndim = 1, .dim = {table->n}}, .chunk_bytes = CHUNK_BYTES};
    if (table->n == 0) return CAIRN_OK;
    snprintf(path, sizeof path, "/%s", cairn_split_name(split));
    CAIRN_TRY(cairn_h5_group(writer->file, path));
    snprintf(path, sizeof path, "/%s/tokens", cairn_split_name(split));
    CAIRN_TRY(cairn_h5_write(writer->file, path, &form, table->token));
    return cairn_h5_set_whole(writer->file, path, "vocabulary", (int64_t)table->vocabulary);
}

cairn_status cairn_writer_characters(struct cairn_writer *writer, const char *characters)
{
    const struct cairn_h5_form form = {.type = CAIRN_H5_TEXT, .text_bytes = strlen(characters)};
    return cairn_h5_write(writer->file, "/characters", &form, characters);
}

cairn_status cairn_writer_columns(struct cairn_writer *writer, const char *columns)
{
    enum { MOST_BYTES = 60000 }; /* of an attribute: 64 KiB */
    char name[32] = CAIRN_COLUMNS_ATTRIBUTE;
    char *piece = NULL;
    cairn_status st = cairn_memory_get(MOST_BYTES + 1, 1, "the names of the columns", &piece);
    for (int i = 2; *columns != '\0' && st == CAIRN_OK; i++) {
        const size_t n = strnlen(columns, MOST_BYTES);
        memcpy(piece, columns, n);
        piece[n] = '\0';
        st = cairn_h5_set_text(writer->file, "/", name, piece);
        columns += n;
        snprintf(name, sizeof name, CAIRN_COLUMNS_ATTRIBUTE "-%d", i);
    }
    free(piece);
    return st;
}

cairn_status cairn_writer_finish(struct cairn_writer *writer)
{
    CAIRN_TRY(cairn_h5_flush(writer->file));
    cairn_status st = cairn_h5_close(writer->file);
    writer->file = NULL;
    return st == CAIRN_OK ? cairn_file_finish(&writer->place) : st;
}

void cairn_writer_free(struct cairn_writer *writer)
{
    if (writer == NULL) return;
    cairn_h5_close(writer->file);
    cairn_file_abandon(&writer->place);
    free(writer);
}
