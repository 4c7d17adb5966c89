/* SPDX-License-Identifier: BSD-3-Clause
 * Archives of NumPy: the arrays have names. */
#include "data/npy/import.h"

const struct cairn_format cairn_format_npz = {
    .name = "npz",
    .heading = "npz FILE.npz...: arrays that numpy.savez or savez_compressed wrote, by their "
               "names, as above",
    .flags = cairn_npy_flags,
    .run = cairn_npy_import,
};
