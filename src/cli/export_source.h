/* SPDX-License-Identifier: BSD-3-Clause
 * What `cairn export` writes, out of a checkpoint. */
#ifndef CAIRN_CLI_EXPORT_SOURCE_H
#define CAIRN_CLI_EXPORT_SOURCE_H

#include "cli/trained.h"
#include "config/config.h"
#include "export/export.h"
#include "nn/model.h"

/** The source and what it borrows from; a zeroed one is empty. */
struct cairn_exported {
    struct cairn_export_source source;
    struct cairn_config *config;
    struct cairn_model *model; /* NULL: the layers were not asked for */
    char *text;                /* of the run file */
    double *normalization;     /* mean, then std */
};

/**
 * Read all weights and buffers of a checkpoint, as they are named there; with_layers: plan its
 * model, too, which then has these weights.
 *
 * Ranks   local
 * Errors  CAIRN_DATA: no checkpoint, damaged, without the average that is asked for, of other
 *         layers than its run file names; CAIRN_MEMORY.  Then it is to be closed as well.
 */
CAIRN_CHECKED cairn_status cairn_exported_open(const struct cairn_trained_request *request,
                                               bool with_layers, struct cairn_exported *out);

/** Release.  Ranks: local.  Errors: none. */
void cairn_exported_close(struct cairn_exported *exported);

#endif
