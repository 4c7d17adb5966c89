/* SPDX-License-Identifier: BSD-3-Clause
 * cairn options --json: the same tables for programs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cairn/version.h"
#include "cli/key_words.h"
#include "config/config.h"
#include "config/study_file.h"
#include "nn/layer.h"
#include "nn/loss.h"
#include "nn/metric/metric.h"
#include "optim/groups.h"
#include "optim/optim.h"
#include "record/json.h"

static const char *const types[] = {
    [CAIRN_KEY_COUNT] = "count", [CAIRN_KEY_REAL] = "real",     [CAIRN_KEY_DURATION] = "duration",
    [CAIRN_KEY_BOOL] = "bool",   [CAIRN_KEY_TEXT] = "text",     [CAIRN_KEY_PATH] = "path",
    [CAIRN_KEY_TREE] = "tree",   [CAIRN_KEY_CHOICE] = "choice", [CAIRN_KEY_BYTES] = "bytes",
};

static void put_list(struct cairn_json *json, const char *name, const char *words)
{
    char word[64];
    cairn_json_open(json, name, '[');
    while (*words != '\0') {
        const size_t n = strcspn(words, " ");
        snprintf(word, sizeof word, "%.*s", (int)n, words);
        cairn_json_text(json, NULL, word);
        words += n;
        words += strspn(words, " ");
    }
    cairn_json_close(json, ']');
}

/* Optimizers that read the key. */
static void put_readers(struct cairn_json *json, const struct cairn_key *key)
{
    const struct cairn_optim_kind *kind = NULL;
    cairn_json_open(json, "optimizers", '[');
    for (size_t i = 0; (kind = cairn_optim_kind_at(i)) != NULL; i++)
        if (cairn_optim_has_key(kind, key->name)) cairn_json_text(json, NULL, kind->name);
    cairn_json_close(json, ']');
}

static void put_key(struct cairn_json *json, const struct cairn_key *key, bool of_kind)
{
    cairn_json_open(json, NULL, '{');
    cairn_json_text(json, "name", key->name);
    cairn_json_text(json, "type", types[key->type]);
    cairn_json_raw(json, "required", key->fallback == NULL ? "true" : "false");
    cairn_json_text(json, "default", key->fallback);
    if (key->words != NULL)
        put_list(json, key->type == CAIRN_KEY_TREE ? "takes" : "choices", key->words);
    if (key->type == CAIRN_KEY_BOOL) put_list(json, "choices", "true false");
    if (cairn_key_has_range(key)) {
        cairn_json_number(json, "low", key->low);
        if (!cairn_key_is_open(key)) cairn_json_number(json, "high", key->high);
    }
    if (of_kind) put_readers(json, key);
    cairn_json_text(json, "doc", key->doc);
    cairn_json_close(json, '}');
}

static void put_keys(struct cairn_json *json, const char *name, const struct cairn_key *keys,
                     size_t n)
{
    cairn_json_open(json, name, '[');
    for (size_t i = 0; i < n; i++) put_key(json, &keys[i], false);
    cairn_json_close(json, ']');
}

/* What a list of layers, losses, metrics or optimizers begins each of its elements with. */
static void open_kind(struct cairn_json *json, const char *name, const char *doc)
{
    cairn_json_open(json, NULL, '{');
    cairn_json_text(json, "name", name);
    cairn_json_text(json, "doc", doc);
}

static void put_layers(struct cairn_json *json)
{
    const struct cairn_layer_kind *kind = NULL;
    cairn_json_open(json, "layers", '[');
    for (size_t i = 0; (kind = cairn_layer_kind_at(i)) != NULL; i++) {
        open_kind(json, kind->name, kind->doc);
        cairn_json_text(json, "example", kind->example);
        put_keys(json, "keys", kind->keys, kind->n_keys);
        cairn_json_close(json, '}');
    }
    cairn_json_close(json, ']');
}

static void put_losses(struct cairn_json *json)
{
    const struct cairn_loss_kind *kind = NULL;
    cairn_json_open(json, "losses", '[');
    for (size_t i = 0; (kind = cairn_loss_kind_at(i)) != NULL; i++) {
        open_kind(json, kind->name, kind->doc);
        cairn_json_text(json, "example", kind->example);
        put_keys(json, "keys", kind->keys, kind->n_keys);
        cairn_json_close(json, '}');
    }
    cairn_json_close(json, ']');
}

static void put_metrics_and_optimizers(struct cairn_json *json)
{
    const struct cairn_metric_kind *metric = NULL;
    const struct cairn_optim_kind *optimizer = NULL;
    cairn_json_open(json, "metrics", '[');
    for (size_t i = 0; (metric = cairn_metric_at(i)) != NULL; i++) {
        open_kind(json, metric->name, metric->doc);
        cairn_json_close(json, '}');
    }
    cairn_json_close(json, ']');
    cairn_json_open(json, "optimizers", '[');
    for (size_t i = 0; (optimizer = cairn_optim_kind_at(i)) != NULL; i++) {
        open_kind(json, optimizer->name, optimizer->doc);
        cairn_json_close(json, '}');
    }
    cairn_json_close(json, ']');
}

cairn_status cairn_options_json(void)
{
    struct cairn_json json = {.text = NULL};
    char *text = NULL;
    size_t n = 0;
    cairn_json_open(&json, NULL, '{');
    cairn_json_text(&json, "version", cairn_version());
    cairn_json_open(&json, "keys", '[');
    for (struct cairn_config_walk walk = {0}; cairn_config_next(&walk);)
        put_key(&json, walk.key, walk.of_kind);
    cairn_json_close(&json, ']');
    put_layers(&json);
    put_losses(&json);
    put_metrics_and_optimizers(&json);
    const struct cairn_key *keys = cairn_optim_group_keys(&n);
    put_keys(&json, "optim.groups", keys, n);
    keys = cairn_study_file_keys(false, &n);
    put_keys(&json, "study_file", keys, n);
    keys = cairn_study_file_keys(true, &n);
    put_keys(&json, "study_file.study", keys, n);
    cairn_json_close(&json, '}');
    CAIRN_TRY(cairn_json_take(&json, &text));
    printf("%s", text);
    free(text);
    return CAIRN_OK;
}
