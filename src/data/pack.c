/* SPDX-License-Identifier: BSD-3-Clause
 * A dataset as bytes, from one rank to the others, so that one alone opens and checks its files.
 * One walk writes and reads them, so that the two cannot differ; both are of the same program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/memory.h"
#include "data/group.h"
#include "data/internal.h"

/* The walk in progress. */
struct walk {
    FILE *stream;
    bool reads;
    bool without_labels; /* only room for them: they may be as large as all else is small */
};

static cairn_status broken(void)
{
    return cairn_fail(CAIRN_MEMORY, "not enough memory for what is known of the data");
}

static cairn_status plain(struct walk *walk, void *data, size_t n_bytes)
{
    if (n_bytes == 0) return CAIRN_OK;
    const size_t n = walk->reads ? fread(data, n_bytes, 1, walk->stream)
                                 : fwrite(data, n_bytes, 1, walk->stream);
    return n == 1 ? CAIRN_OK : broken();
}

/* A block that is owned, [count] of size bytes, or NULL; any pointer type. */
static cairn_status block(struct walk *walk, void *pointer, size_t count, size_t size)
{
    void *data = NULL;
    memcpy(&data, pointer, sizeof data);
    bool there = data != NULL;
    CAIRN_TRY(plain(walk, &there, sizeof there));
    if (!there) return CAIRN_OK;
    if (walk->reads) {
        CAIRN_TRY(cairn_memory_get(count, size, "what is known of the data", &data));
        memcpy(pointer, &data, sizeof data);
    }
    return plain(walk, data, count * size);
}

static cairn_status text(struct walk *walk, char **words)
{
    size_t n = *words == NULL ? 0 : strlen(*words) + 1;
    CAIRN_TRY(plain(walk, &n, sizeof n));
    return block(walk, words, n, 1);
}

/* ---- parts of a dataset */

static cairn_status one_file(struct walk *walk, struct cairn_dataset *dataset, size_t i)
{
    struct cairn_data_file *file = walk->reads ? NULL : cairn_data_files_at(dataset->files, i);
    char *path = walk->reads ? NULL : file->path;
    CAIRN_TRY(text(walk, &path));
    if (walk->reads) {
        cairn_status st = cairn_data_files_add(dataset->files, path, &file);
        free(path);
        CAIRN_TRY(st);
    }
    CAIRN_TRY(plain(walk, &file->bytes, sizeof file->bytes));
    return plain(walk, &file->sample, sizeof file->sample);
}

/* It is read alone. */
static char *root_of(const struct cairn_dataset *dataset)
{
    const char *root = cairn_data_files_root(dataset->files);
    return (char *)(uintptr_t)root;
}

static cairn_status all_files(struct walk *walk, struct cairn_dataset *dataset)
{
    size_t n[2] = {0};
    if (!walk->reads) {
        n[0] = cairn_data_files_count(dataset->files);
        n[1] = cairn_data_files_most(dataset->files);
    }
    CAIRN_TRY(plain(walk, n, sizeof n));
    char *root = walk->reads ? NULL : root_of(dataset);
    CAIRN_TRY(text(walk, &root));
    if (walk->reads) {
        cairn_status st = cairn_data_files_create(n[1], root, &dataset->files);
        free(root);
        CAIRN_TRY(st);
    }
    for (size_t i = 0; i < n[0]; i++) CAIRN_TRY(one_file(walk, dataset, i));
    return CAIRN_OK;
}

static cairn_status one_part(struct walk *walk, struct cairn_dataset *dataset,
                             struct cairn_part *part)
{
    size_t number = walk->reads ? 0 : part->file->number;
    CAIRN_TRY(plain(walk, &number, sizeof number));
    CAIRN_TRY(text(walk, &part->path));
    CAIRN_TRY(plain(walk, &part->first, sizeof part->first));
    CAIRN_TRY(plain(walk, &part->n, sizeof part->n));
    CAIRN_TRY(plain(walk, &part->chunk_rows, sizeof part->chunk_rows));
    CAIRN_TRY(plain(walk, &part->taken, sizeof part->taken));
    CAIRN_TRY(plain(walk, &part->written, sizeof part->written));
    if (walk->reads) part->file = cairn_data_files_at(dataset->files, number);
    return CAIRN_OK;
}

static cairn_status decoding(struct walk *walk, struct cairn_rows *rows)
{
    struct cairn_decode *decode = &rows->decode;
    struct cairn_turn *turn = decode->turn;
    size_t n_values = 1;
    CAIRN_TRY(plain(walk, decode, sizeof *decode)); /* with a pointer of the other process */
    decode->turn = turn;
    if (!walk->reads || decode->channels == 0) return CAIRN_OK;
    for (int d = 1; d < rows->form.shape.ndim; d++) n_values *= rows->form.shape.dim[d];
    return cairn_decode_take_room(decode, n_values);
}

static cairn_status all_rows(struct walk *walk, struct cairn_dataset *dataset,
                             struct cairn_rows *rows)
{
    size_t n = rows->n_parts;
    CAIRN_TRY(plain(walk, &rows->form, sizeof rows->form));
    CAIRN_TRY(plain(walk, &rows->pick, sizeof rows->pick));
    CAIRN_TRY(plain(walk, &n, sizeof n));
    if (walk->reads && n > 0)
        CAIRN_TRY(cairn_memory_get(n, sizeof *rows->part, "the arrays of the data", &rows->part));
    for (size_t i = 0; i < n; i++) {
        if (walk->reads) rows->n_parts = i + 1; /* so many are to be released */
        CAIRN_TRY(one_part(walk, dataset, &rows->part[i]));
    }
    return decoding(walk, rows);
}

