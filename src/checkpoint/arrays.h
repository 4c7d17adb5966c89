/* SPDX-License-Identifier: BSD-3-Clause
 * A file of named arrays that others wrote: HDF5, or safetensors, whose arrays all stand below
 * /weights here.  Not for other modules.  Local. */
#ifndef CAIRN_CHECKPOINT_ARRAYS_H
#define CAIRN_CHECKPOINT_ARRAYS_H

#include "cairn/status.h"
#include "tensor/real.h"
#include "tensor/shape.h"

struct cairn_arrays;

/** Open for reading; a name that ends with .safetensors is that of such a file.  Ranks: local.
 * Errors: CAIRN_DATA: missing, neither of the two, damaged. */
CAIRN_CHECKED cairn_status cairn_arrays_open(const char *path, struct cairn_arrays **out);

/** Close; NULL is fine.  Ranks: local.  Errors: none. */
void cairn_arrays_close(struct cairn_arrays *arrays);

/** Whether there is an array, or a group, at a path.  Ranks: local.  Errors: none. */
bool cairn_arrays_has(const struct cairn_arrays *arrays, const char *path);
bool cairn_arrays_has_group(const struct cairn_arrays *arrays, const char *path);

/** The shape of an array.  Ranks: local.  Errors: CAIRN_DATA: none there, or none that is read. */
CAIRN_CHECKED cairn_status cairn_arrays_shape(const struct cairn_arrays *arrays, const char *path,
                                              struct cairn_shape *out);

/** The numbers of an array of this shape.  Ranks: local.  Errors: CAIRN_DATA: as above, damaged. */
CAIRN_CHECKED cairn_status cairn_arrays_read(const struct cairn_arrays *arrays, const char *path,
                                             const struct cairn_shape *shape, real *out);

/** Call visit for each child of a group, as cairn_h5_children().  Ranks: local.  Errors: as
 * there. */
CAIRN_CHECKED cairn_status cairn_arrays_each(const struct cairn_arrays *arrays, const char *path,
                                             cairn_status (*visit)(void *context, const char *name,
                                                                   bool is_group),
                                             void *context);

#endif
