/* SPDX-License-Identifier: BSD-3-Clause
 * safetensors: the length of a header in eight bytes, least first, the header in JSON, and the
 * bytes of all arrays one after the other.
 *
 * Source: the format's own description, github.com/huggingface/safetensors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cairn/version.h"
#include "export/export.h"
#include "record/json.h"

enum { LENGTH_BYTES = 8, ALIGNMENT = 8 };

static size_t bytes_of(const struct cairn_export_array *array)
{
    return cairn_shape_count(&array->shape) * sizeof *array->data;
}

static void put_array(struct cairn_json *json, const struct cairn_export_array *array,
                      size_t offset)
{
    cairn_json_open(json, array->name, '{');
    cairn_json_text(json, "dtype", CAIRN_REAL_BITS == 64 ? "F64" : "F32");
    cairn_json_open(json, "shape", '[');
    for (int d = 0; d < array->shape.ndim; d++) cairn_json_count(json, NULL, array->shape.dim[d]);
    cairn_json_close(json, ']');
    cairn_json_open(json, "data_offsets", '[');
    cairn_json_count(json, NULL, offset);
    cairn_json_count(json, NULL, offset + bytes_of(array));
    cairn_json_close(json, ']');
    cairn_json_close(json, '}');
}

static cairn_status make_header(const struct cairn_export_source *source, char **out)
{
    struct cairn_json json = {.text = NULL};
    size_t offset = 0;
    cairn_json_open(&json, NULL, '{');
    cairn_json_open(&json, "__metadata__", '{');
    cairn_json_text(&json, "format", "pt");
    cairn_json_text(&json, "written_by", "cairn " CAIRN_VERSION);
    cairn_json_text(&json, "checkpoint", source->checkpoint);
    cairn_json_text(&json, "config", source->config);
    cairn_json_close(&json, '}');
    for (size_t i = 0; i < source->n_arrays; i++) {
        put_array(&json, &source->array[i], offset);
        offset += bytes_of(&source->array[i]);
    }
    cairn_json_close(&json, '}');
    return cairn_json_take(&json, out);
}

static cairn_status put_header(struct cairn_new_file *file, const char *header)
{
    static const char blanks[] = "        ";
    const size_t n = strlen(header);
    const size_t n_blanks = (ALIGNMENT - n % ALIGNMENT) % ALIGNMENT;
    unsigned char length[LENGTH_BYTES];
    for (int i = 0; i < LENGTH_BYTES; i++)
        length[i] = (unsigned char)((uint64_t)(n + n_blanks) >> (8 * i));
    CAIRN_TRY(cairn_file_put(file, length, sizeof length));
    CAIRN_TRY(cairn_file_put(file, header, n));
    return cairn_file_put(file, blanks, n_blanks);
}

static cairn_status write(const struct cairn_export_source *source, struct cairn_new_file *file)
{
    char *header = NULL;
    CAIRN_TRY(make_header(source, &header));
    cairn_status st = put_header(file, header);
    free(header);
    for (size_t i = 0; i < source->n_arrays && st == CAIRN_OK; i++)
        st = cairn_file_put(file, source->array[i].data, bytes_of(&source->array[i]));
    return st;
}

const struct cairn_export_kind cairn_export_safetensors = {
    .name = "safetensors",
    .ending = ".safetensors",
    .doc = "the weights, for PyTorch and others that read safetensors",
    .write = write,
};
