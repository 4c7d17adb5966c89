/* SPDX-License-Identifier: BSD-3-Clause
 * safetensors: the length of a header in eight bytes, least first, the header in JSON, and the
 * bytes of all arrays, which lie one after the other up to the end of the file.
 *
 * Source: the format's own description, github.com/huggingface/safetensors */
#include "checkpoint/safetensors.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "h5/h5.h"

enum {
    LENGTH_BYTES = 8,
    MOST_HEADER_BYTES = 100000000, /* as the format has it */
    PIECE = 1 << 16,               /* numbers that are converted at once */
};

struct cairn_safetensors {
    const char *path; /* borrowed */
    FILE *stream;
    uint64_t n_bytes, data_at; /* of the file; where its arrays begin */
    json_t *header;
    struct cairn_safetensor *tensor; /* [n]; names are the header's */
    size_t n;
};

/* A number of the file, and what reads it. */
static const struct type {
    const char *name;
    size_t n_bytes;
    enum cairn_h5_type type;
    bool upper; /* the upper half of a float */
} types[] = {
    {"F32", 4, CAIRN_H5_F32, false},
    {"F64", 8, CAIRN_H5_F64, false},
    {"F16", 2, CAIRN_H5_F16, false},
    {"BF16", 2, CAIRN_H5_F32, true},
};

static const struct type *find_type(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].name, name) == 0) return &types[i];
    return NULL;
}

/* ---- the header */

static cairn_status damaged(const struct cairn_safetensors *file, const char *what)
{
    return cairn_fail(CAIRN_DATA, "%s: is no whole safetensors file: %s; write or fetch it again",
                      file->path, what);
}

static cairn_status read_header(struct cairn_safetensors *file)
{
    unsigned char length[LENGTH_BYTES];
    uint64_t n = 0;
    char *text = NULL;
    json_error_t error;
    if (fread(length, 1, sizeof length, file->stream) != sizeof length)
        return damaged(file, "it is shorter than the length of a header");
    for (int i = 0; i < LENGTH_BYTES; i++) n |= (uint64_t)length[i] << (8 * i);
    if (n > file->n_bytes - LENGTH_BYTES || n > MOST_HEADER_BYTES)
        return damaged(file, "its header would be longer than it");
    CAIRN_TRY(cairn_memory_get((size_t)n + 1, 1, "a header", &text));
    if (fread(text, 1, (size_t)n, file->stream) == n)
        file->header = json_loadb(text, (size_t)n, JSON_REJECT_DUPLICATES, &error);
    else
        snprintf(error.text, sizeof error.text, "%s", strerror(errno));
    free(text);
    file->data_at = LENGTH_BYTES + n;
    if (json_is_object(file->header)) return CAIRN_OK;
    return damaged(file, file->header != NULL ? "its header is no object of JSON" : error.text);
}

/* A whole number of a list; false: it is none. */
static bool number_at(const json_t *list, size_t index, uint64_t *out)
{
    const json_t *item = json_array_get(list, index);
    if (!json_is_integer(item) || json_integer_value(item) < 0) return false;
    *out = (uint64_t)json_integer_value(item);
    return true;
}

/* The shape, and how many elements it has; false: it is none. */
static bool read_shape(const json_t *list, struct cairn_safetensor *tensor, uint64_t *count)
{
    const size_t ndim = json_array_size(list);
    *count = 1;
    for (size_t d = 0; d < ndim; d++) {
        uint64_t dim = 0;
        if (!number_at(list, d, &dim) || (dim > 0 && *count > INT64_MAX / dim)) return false;
        *count *= dim;
        if (d < CAIRN_MAX_DIMS) tensor->shape.dim[tensor->shape.ndim++] = (size_t)dim;
    }
    return json_is_array(list) && ndim <= CAIRN_MAX_DIMS;
}

/* What is said of one array, and whether that can be. */
static bool read_tensor(const struct cairn_safetensors *file, json_t *about,
                        struct cairn_safetensor *tensor)
{
    const json_t *offsets = json_object_get(about, "data_offsets");
    uint64_t count = 0, begin = 0, end = 0;
    tensor->type = json_string_value(json_object_get(about, "dtype"));
    if (tensor->type == NULL || !read_shape(json_object_get(about, "shape"), tensor, &count))
        return false;
    if (json_array_size(offsets) != 2 || !number_at(offsets, 0, &begin) ||
        !number_at(offsets, 1, &end) || begin > end || end > file->n_bytes - file->data_at)
        return false;
    tensor->at = file->data_at + begin;
    tensor->n_bytes = end - begin;
    const struct type *type = find_type(tensor->type);
    return type == NULL ||
           (tensor->n_bytes % type->n_bytes == 0 && tensor->n_bytes / type->n_bytes == count);
}

