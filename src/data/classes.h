/* SPDX-License-Identifier: BSD-3-Clause
 * Names of classes -> numbers.  Local. */
#ifndef CAIRN_DATA_CLASSES_H
#define CAIRN_DATA_CLASSES_H

#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"

/** The distinct names met so far. */
struct cairn_classes {
    struct cairn_class {
        char *name;
        int32_t id; /* in the order in which they came */
    } * item;       /* [n], sorted by name; owned */
    size_t n, capacity;
};

/** The id of a name, new or known.  Ranks: local.  Errors: CAIRN_DATA: too many classes;
 * CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_classes_add(struct cairn_classes *classes, const char *name,
                                             int32_t *id);

/**
 * Turn ids into labels, in place: names that all are whole numbers from 0 stand for themselves,
 * others are numbered in sorted order; their names, separated by commas, are then in *names (to be
 * released with free()), else NULL.
 *
 * Shapes  label: [n]
 * Ranks   local
 * Errors  CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_classes_number(const struct cairn_classes *classes, int32_t *label,
                                                size_t n, char **names);

/** Release; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_classes_free(struct cairn_classes *classes);

#endif
