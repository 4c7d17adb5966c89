/* SPDX-License-Identifier: BSD-3-Clause
 * What a report reads of a study: its table of cells, fits and predictions.  Local. */
#ifndef CAIRN_REPORT_STUDY_FILES_H
#define CAIRN_REPORT_STUDY_FILES_H

#include <jansson.h>
#include <stdbool.h>

#include "base/file.h"
#include "cairn/status.h"
#include "report/csv.h"
#include "report/run_files.h"

enum { CAIRN_STUDY_MOST_NOTES = 8 };

/** One study. */
struct cairn_study_files {
    char folder[CAIRN_PATH_BYTES]; /* absolute where it can be */
    const char *name;              /* its last part */
    struct cairn_csv cells;        /* study.csv */
    size_t n_axes;                 /* columns in front of `reached` */
    json_t *fit, *scaling;         /* objects, or NULL; owned */
    char *file;                    /* study.yaml, or NULL; owned */
    char note[CAIRN_STUDY_MOST_NOTES][CAIRN_RUN_NOTE_BYTES];
    size_t n_notes;
};

/** Whether a folder looks like that of a study.  Ranks: local.  Errors: none. */
bool cairn_study_files_are_there(const char *folder);

/** Read them; what is missing or damaged becomes a note.  Ranks: local.  Errors: CAIRN_USAGE:
 * memory. */
CAIRN_CHECKED cairn_status cairn_study_files_read(const char *folder,
                                                  struct cairn_study_files *out);

/** Release them.  Ranks: local.  Errors: none. */
void cairn_study_files_free(struct cairn_study_files *study);

#endif
