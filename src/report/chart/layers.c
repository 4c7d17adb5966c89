/* SPDX-License-Identifier: BSD-3-Clause
 * Lines of gradflow.csv and accumulation.csv sorted into updates and layers. */
#include "report/chart/layers.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "report/run_labels.h"

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text);
    size_t n_end = strlen(end);
    return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

/* "1 dense" for weight 1, "5.attn in_proj_weight" where a layer has several. */
static void write_label(const char *layer, const char *param, const char *config,
                        char label[CAIRN_LAYER_BYTES])
{
    char type[CAIRN_RUN_LABEL_BYTES] = "";
    char *end = NULL;
    errno = 0;
    unsigned long index = strtoul(layer, &end, 10);
    if (end != layer && *end == '\0' && errno == 0) cairn_config_layer(config, index, type);
    if (strcmp(param, "weight") != 0) snprintf(type, sizeof type, "%.40s", param);
    if (ends_with(type, "_weight")) type[strlen(type) - strlen("_weight")] = '\0';
    snprintf(label, CAIRN_LAYER_BYTES, "%.24s%s%.20s", layer, *type == '\0' ? "" : " ", type);
}

/* The index of a label, a new one where there is room; else CAIRN_MOST_LAYERS. */
static size_t find_label(struct cairn_layers *layers, const char *label, size_t guess)
{
    if (guess < layers->n_layers && strcmp(layers->label[guess], label) == 0) return guess;
    for (size_t i = 0; i < layers->n_layers; i++)
        if (strcmp(layers->label[i], label) == 0) return i;
    if (layers->n_layers == CAIRN_MOST_LAYERS) {
        layers->n_left_out++;
        return CAIRN_MOST_LAYERS;
    }
    snprintf(layers->label[layers->n_layers], CAIRN_LAYER_BYTES, "%s", label);
    return layers->n_layers++;
}

static void sort_lines(struct cairn_layers *layers, const char *config, const size_t column[3])
{
    size_t guess = 0;
    for (size_t i = 0; i < layers->csv->n_rows; i++) {
        char label[CAIRN_LAYER_BYTES];
        double update = cairn_csv_number(layers->csv, i, column[0]);
        const char *param = cairn_csv_text(layers->csv, i, column[2]);
        if (!isfinite(update) || ends_with(param, "bias")) continue;
        write_label(cairn_csv_text(layers->csv, i, column[1]), param, config, label);
        size_t layer = find_label(layers, label, guess);
        if (layer == CAIRN_MOST_LAYERS) continue;
        guess = layer + 1 < layers->n_layers ? layer + 1 : 0;
        layers->line[layers->n_lines] = i;
        layers->layer[layers->n_lines++] = layer;
        if (layers->n_updates == 0 || update > layers->update[layers->n_updates - 1])
            layers->update[layers->n_updates++] = update;
    }
}

cairn_status cairn_layers_find(const struct cairn_csv *csv, const char *config,
                               struct cairn_layers *out)
{
    size_t column[3];
    size_t room = csv->n_rows + 1;
    *out = (struct cairn_layers){.csv = csv};
    if (!cairn_csv_find(csv, "update", &column[0]) || !cairn_csv_find(csv, "layer", &column[1]) ||
        !cairn_csv_find(csv, "param", &column[2]))
        return CAIRN_OK;
    cairn_status st = cairn_memory_get(room, sizeof *out->line, "layers", &out->line);
    if (st == CAIRN_OK) st = cairn_memory_get(room, sizeof *out->layer, "layers", &out->layer);
    if (st == CAIRN_OK) st = cairn_memory_get(room, sizeof *out->update, "layers", &out->update);
    if (st == CAIRN_OK)
        sort_lines(out, config, column);
    else
        cairn_layers_free(out);
    return st;
}

void cairn_layers_free(struct cairn_layers *layers)
{
    free(layers->line);
    free(layers->layer);
    free(layers->update);
    layers->line = layers->layer = NULL;
    layers->update = NULL;
}

size_t cairn_layers_choose(const struct cairn_layers *layers, size_t most, double *update)
{
    size_t n = 0;
    size_t last = layers->n_updates - 1;
    if (layers->n_updates == 0) return 0;
    for (size_t i = 0; i < most; i++) {
        double share = most < 2 ? 1 : (double)i / (double)(most - 1);
        size_t at = (size_t)(pow((double)last + 1, share) - 1 + 0.5);
        if (at > last) at = last;
        if (n == 0 || layers->update[at] > update[n - 1]) update[n++] = layers->update[at];
    }
    return n;
}

bool cairn_layers_is_drawn(const struct cairn_layers *layers, size_t layer)
{
    size_t n = layers->n_layers;
    if (n <= CAIRN_LAYERS_DRAWN) return true;
    return layer == 0 || layer * (CAIRN_LAYERS_DRAWN - 1) / (n - 1) !=
                             (layer - 1) * (CAIRN_LAYERS_DRAWN - 1) / (n - 1);
}
