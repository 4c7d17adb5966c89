/* SPDX-License-Identifier: BSD-3-Clause
 * Reading safetensors (written by export/safetensors.c).  Not for other modules.  Local. */
#ifndef CAIRN_CHECKPOINT_SAFETENSORS_H
#define CAIRN_CHECKPOINT_SAFETENSORS_H

#include <stdint.h>

#include "cairn/status.h"
#include "tensor/real.h"
#include "tensor/shape.h"

/** One array. */
struct cairn_safetensor {
    const char *name, *type; /* "F32" */
    struct cairn_shape shape;
    uint64_t at, n_bytes; /* in the file */
};

struct cairn_safetensors;

/** Open and read the header.  Ranks: local.  Errors: CAIRN_DATA: missing, no such header, arrays
 * that do not lie in the file; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_safetensors_open(const char *path, struct cairn_safetensors **out);

/** Close; NULL is fine.  Ranks: local.  Errors: none. */
void cairn_safetensors_close(struct cairn_safetensors *file);

/** How many arrays there are, and the index-th.  Ranks: local; borrowed.  Errors: none. */
size_t cairn_safetensors_count(const struct cairn_safetensors *file);
const struct cairn_safetensor *cairn_safetensors_at(const struct cairn_safetensors *file,
                                                    size_t index);

/** The array of that name, or NULL.  Ranks: local; borrowed.  Errors: none. */
const struct cairn_safetensor *cairn_safetensors_find(const struct cairn_safetensors *file,
                                                      const char *name);

/** Its numbers as reals, of its shape.  Ranks: local.  Errors: CAIRN_DATA: of a type that is not
 * read, cannot be read. */
CAIRN_CHECKED cairn_status cairn_safetensors_read(const struct cairn_safetensors *file,
                                                  const struct cairn_safetensor *tensor, real *out);

#endif