static cairn_status labels(struct walk *walk, struct cairn_group *group)
{
    bool there = group->label_owned != NULL;
    if (!walk->without_labels)
        return block(walk, &group->label_owned, group->n, sizeof *group->label);
    CAIRN_TRY(plain(walk, &there, sizeof there));
    if (!walk->reads || !there) return CAIRN_OK;
    return cairn_memory_get(group->n, sizeof *group->label, "the labels", &group->label_owned);
}

static cairn_status one_group(struct walk *walk, struct cairn_dataset *dataset,
                              struct cairn_group *group)
{
    CAIRN_TRY(plain(walk, &group->n, sizeof group->n));
    CAIRN_TRY(plain(walk, &group->n_tokens, sizeof group->n_tokens));
    CAIRN_TRY(plain(walk, &group->n_scale, sizeof group->n_scale));
    CAIRN_TRY(plain(walk, &group->n_shift, sizeof group->n_shift));
    CAIRN_TRY(all_rows(walk, dataset, &group->x));
    CAIRN_TRY(all_rows(walk, dataset, &group->y));
    CAIRN_TRY(all_rows(walk, dataset, &group->weight));
    CAIRN_TRY(labels(walk, group));
    group->label = group->label_owned;
    CAIRN_TRY(plain(walk, &group->labels_in_file, sizeof group->labels_in_file));
    CAIRN_TRY(plain(walk, &group->least_label, sizeof group->least_label));
    CAIRN_TRY(block(walk, &group->scale, group->n_scale, sizeof *group->scale));
    return block(walk, &group->shift, group->n_shift, sizeof *group->shift);
}

static cairn_status all(struct walk *walk, struct cairn_dataset *dataset)
{
    CAIRN_TRY(text(walk, &dataset->path));
    CAIRN_TRY(plain(walk, &dataset->input, sizeof dataset->input));
    CAIRN_TRY(plain(walk, &dataset->y, sizeof dataset->y));
    CAIRN_TRY(plain(walk, &dataset->y_is_whole, sizeof dataset->y_is_whole));
    CAIRN_TRY(plain(walk, &dataset->n_whole, sizeof dataset->n_whole));
    CAIRN_TRY(plain(walk, &dataset->n_targets, sizeof dataset->n_targets));
    CAIRN_TRY(plain(walk, &dataset->n_classes, sizeof dataset->n_classes));
    CAIRN_TRY(plain(walk, &dataset->n_stored, sizeof dataset->n_stored));
    CAIRN_TRY(plain(walk, &dataset->y_is_x, sizeof dataset->y_is_x));
    CAIRN_TRY(plain(walk, &dataset->vocabulary, sizeof dataset->vocabulary));
    CAIRN_TRY(plain(walk, &dataset->context, sizeof dataset->context));
    CAIRN_TRY(text(walk, &dataset->class_names));
    CAIRN_TRY(text(walk, &dataset->characters));
    for (int i = 0; cairn_about_names[i] != NULL; i++) CAIRN_TRY(text(walk, &dataset->about[i]));
    CAIRN_TRY(all_files(walk, dataset));
    for (int split = 0; split < CAIRN_N_SPLITS; split++)
        CAIRN_TRY(one_group(walk, dataset, &dataset->group[split]));
    return CAIRN_OK;
}

/* ---- there and back */

cairn_status cairn_group_copy(struct cairn_dataset *dataset, const struct cairn_group *from,
                              struct cairn_group *to)
{
    struct cairn_group copy = *from; /* writing changes nothing */
    char *bytes = NULL;
    size_t n_bytes = 0;
    struct walk walk = {.stream = open_memstream(&bytes, &n_bytes)};
    cairn_status st = walk.stream == NULL ? broken() : one_group(&walk, dataset, &copy);
    if (walk.stream != NULL && fclose(walk.stream) != 0 && st == CAIRN_OK) st = broken();
    walk = (struct walk){.stream = st == CAIRN_OK ? fmemopen(bytes, n_bytes, "rb") : NULL,
                         .reads = true};
    if (st == CAIRN_OK) st = walk.stream == NULL ? broken() : one_group(&walk, dataset, to);
    if (walk.stream != NULL) fclose(walk.stream);
    free(bytes);
    return st;
}

cairn_status cairn_dataset_pack(const struct cairn_dataset *dataset, char **bytes, size_t *n_bytes)
{
    struct cairn_dataset copy = *dataset; /* writing changes nothing */
    struct walk walk = {.stream = open_memstream(bytes, n_bytes), .without_labels = true};
    if (walk.stream == NULL) return broken();
    cairn_status st = all(&walk, &copy);
    if (fclose(walk.stream) != 0 && st == CAIRN_OK) st = broken();
    if (st != CAIRN_OK) free(*bytes);
    return st;
}

cairn_status cairn_dataset_unpack(char *bytes, size_t n_bytes, struct cairn_dataset **out)
{
    struct cairn_dataset *dataset = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *dataset, "a dataset", &dataset));
    struct walk walk = {
        .stream = fmemopen(bytes, n_bytes, "rb"), .reads = true, .without_labels = true};
    cairn_status st = walk.stream == NULL ? broken() : all(&walk, dataset);
    if (walk.stream != NULL) fclose(walk.stream);
    if (st == CAIRN_OK && cairn_fault("data.open"))
        st = cairn_fail(CAIRN_DATA, "%s: planted fault data.open", dataset->path);
    if (st == CAIRN_OK) st = cairn_data_files_look(dataset->files);
    if (st == CAIRN_OK)
        *out = dataset;
    else
        cairn_dataset_close(dataset);
    return st;
}

int32_t *cairn_dataset_room_for_labels(struct cairn_dataset *dataset, enum cairn_split split)
{
    return dataset->group[split].label_owned;
}
