/* SPDX-License-Identifier: BSD-3-Clause
 * The lines of eval.csv: which columns stand after accuracy, in this start and in those before.
 * Local. */
#ifndef CAIRN_RECORD_EVAL_LINES_H
#define CAIRN_RECORD_EVAL_LINES_H

#include "record/rows.h"
#include "record/run_folder.h"

enum {
    CAIRN_EVAL_COLUMNS = 64,
    CAIRN_EVAL_NAME_BYTES = 32,
    CAIRN_EVAL_HEADER_BYTES = (CAIRN_EVAL_COLUMNS + 2) * CAIRN_EVAL_NAME_BYTES
};

/** The columns after accuracy. */
struct cairn_eval_columns {
    size_t n;
    struct {
        char name[CAIRN_EVAL_NAME_BYTES];
        int of; /* index in `more` of a line; -1: nothing that is evaluated now */
    } at[CAIRN_EVAL_COLUMNS];
};

/** Those of a header line, in the order they have there; none where it is none of eval.csv.
 * Ranks: local.  Errors: none. */
void cairn_eval_columns_read(const char *header, const char *const metric[CAIRN_MOST_METRICS],
                             struct cairn_eval_columns *out);

/** Those of the file, where there is one, then the metrics that it lacks.  With lines in it, one
 * sentence says what these lack or have alone.  Ranks: local.  Errors: CAIRN_FILES: it cannot be
 * read. */
CAIRN_CHECKED cairn_status cairn_eval_columns_join(const char *path,
                                                   const char *const metric[CAIRN_MOST_METRICS],
                                                   struct cairn_eval_columns *out);

/** The header that they make.  Ranks: local.  Errors: none. */
void cairn_eval_header(const struct cairn_eval_columns *columns,
                       char header[CAIRN_EVAL_HEADER_BYTES]);

/** A line as text, and the way back where it is of this split.  Ranks: local; allocate nothing.
 * Errors: none. */
void cairn_eval_write(const struct cairn_eval_columns *columns,
                      const struct cairn_eval_metrics *line, struct cairn_row *text);
bool cairn_eval_read(const struct cairn_eval_columns *columns, const char *text, const char *split,
                     struct cairn_eval_metrics *out);

#endif
