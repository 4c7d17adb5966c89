/* SPDX-License-Identifier: BSD-3-Clause
 * Writing a dataset file. */
#include "data/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/count.h"
#include "base/file.h"
#include "base/last_error.h"
#include "base/memory.h"
#include "data/internal.h"

enum { PATH_IN_FILE_BYTES = 32, CHUNK_BYTES = 1 << 16 };

/* A group on its way; NULL where it has no such array. */
struct group {
    struct cairn_h5_new_array *x, *y, *weight;
};

struct cairn_writer {
    struct cairn_new_file place;
    struct cairn_h5 *file;
    struct cairn_writer_options options;
    bool has_about[4];
    struct group group[CAIRN_N_SPLITS];
    size_t n_begun, n_done; /* samples and tokens */
    size_t chunk_rows;      /* of x or tokens, of the group that was begun first */
};

static cairn_status write_head(struct cairn_writer *writer, const struct cairn_about *about)
{
    const char *texts[] = {about->title, about->source, about->license, about->citation};
    CAIRN_TRY(cairn_h5_set_text(writer->file, "/", "format", "cairn-dataset"));
    CAIRN_TRY(cairn_h5_set_whole(writer->file, "/", "format_version", 1));
    for (size_t i = 0; cairn_about_names[i] != NULL; i++)
        if (texts[i] != NULL) CAIRN_TRY(cairn_writer_inherit(writer, i, texts[i]));
    return CAIRN_OK;
}

