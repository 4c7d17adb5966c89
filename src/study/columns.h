/* SPDX-License-Identifier: BSD-3-Clause
 * The columns of a study's rows besides its axes, one list for all files that hold them.  Not for
 * other modules. */
#ifndef CAIRN_STUDY_COLUMNS_H
#define CAIRN_STUDY_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "study/table.h"

enum cairn_study_column_type { CAIRN_STUDY_INT, CAIRN_STUDY_COUNT, CAIRN_STUDY_REAL };

/** A field of struct cairn_study_row. */
struct cairn_study_column {
    const char *name;
    enum cairn_study_column_type type; /* int, uint64_t or double */
    size_t offset;
    bool is_newer; /* files of earlier versions may lack it, and then it is 0 */
};

/** All but the values of the axes and the end.  n in *n.  Ranks: local.  Errors: none. */
const struct cairn_study_column *cairn_study_columns(size_t *n);

#endif
