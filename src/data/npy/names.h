/* SPDX-License-Identifier: BSD-3-Clause
 * What an array is, by its name.  Local. */
#ifndef CAIRN_DATA_NPY_NAMES_H
#define CAIRN_DATA_NPY_NAMES_H

#include <stdbool.h>

#include "data/dataset.h"

enum cairn_role { CAIRN_ROLE_X, CAIRN_ROLE_Y, CAIRN_ROLE_WEIGHT };
#define CAIRN_N_ROLES (CAIRN_ROLE_WEIGHT + 1)

/** "x", "y" or "weight".  Ranks: local.  Errors: none. */
const char *cairn_role_name(enum cairn_role role);

/**
 * Whether a name is that of an array of this role, and of which group: "x", "X_train",
 * "test_labels", "validation-images"; without a group's word it is train.
 *
 * given  what the user calls the role; NULL: one of the usual names, in small or capital letters
 *
 * Ranks   local
 * Errors  none
 */
bool cairn_role_of(const char *name, enum cairn_role role, const char *given,
                   enum cairn_split *split);

#endif
