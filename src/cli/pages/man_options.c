/* SPDX-License-Identifier: BSD-3-Clause
 * cairn-options(5): the run file. */
#include <stdio.h>
#include <string.h>

#include "cli/key_words.h"
#include "cli/pages/pages.h"
#include "cli/pages/roff.h"
#include "config/config.h"
#include "config/study_file.h"
#include "nn/layer.h"
#include "nn/loss.h"
#include "nn/metric/metric.h"
#include "optim/groups.h"
#include "optim/optim.h"

enum { LINE_BYTES = 1024 };

static void put_key(FILE *out, const struct cairn_key *key)
{
    char takes[CAIRN_TAKES_BYTES];
    char line[LINE_BYTES];
    cairn_roff_tag(out, key->name, "");
    const bool required = key->fallback == NULL;
    const char *fallback = cairn_key_fallback(key);
    snprintf(line, sizeof line, "%s; %s%s", cairn_key_takes(key, takes), required ? "" : "default ",
             strcmp(fallback, "-") == 0 ? "none" : fallback);
    cairn_roff_text(out, line);
    fputs(".br\n", out);
    cairn_roff_text(out, key->doc);
}

static void put_keys(FILE *out, const struct cairn_key *keys, size_t n)
{
    for (size_t i = 0; i < n; i++) put_key(out, &keys[i]);
}

static void put_run_file(FILE *out)
{
    char doc[CAIRN_KEY_DOC_BYTES];
    const char *before = NULL;
    for (struct cairn_config_walk walk = {0}; cairn_config_next(&walk);) {
        struct cairn_key key = *walk.key;
        if (walk.of_kind) key.doc = cairn_key_readers(&key, doc);
        if (before == NULL || !cairn_key_same_section(key.name, before))
            fprintf(out, ".SS %.*s\n", (int)strcspn(key.name, "."), key.name);
        put_key(out, &key);
        before = key.name;
    }
}

static void put_kind(FILE *out, const char *name, const char *doc, const char *example)
{
    fprintf(out, ".SS %s\n", name);
    cairn_roff_text(out, doc);
    fputs(".PP\n", out);
    cairn_roff_text(out, example);
}

static void put_layers(FILE *out)
{
    const struct cairn_layer_kind *kind = NULL;
    fputs(".SH LAYERS\nThe elements of model.\nEvery one takes type, and name in place of its "
          "number.\n",
          out);
    for (size_t i = 0; (kind = cairn_layer_kind_at(i)) != NULL; i++) {
        put_kind(out, kind->name, kind->doc, kind->example);
        put_keys(out, kind->keys, kind->n_keys);
    }
}

static void put_losses(FILE *out)
{
    const struct cairn_loss_kind *kind = NULL;
    fputs(".SH LOSSES\nThe values of loss: a name, or a map of type and keys.\n", out);
    for (size_t i = 0; (kind = cairn_loss_kind_at(i)) != NULL; i++) {
        put_kind(out, kind->name, kind->doc, kind->example);
        put_keys(out, kind->keys, kind->n_keys);
    }
}

static void put_metrics_and_optimizers(FILE *out)
{
    const struct cairn_metric_kind *metric = NULL;
    const struct cairn_optim_kind *optimizer = NULL;
    fputs(".SH METRICS\nThe values of eval.metrics.\n", out);
    for (size_t i = 0; (metric = cairn_metric_at(i)) != NULL; i++) {
        cairn_roff_tag(out, metric->name, "");
        cairn_roff_text(out, metric->doc);
    }
    fputs(".SH OPTIMIZERS\nThe values of optim.name.\n", out);
    for (size_t i = 0; (optimizer = cairn_optim_kind_at(i)) != NULL; i++) {
        cairn_roff_tag(out, optimizer->name, "");
        cairn_roff_text(out, optimizer->doc);
    }
}

void cairn_pages_options(FILE *out)
{
    size_t n = 0;
    cairn_roff_begin(out, "cairn-options", 5, "keys of a run file and of a study file");
    fputs(".SH DESCRIPTION\n", out);
    cairn_roff_text(out, "A run file is YAML: sections, as in batch: {global: 256}, and in them "
                         "keys.  On the command line a key is written as batch.global=256, which "
                         "counts more than the file.  Relative paths in a run file are taken from "
                         "its folder, those of the command line from the working folder.");
    fputs(".SH KEYS\n", out);
    put_run_file(out);
    fputs(".SS elements of optim.groups\n", out);
    const struct cairn_key *keys = cairn_optim_group_keys(&n);
    put_keys(out, keys, n);
    put_layers(out);
    put_losses(out);
    put_metrics_and_optimizers(out);
    fputs(".SH STUDY FILE\n", out);
    keys = cairn_study_file_keys(false, &n);
    put_keys(out, keys, n);
    fputs(".SS study\n", out);
    keys = cairn_study_file_keys(true, &n);
    put_keys(out, keys, n);
    fputs(".SH SEE ALSO\n.BR cairn\\-options (1),\n.BR cairn\\-train (1),\n.BR cairn\\-study (1)\n",
          out);
}
