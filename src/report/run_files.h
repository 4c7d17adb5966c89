/* SPDX-License-Identifier: BSD-3-Clause
 * What a report reads of a run: all files of its folder that are there.  What is missing or damaged
 * becomes a note, never an end: a run that goes on or was killed is worth a look too.  Local. */
#ifndef CAIRN_REPORT_RUN_FILES_H
#define CAIRN_REPORT_RUN_FILES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/file.h"
#include "cairn/status.h"
#include "report/csv.h"

enum { CAIRN_RUN_MOST_NOTES = 16, CAIRN_RUN_NOTE_BYTES = 512 };

/** One run. */
struct cairn_run_files {
    char folder[CAIRN_PATH_BYTES]; /* absolute where it can be */
    const char *name;              /* its last part */
    char *label;                   /* what tells it from the others; owned */
    struct cairn_csv metrics, eval, gradflow, accumulation, ranks;
    json_t *summary;    /* an object, or NULL; owned */
    json_t *provenance; /* a list of objects, or NULL; owned */
    char *config;       /* config.yaml, or NULL; owned */
    char note[CAIRN_RUN_MOST_NOTES][CAIRN_RUN_NOTE_BYTES];
    size_t n_notes;
};

/** Whether a folder looks like that of a run.  Ranks: local.  Errors: none. */
bool cairn_run_files_are_there(const char *folder);

/** What a run began with, by its provenance.json. */
struct cairn_run_origin {
    bool known;    /* there is one, with an entry */
    bool has_init; /* weights that were made elsewhere: --init */
    char
        checkpoint[CAIRN_PATH_BYTES]; /* of another run that it went on from, as it was named; "" */
    char folder[CAIRN_PATH_BYTES + 4]; /* of that run */
};

/** Ranks: local.  Errors: none. */
void cairn_run_files_origin(const char *folder, struct cairn_run_origin *out);

/** Read them.  Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_run_files_read(const char *folder, struct cairn_run_files *out);

/** The struct is in another place.  Ranks: local.  Errors: none. */
void cairn_run_files_moved(struct cairn_run_files *run);

/** Release them.  Ranks: local.  Errors: none. */
void cairn_run_files_free(struct cairn_run_files *run);

/** A JSON file of a folder; NULL and words in `note` where there is none or it is damaged.
 * Ranks: local.  Errors: none. */
json_t *cairn_json_file(const char *folder, const char *file, char note[CAIRN_RUN_NOTE_BYTES]);

/** A number or a text of an object; NaN or NULL where it is none; `object` may be NULL.
 * Ranks: local.  Errors: none. */
double cairn_json_get_number(const json_t *object, const char *name);
const char *cairn_json_get_text(const json_t *object, const char *name);

#endif
