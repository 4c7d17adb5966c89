/* SPDX-License-Identifier: BSD-3-Clause
 * Files of NumPy, one array each: the name of a file is that of its array. */
#include "data/npy/import.h"

const struct cairn_format cairn_format_npy = {
    .name = "npy",
    .heading = "npy FILE.npy[.gz]...: arrays of NumPy, by the names of their files: x and y, or "
               "X_train, y_train, X_test, y_test, train_images, val_labels and the like",
    .flags = cairn_npy_flags,
    .run = cairn_npy_import,
};