static cairn_status read_tensors(struct cairn_safetensors *file)
{
    const char *name = NULL;
    json_t *about = NULL;
    uint64_t n_bytes = 0;
    CAIRN_TRY(cairn_memory_get(json_object_size(file->header) + 1, sizeof *file->tensor,
                               "the arrays", &file->tensor));
    json_object_foreach(file->header, name, about)
    {
        struct cairn_safetensor *tensor = &file->tensor[file->n];
        if (strcmp(name, "__metadata__") == 0) continue;
        if (strlen(name) >= CAIRN_H5_NAME_BYTES)
            return cairn_fail(CAIRN_DATA,
                              "%s: the name %.40s... has %zu bytes, where checkpoints take %d; "
                              "rename it",
                              file->path, name, strlen(name), CAIRN_H5_NAME_BYTES - 1);
        if (!read_tensor(file, about, tensor))
            return cairn_fail(
                CAIRN_DATA,
                "%s: type, shape (of at most %d dimensions) and place of %s do not fit "
                "each other or the file; write or fetch it again",
                file->path, CAIRN_MAX_DIMS, name);
        tensor->name = name;
        n_bytes += tensor->n_bytes;
        file->n++;
    }
    if (n_bytes == file->n_bytes - file->data_at) return CAIRN_OK;
    return damaged(file, "its arrays are not as long as what follows the header");
}

static cairn_status open_stream(struct cairn_safetensors *file)
{
    struct stat about;
    file->stream = fopen(file->path, "rbe");
    if (file->stream == NULL || fstat(fileno(file->stream), &about) != 0)
        return cairn_fail(CAIRN_DATA, "%s: %s", file->path, strerror(errno));
    file->n_bytes = (uint64_t)about.st_size;
    return S_ISREG(about.st_mode) ? CAIRN_OK
                                  : cairn_fail(CAIRN_DATA, "%s: is not a file", file->path);
}

cairn_status cairn_safetensors_open(const char *path, struct cairn_safetensors **out)
{
    struct cairn_safetensors *file = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *file, "a file", &file));
    file->path = path;
    cairn_status st = open_stream(file);
    if (st == CAIRN_OK) st = read_header(file);
    if (st == CAIRN_OK) st = read_tensors(file);
    if (st == CAIRN_OK)
        *out = file;
    else
        cairn_safetensors_close(file);
    return st;
}

void cairn_safetensors_close(struct cairn_safetensors *file)
{
    if (file == NULL) return;
    if (file->stream != NULL) fclose(file->stream);
    json_decref(file->header);
    free(file->tensor);
    free(file);
}

/* ---- arrays */

size_t cairn_safetensors_count(const struct cairn_safetensors *file)
{
    return file->n;
}

const struct cairn_safetensor *cairn_safetensors_at(const struct cairn_safetensors *file,
                                                    size_t index)
{
    return &file->tensor[index];
}

const struct cairn_safetensor *cairn_safetensors_find(const struct cairn_safetensors *file,
                                                      const char *name)
{
    for (size_t i = 0; i < file->n; i++)
        if (strcmp(file->tensor[i].name, name) == 0) return &file->tensor[i];
    return NULL;
}

/* The upper halves of floats in place, from the last on. */
static void widen(unsigned char *bytes, size_t n)
{
    for (size_t i = n; i-- > 0;) {
        const unsigned char half[] = {0, 0, bytes[2 * i], bytes[2 * i + 1]};
        memcpy(bytes + 4 * i, half, sizeof half);
    }
}

static cairn_status read_pieces(const struct cairn_safetensors *file,
                                const struct cairn_safetensor *tensor, const struct type *type,
                                unsigned char *piece, real *out)
{
    const struct cairn_h5_form form = {.type = type->type};
    const size_t count = (size_t)(tensor->n_bytes / type->n_bytes);
    if (fseeko(file->stream, (off_t)tensor->at, SEEK_SET) != 0)
        return cairn_fail(CAIRN_DATA, "%s: %s", file->path, strerror(errno));
    for (size_t done = 0; done < count; done += PIECE) {
        const size_t n = count - done < PIECE ? count - done : PIECE;
        if (fread(piece, type->n_bytes, n, file->stream) != n)
            return damaged(file, "it ends before its last array");
        if (type->upper) widen(piece, n);
        CAIRN_TRY(cairn_h5_convert(&form, piece, n, CAIRN_H5_REAL, out + done));
    }
    return CAIRN_OK;
}

cairn_status cairn_safetensors_read(const struct cairn_safetensors *file,
                                    const struct cairn_safetensor *tensor, real *out)
{
    const struct type *type = find_type(tensor->type);
    unsigned char *piece = NULL;
    if (type == NULL)
        return cairn_fail(CAIRN_DATA,
                          "%s: %s is of type %s, but weights are F32, F64, F16 or BF16; convert it",
                          file->path, tensor->name, tensor->type);
    CAIRN_TRY(cairn_memory_get(PIECE, sizeof(double), "a piece of a file", &piece));
    cairn_status st = read_pieces(file, tensor, type, piece, out);
    free(piece);
    return st;
}
