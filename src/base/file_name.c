/* SPDX-License-Identifier: BSD-3-Clause
 * What a name alone says of a file. */
#include <string.h>

#include "base/file.h"

bool cairn_file_is_named(const char *name)
{
    static const char *const endings[] = {".h5", ".hdf5", ".hdf", ".he5",
                                          ".nc", ".nc4",  ".mat", ".h5py"};
    const size_t n = strlen(name);
    if (strpbrk(name, "*?[") != NULL) return true;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const size_t bytes = strlen(endings[i]);
        if (n > bytes && strcmp(name + n - bytes, endings[i]) == 0) return true;
    }
    return false;
}
