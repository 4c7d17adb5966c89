/* SPDX-License-Identifier: BSD-3-Clause
 * A CSV that a run adds lines to and a resumed run cuts.  The first column is the update.  Knows no
 * other column.  Local. */
#ifndef CAIRN_RECORD_ROWS_H
#define CAIRN_RECORD_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/file.h"
#include "cairn/status.h"

enum { CAIRN_ROW_BYTES = 1024, CAIRN_ROWS_KEPT_BYTES = 1 << 18 };

/** A line while it is written, field by field. */
struct cairn_row {
    char text[CAIRN_ROW_BYTES];
    size_t n_bytes;
};

/** One file.  Lines that the disk refuses are kept and tried again, while there is room. */
struct cairn_rows {
    char path[CAIRN_PATH_BYTES];
    int fd;     /* -1: not open */
    char *kept; /* [CAIRN_ROWS_KEPT_BYTES] lines that are not in the file yet; owned */
    size_t n_kept;
    uint64_t n_lines; /* in the file and kept, without the header */
    double tried_s;   /* when they were written last, or it was tried */
    bool refused;     /* the last try failed: the warning has been given */
    bool synced;
};

/** Take the memory for a file of the run folder; nothing is opened.  Ranks: local.
 * Errors: CAIRN_USAGE. */
CAIRN_CHECKED cairn_status cairn_rows_create(struct cairn_rows *rows, const char *folder,
                                             const char *name);

/** Write what is kept where it can be, and release all; a zeroed one with fd -1 is fine.
 * Ranks: local.  Errors: none. */
void cairn_rows_free(struct cairn_rows *rows);

/**
 * Open the file, cut at the first line that is half-written or of a later update than `update` (0:
 * all of them), or begin it with `header` and a line end.  A file with another header is kept as
 * <path>.damaged.
 *
 * Ranks   local
 * Errors  CAIRN_FILES
 */
CAIRN_CHECKED cairn_status cairn_rows_start(struct cairn_rows *rows, const char *header,
                                            uint64_t update);

/** The update of the last whole line of the file, which need not be open; 0: there is none.
 * Ranks: local.  Errors: CAIRN_FILES: it cannot be read. */
CAIRN_CHECKED cairn_status cairn_rows_last(const struct cairn_rows *rows, uint64_t *update);

/** Of a file with a line for each update: " (missing updates: 3 to 5, 9)" for those up to `update`
 * that are not there, as far as n bytes go; its length.  Ranks: local.  Errors: none. */
size_t cairn_rows_missing(const struct cairn_rows *rows, uint64_t update, char *text, size_t n);

/** One more field; NaN is an empty one.  Ranks: local; allocate nothing.  Errors: none. */
void cairn_row_count(struct cairn_row *line, uint64_t value);
void cairn_row_number(struct cairn_row *line, double value);
void cairn_row_text(struct cairn_row *line, const char *value, size_t n);

/** The line with its end to `text`; how many bytes, at most CAIRN_ROW_BYTES + 1.  Ranks: local.
 * Errors: none. */
size_t cairn_row_line(const struct cairn_row *line, char *text);

/**
 * Add a line: kept in memory and written every few seconds.
 *
 * Ranks   local; allocates nothing
 * Errors  CAIRN_FILES: the disk refuses and there is no room for more; before that it is a warning
 */
CAIRN_CHECKED cairn_status cairn_rows_add(struct cairn_rows *rows, const struct cairn_row *line);

/** Open the file, empty, for bytes that are no lines.  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_rows_begin(struct cairn_rows *rows);

/** Add n bytes, at most CAIRN_ROWS_KEPT_BYTES, as cairn_rows_add() does a line.  Ranks: local;
 * allocates nothing.  Errors: as there. */
CAIRN_CHECKED cairn_status cairn_rows_put(struct cairn_rows *rows, const void *bytes, size_t n);

/** Write what is kept, without bringing it to the disk; one that is not open is fine.  Ranks:
 * local; allocates nothing.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_rows_write(struct cairn_rows *rows);

/** Bring to the disk what was written.  Another thread may call it while lines are added.
 * Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_rows_sync(const struct cairn_rows *rows);

/** Write what is kept and bring it to the disk; one that is not open is fine.  Ranks: local.
 * Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_rows_flush(struct cairn_rows *rows);

#endif
