/* SPDX-License-Identifier: BSD-3-Clause
 * What the parts of the program that writes layouts share. */
#ifndef CAIRN_DATASETS_LAYOUTS_H
#define CAIRN_DATASETS_LAYOUTS_H

#include <hdf5.h>
#include <stddef.h>

/** A group of made-up universes: n of them from number `first` on, boxes of side^3 cells. */
struct universes {
    const char *group;
    size_t n, side, first;
};

/** Write the group: x [n, 4, side, side, side] and y [n, 4]. */
void write_universes(hid_t file, const struct universes *of);

/** End the program. */
_Noreturn void stop(const char *what, const char *which);

#endif