cairn_status cairn_writer_inherit(struct cairn_writer *writer, size_t i, const char *text)
{
    if (writer->has_about[i]) return CAIRN_OK;
    writer->has_about[i] = true;
    return cairn_h5_set_text(writer->file, "/", cairn_about_names[i], text);
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

void cairn_writer_choose(struct cairn_writer *writer, const struct cairn_writer_options *options)
{
    writer->options = *options;
}

/* "/train/x"; the group itself where there is no name. */
static const char *path_of(enum cairn_split split, const char *name, char path[PATH_IN_FILE_BYTES])
{
    const char *slash = *name == '\0' ? "" : "/";
    snprintf(path, PATH_IN_FILE_BYTES, "/%s%s%s", cairn_split_name(split), slash, name);
    return path;
}

/* Refused before the work, not after hours of it. */
static cairn_status check_room(const struct cairn_writer *writer, const struct cairn_h5_form *form)
{
    struct statvfs about;
    const uint64_t bytes =
        cairn_count_times(cairn_shape_count(&form->shape), cairn_h5_element_bytes(form));
    if (form->deflate > 0 || fstatvfs(writer->place.fd, &about) != 0) return CAIRN_OK;
    const uint64_t left = cairn_count_times(about.f_bavail, about.f_frsize);
    if (bytes <= left) return CAIRN_OK;
    return cairn_fail(CAIRN_FILES,
                      "%s: needs %.1f GB, and %.1f are free there; --compress deflate:4 may help",
                      writer->place.path, (double)bytes / 1e9, (double)left / 1e9);
}

static cairn_status begin_array(struct cairn_writer *writer, const char *path,
                                struct cairn_h5_form form, struct cairn_h5_new_array **out)
{
    form.chunk_bytes = CHUNK_BYTES;
    form.deflate = writer->options.deflate;
    CAIRN_TRY(check_room(writer, &form));
    return cairn_h5_array_begin(writer->file, path, &form, out);
}

static cairn_status write_statistics(struct cairn_writer *writer, const char *path,
                                     const struct cairn_table *table, size_t first, size_t n)
{
    if (table->mean == NULL || n == 0) return CAIRN_OK;
    CAIRN_TRY(cairn_h5_set_numbers(writer->file, path, "mean", table->mean + first, n));
    return cairn_h5_set_numbers(writer->file, path, "deviation", table->deviation + first, n);
}

cairn_status cairn_writer_factors(struct cairn_writer *writer, enum cairn_split split,
                                  const char *name, const double *value, size_t n)
{
    char path[PATH_IN_FILE_BYTES];
    return cairn_h5_set_numbers(writer->file, path_of(split, "x", path), name, value, n);
}

static cairn_status begin_x(struct cairn_writer *writer, enum cairn_split split, size_t n,
                            const struct cairn_table *like)
{
    char path[PATH_IN_FILE_BYTES];
    struct cairn_h5_form form = {.type = like->x_type};
    form.shape.ndim = like->input.ndim + 1;
    form.shape.dim[0] = n;
    for (int d = 0; d < like->input.ndim; d++) form.shape.dim[d + 1] = like->input.dim[d];
    CAIRN_TRY(begin_array(writer, path_of(split, "x", path), form, &writer->group[split].x));
    if (writer->chunk_rows == 0)
        writer->chunk_rows = cairn_h5_new_array_chunk(writer->group[split].x);
    if (like->scale != 0) CAIRN_TRY(cairn_writer_factors(writer, split, "scale", &like->scale, 1));
    return write_statistics(writer, path, like, 0, cairn_shape_count(&like->input));
}

/* n rows, each as the targets of a sample. */
static struct cairn_shape shape_of_targets(size_t n, const struct cairn_table *like)
{
    struct cairn_shape shape = {.ndim = 2, .dim = {n, like->n_targets}};
    if (like->y.ndim == 0) return shape;
    shape.ndim = like->y.ndim + 1;
    for (int d = 0; d < like->y.ndim; d++) shape.dim[d + 1] = like->y.dim[d];
    return shape;
}

static cairn_status begin_y(struct cairn_writer *writer, enum cairn_split split, size_t n,
                            const struct cairn_table *like)
{
    char path[PATH_IN_FILE_BYTES];
    struct cairn_h5_form form = {.type = CAIRN_H5_I32, .shape = {.ndim = 1, .dim = {n}}};
    if (like->label == NULL && like->target == NULL && like->whole == NULL) return CAIRN_OK;
    if (like->label == NULL) {
        form.type = like->whole != NULL ? like->whole_type : CAIRN_H5_REAL;
        form.shape = shape_of_targets(n, like);
    }
    CAIRN_TRY(begin_array(writer, path_of(split, "y", path), form, &writer->group[split].y));
    if (like->label == NULL)
        return write_statistics(writer, path, like, cairn_shape_count(&like->input),
                                like->n_targets);
    if (like->class_names == NULL) return CAIRN_OK;
    return cairn_h5_set_text(writer->file, path, "classes", like->class_names);
}

static cairn_status begin_weight(struct cairn_writer *writer, enum cairn_split split, size_t n,
                                 const real *weight, const struct cairn_table *each)
{
    char path[PATH_IN_FILE_BYTES];
    struct cairn_h5_form form = {.type = CAIRN_H5_REAL, .shape = {.ndim = 1, .dim = {n}}};
    if (weight == NULL) return CAIRN_OK;
    if (each != NULL) form.shape = shape_of_targets(n, each);
    return begin_array(writer, path_of(split, "weight", path), form, &writer->group[split].weight);
}

cairn_status cairn_writer_begin(struct cairn_writer *writer, enum cairn_split split, size_t n,
                                const struct cairn_table *like)
{
    char path[PATH_IN_FILE_BYTES];
    if (n == 0) return CAIRN_OK;
    CAIRN_TRY(cairn_h5_group(writer->file, path_of(split, "", path)));
    CAIRN_TRY(begin_x(writer, split, n, like));
    CAIRN_TRY(begin_y(writer, split, n, like));
    writer->n_begun += n;
    return begin_weight(writer, split, n, like->weight, like->weight_each ? like : NULL);
}

struct cairn_table cairn_table_slice(const struct cairn_table *table, size_t first, size_t n)
{
    const struct cairn_h5_form element = {.type = table->x_type};
    const size_t x_bytes = cairn_shape_count(&table->input) * cairn_h5_element_bytes(&element);
    struct cairn_table part = *table;
    part.n = n;
    part.x = (const char *)table->x + first * x_bytes;
    if (table->label != NULL) part.label = table->label + first;
    if (table->target != NULL) part.target = table->target + first * table->n_targets;
    if (table->whole != NULL) {
        const struct cairn_h5_form number = {.type = table->whole_type};
        part.whole =
            (const char *)table->whole + first * table->n_targets * cairn_h5_element_bytes(&number);
    }
    if (table->weight != NULL)
        part.weight = table->weight + first * (table->weight_each ? table->n_targets : 1);
    return part;
}

static void tell(struct cairn_writer *writer, size_t n)
{
    writer->n_done += n;
    if (writer->options.tell == NULL) return;
    writer->options.tell(writer->options.context, writer->n_done, writer->n_begun);
}

cairn_status cairn_writer_append(struct cairn_writer *writer, enum cairn_split split,
                                 const struct cairn_table *rows)
{
    const struct group *group = &writer->group[split];
    const void *y = rows->label != NULL   ? (const void *)rows->label
                    : rows->whole != NULL ? rows->whole
                                          : (const void *)rows->target;
    if (rows->n == 0) return CAIRN_OK;
    CAIRN_TRY(cairn_h5_array_append(group->x, rows->n, rows->x));
    if (group->y != NULL) CAIRN_TRY(cairn_h5_array_append(group->y, rows->n, y));
    if (group->weight != NULL)
        CAIRN_TRY(cairn_h5_array_append(group->weight, rows->n, rows->weight));
    tell(writer, rows->n);
    return CAIRN_OK;
}

cairn_status cairn_writer_group(struct cairn_writer *writer, enum cairn_split split,
                                const struct cairn_table *table)
{
    CAIRN_TRY(cairn_writer_begin(writer, split, table->n, table));
    return cairn_writer_append(writer, split, table);
}

cairn_status cairn_writer_begin_tokens(struct cairn_writer *writer, enum cairn_split split,
                                       size_t n, const struct cairn_token_table *like)
{
    char path[PATH_IN_FILE_BYTES];
    struct group *group = &writer->group[split];
    const struct cairn_h5_form form = {.type = like->type, .shape = {.ndim = 1, .dim = {n}}};
    if (n == 0) return CAIRN_OK;
    CAIRN_TRY(cairn_h5_group(writer->file, path_of(split, "", path)));
    CAIRN_TRY(begin_array(writer, path_of(split, "tokens", path), form, &group->x));
    if (writer->chunk_rows == 0) writer->chunk_rows = cairn_h5_new_array_chunk(group->x);
    writer->n_begun += n;
    CAIRN_TRY(cairn_h5_set_whole(writer->file, path, "vocabulary", (int64_t)like->vocabulary));
    return begin_weight(writer, split, n, like->weight, NULL);
}

cairn_status cairn_writer_append_tokens(struct cairn_writer *writer, enum cairn_split split,
                                        const struct cairn_token_table *rows)
{
    const struct group *group = &writer->group[split];
    if (rows->n == 0) return CAIRN_OK;
    CAIRN_TRY(cairn_h5_array_append(group->x, rows->n, rows->token));
    if (group->weight != NULL)
        CAIRN_TRY(cairn_h5_array_append(group->weight, rows->n, rows->weight));
    tell(writer, rows->n);
    return CAIRN_OK;
}

cairn_status cairn_writer_tokens(struct cairn_writer *writer, enum cairn_split split,
                                 const struct cairn_token_table *table)
{
    CAIRN_TRY(cairn_writer_begin_tokens(writer, split, table->n, table));
    return cairn_writer_append_tokens(writer, split, table);
}

const char *cairn_writer_stored(const struct cairn_writer *writer, const char *unit,
                                char text[CAIRN_WRITER_STORED_BYTES])
{
    char packed[32] = "not compressed";
    if (writer->options.deflate > 0)
        snprintf(packed, sizeof packed, "deflate %u", writer->options.deflate);
    snprintf(text, CAIRN_WRITER_STORED_BYTES, "chunks of %zu %s, %s, Fletcher-32",
             writer->chunk_rows, unit, packed);
    return text;
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

/* The first of the troubles of closing. */
static cairn_status end_groups(struct cairn_writer *writer)
{
    cairn_status st = CAIRN_OK;
    for (int split = 0; split < CAIRN_N_SPLITS; split++) {
        struct group *group = &writer->group[split];
        struct cairn_h5_new_array *const arrays[] = {group->x, group->y, group->weight};
        for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
            cairn_status ended = cairn_h5_array_end(arrays[i]);
            if (st == CAIRN_OK) st = ended;
        }
        *group = (struct group){NULL, NULL, NULL};
    }
    return st;
}

cairn_status cairn_writer_finish(struct cairn_writer *writer)
{
    cairn_status st = end_groups(writer);
    if (st == CAIRN_OK && writer->n_done < writer->n_begun)
        st = cairn_fail(CAIRN_BUG, "%s: only %zu of %zu samples came", writer->place.path,
                        writer->n_done, writer->n_begun);
    if (st == CAIRN_OK) st = cairn_h5_flush(writer->file);
    if (st != CAIRN_OK) return st;
    st = cairn_h5_close(writer->file);
    writer->file = NULL;
    return st == CAIRN_OK ? cairn_file_finish(&writer->place) : st;
}

void cairn_writer_free(struct cairn_writer *writer)
{
    struct cairn_error error;
    if (writer == NULL) return;
    cairn_error_take(CAIRN_OK, &error); /* why it was not finished */
    if (end_groups(writer) != CAIRN_OK) (void)cairn_error_put(&error);
    cairn_h5_close(writer->file);
    cairn_file_abandon(&writer->place);
    free(writer);
}
