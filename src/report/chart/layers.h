/* SPDX-License-Identifier: BSD-3-Clause
 * A figure for each weight tensor and each of some updates, out of gradflow.csv or
 * accumulation.csv; biases left out.  Local. */
#ifndef CAIRN_REPORT_LAYERS_H
#define CAIRN_REPORT_LAYERS_H

#include "report/chart/chart.h"

enum { CAIRN_MOST_LAYERS = 256, CAIRN_LAYER_BYTES = 48, CAIRN_LAYERS_DRAWN = 24 };

/** Lines of a table sorted into updates and layers. */
struct cairn_layers {
    const struct cairn_csv *csv;
    char label[CAIRN_MOST_LAYERS][CAIRN_LAYER_BYTES]; /* "1 dense", "3.body.0" */
    size_t n_layers;
    size_t *line;  /* [n_lines]: those that are of weights, in the order of the file; owned */
    size_t *layer; /* [n_lines]: of which layer; owned */
    size_t n_lines;
    double *update; /* [n_updates], ascending; owned */
    size_t n_updates;
    size_t n_left_out; /* layers beyond the most */
};

/** Sort the lines; `config` (may be NULL) tells types of layers.  Ranks: local.
 * Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_layers_find(const struct cairn_csv *csv, const char *config,
                                             struct cairn_layers *out);

/** Release it.  Ranks: local.  Errors: none. */
void cairn_layers_free(struct cairn_layers *layers);

/** Choose up to `most` updates: the first, the last, and some between with growing distances.
 * Ranks: local.  Errors: none. */
size_t cairn_layers_choose(const struct cairn_layers *layers, size_t most, double *update);

/** Whether this layer is among the CAIRN_LAYERS_DRAWN that lines are drawn for.  Ranks: local.
 * Errors: none. */
bool cairn_layers_is_drawn(const struct cairn_layers *layers, size_t layer);

#endif
