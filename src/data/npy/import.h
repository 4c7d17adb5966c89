/* SPDX-License-Identifier: BSD-3-Clause
 * Arrays of NumPy -> a dataset: what the formats npy and npz have in common.  Local. */
#ifndef CAIRN_DATA_NPY_IMPORT_H
#define CAIRN_DATA_NPY_IMPORT_H

#include "data/format.h"

/** Import all arrays of all sources that have a name of x, y or weight.  Ranks: local.
 * Errors: CAIRN_USAGE: no source, arrays that cannot be told apart; CAIRN_DATA; CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_npy_import(const struct cairn_import *import,
                                            struct cairn_writer *writer);

/** Flags of both. */
extern const struct cairn_option cairn_npy_flags[];

#endif
