/* SPDX-License-Identifier: BSD-3-Clause
 * cairn options: every key of a run file, from the tables that read it. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cli/command.h"
#include "cli/key_words.h"
#include "cli/names.h"
#include "config/config.h"
#include "config/study_file.h"
#include "nn/layer.h"
#include "nn/loss.h"
#include "nn/metric/metric.h"
#include "optim/groups.h"
#include "optim/optim.h"

/* Widths of the columns of a table of keys, and what of it is printed. */
struct columns {
    size_t name, fallback, takes;
    const char *word; /* only what has this word; NULL: all */
    size_t n;         /* lines printed */
};

static bool has_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    while (strlen(text) >= n && strncasecmp(text, word, n) != 0) text++;
    return strlen(text) >= n;
}

static const char *const named_kinds[] = {[CAIRN_NAMED_LAYER] = "layer",
                                          [CAIRN_NAMED_LOSS] = "loss",
                                          [CAIRN_NAMED_METRIC] = "eval.metrics",
                                          [CAIRN_NAMED_OPTIMIZER] = "optim.name",
                                          [CAIRN_NAMED_SCHEDULE] = "schedule.decay"};

/* Whether the word is what PyTorch or Keras call this. */
static bool is_named(const char *name, const char *word)
{
    const struct cairn_named *row = NULL;
    for (size_t i = 0; (row = cairn_named_at(i)) != NULL; i++) {
        const bool is_value = row->kind == CAIRN_NAMED_SCHEDULE || row->kind == CAIRN_NAMED_METRIC;
        if (strcmp(name, is_value ? named_kinds[row->kind] : row->ours) == 0 &&
            cairn_named_is(row, word))
            return true;
    }
    return false;
}

/* Whether a line with these texts is printed; those are counted. */
static bool wanted(struct columns *columns, const char *name, const char *doc, const char *more)
{
    const char *word = columns->word;
    bool is = word == NULL || has_word(name, word) || has_word(doc, word) ||
              (more != NULL && has_word(more, word)) || is_named(name, word);
    columns->n += is;
    return is;
}

static bool any_wanted(const struct columns *columns, const struct cairn_key *keys, size_t n)
{
    struct columns counted = *columns;
    size_t before = counted.n;
    for (size_t i = 0; i < n; i++) wanted(&counted, keys[i].name, keys[i].doc, keys[i].words);
    return counted.n > before;
}

static void widen(size_t *width, const char *text)
{
    if (strlen(text) > *width) *width = strlen(text);
}

static void measure(const struct cairn_key *keys, size_t n, struct columns *columns)
{
    char takes[CAIRN_TAKES_BYTES];
    for (size_t i = 0; i < n; i++) {
        widen(&columns->name, keys[i].name);
        widen(&columns->fallback, cairn_key_fallback(&keys[i]));
        widen(&columns->takes, cairn_key_takes(&keys[i], takes));
    }
}

static void print_key(const struct cairn_key *key, struct columns *columns, int indent)
{
    char takes[CAIRN_TAKES_BYTES];
    if (!wanted(columns, key->name, key->doc, key->words)) return;
    printf("%*s%-*s  %-*s  %-*s  %s\n", indent, "", (int)columns->name + 2 - indent, key->name,
           (int)columns->fallback, cairn_key_fallback(key), (int)columns->takes,
           cairn_key_takes(key, takes), key->doc);
}

static void print_heading(const struct columns *columns, const char *heading)
{
    if (columns->word == NULL) printf("%s", heading);
}

/* The keys of the run file, a blank line between two sections. */
static void print_run_file(struct columns *columns)
{
    char doc[CAIRN_KEY_DOC_BYTES];
    const char *before = "";
    struct cairn_config_walk walk = {0};
    while (cairn_config_next(&walk)) measure(walk.key, 1, columns);
    print_heading(columns, "Keys of a run file and of the command line (key=value): default, "
                           "values, meaning\n");
    walk = (struct cairn_config_walk){0};
    while (cairn_config_next(&walk)) {
        struct cairn_key key = *walk.key;
        if (walk.of_kind) key.doc = cairn_key_readers(&key, doc);
        if (!cairn_key_same_section(key.name, before)) print_heading(columns, "\n");
        print_key(&key, columns, 2);
        before = key.name;
    }
}

/* A layer or loss, whose name or one of whose keys has the word; by its name, all of its keys. */
static void print_kind(struct columns *columns, const char *line[3], const struct cairn_key *keys,
                       size_t n_keys)
{
    struct columns whole = *columns;
    bool named = wanted(columns, line[0], line[1], NULL);
    if (!named && !any_wanted(columns, keys, n_keys)) return;
    printf("%s  %s: %s, as in %s\n", columns->word == NULL ? "\n" : "", line[0], line[1], line[2]);
    whole.word = NULL;
    for (size_t k = 0; k < n_keys; k++) print_key(&keys[k], named ? &whole : columns, 4);
}

static void print_layers(struct columns *columns)
{
    const struct cairn_layer_kind *kind = NULL;
    print_heading(columns, "\nLayers, the elements of model; every one takes type, and name in "
                           "place of its number\n");
    for (size_t i = 0; (kind = cairn_layer_kind_at(i)) != NULL; i++)
        print_kind(columns, (const char *[]){kind->name, kind->doc, kind->example}, kind->keys,
                   kind->n_keys);
}

static void print_losses(struct columns *columns)
{
    const struct cairn_loss_kind *kind = NULL;
    print_heading(columns, "\nLosses, the values of loss: a name, or a map of type and keys\n");
    for (size_t i = 0; (kind = cairn_loss_kind_at(i)) != NULL; i++)
        print_kind(columns, (const char *[]){kind->name, kind->doc, kind->example}, kind->keys,
                   kind->n_keys);
}

static void print_metrics(struct columns *columns)
{
    const struct cairn_metric_kind *kind = NULL;
    print_heading(columns, "\nMetrics, the values of eval.metrics\n\n");
    for (size_t i = 0; (kind = cairn_metric_at(i)) != NULL; i++)
        if (wanted(columns, kind->name, kind->doc, "metrics"))
            printf("  %-*s  %s\n", (int)columns->name, kind->name, kind->doc);
}

static void print_optimizers(struct columns *columns)
{
    size_t n = 0;
    const struct cairn_key *keys = cairn_optim_group_keys(&n);
    const struct cairn_optim_kind *kind = NULL;
    print_heading(columns,
                  "\nOptimizers, the values of optim.name, and the keys of optim that each "
                  "takes\n\n");
    for (size_t i = 0; (kind = cairn_optim_kind_at(i)) != NULL; i++) {
        char uses[256];
        cairn_optim_uses(kind, uses, sizeof uses);
        if (wanted(columns, kind->name, kind->doc, uses))
            printf("  %-*s  %s: %s\n", (int)columns->name, kind->name, kind->doc, uses);
    }
    print_heading(columns,
                  "\n  Each also takes clip_norm, exclude_1d and groups: [{match: '*.bias', "
                  "lr_scale: 2}], a list of maps with\n\n");
    if (columns->word != NULL && any_wanted(columns, keys, n))
        printf("  an element of optim.groups\n");
    for (size_t i = 0; i < n; i++) print_key(&keys[i], columns, 4);
}

static void print_theirs(const char *names, const char *of, const char *before)
{
    if (names[0] != '\0') printf("%s%s of %s", before, names, of);
}

/* What the word is here, where it is a name of PyTorch or Keras. */
static void print_named(const char *word)
{
    const struct cairn_named *row = NULL;
    for (size_t i = 0; word != NULL && (row = cairn_named_at(i)) != NULL; i++) {
        if (!cairn_named_is(row, word)) continue;
        print_theirs(row->pytorch, "PyTorch", "  ");
        print_theirs(row->keras, "Keras", row->pytorch[0] == '\0' ? "  " : "; ");
        printf(" -> %s %s%s%s\n", named_kinds[row->kind], row->ours,
               row->note[0] == '\0' ? "" : ": ", row->note);
    }
}

static void print_study_file(struct columns *columns)
{
    size_t n = 0;
    const struct cairn_key *keys = cairn_study_file_keys(false, &n);
    print_heading(columns, "\nA study file (cairn study)\n\n");
    for (size_t i = 0; i < n; i++) print_key(&keys[i], columns, 2);
    print_heading(columns,
                  "\n  values of axes: [a, b, ...], {log: [a, b], n: k}, {linear: [a, b], n: "
                  "k}; follow: true on optim.lr\n  axis ranks: numbers of ranks\n\n");
    keys = cairn_study_file_keys(true, &n);
    if (any_wanted(columns, keys, n)) printf("  study\n");
    for (size_t i = 0; i < n; i++) print_key(&keys[i], columns, 4);
}

/* No key has the word: perhaps another trainer's name for one. */
static cairn_status nothing_has(const char *word)
{
    char text[256];
    if (cairn_known_option(word, NULL, text, sizeof text))
        return cairn_fail(CAIRN_USAGE, "no key, layer, loss or optimizer has '%s'; %s", word, text);
    return cairn_fail(CAIRN_USAGE,
                      "no key, layer, loss or optimizer has '%s'; cairn options lists all", word);
}

/* What the command line says. */
struct request {
    const char *word; /* first, for cairn_single_operand() */
    bool json;
};

static const struct cairn_option flags[] = {
    {"--json", NULL, CAIRN_KEY_BOOL, offsetof(struct request, json),
     .doc = "all of them as one object, for programs"},
    {.name = NULL},
};

static cairn_status run_options(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    (void)comm;
    struct request request = {.word = NULL};
    CAIRN_TRY(cairn_arguments_read(&cairn_command_options, arguments, &request));
    if (request.json && request.word != NULL)
        return cairn_fail(CAIRN_USAGE, "%s: --json prints all keys; leave the word out",
                          request.word);
    if (request.json) return cairn_options_json();
    struct columns columns = {.word = request.word};
    print_named(columns.word);
    print_run_file(&columns);
    print_layers(&columns);
    print_losses(&columns);
    print_metrics(&columns);
    print_optimizers(&columns);
    print_study_file(&columns);
    if (columns.n == 0) return nothing_has(columns.word);
    return CAIRN_OK;
}

const struct cairn_command cairn_command_options = {
    .name = "options",
    .operands = "[WORD]",
    .doc = "prints every key of a run file: default, values, meaning",
    .about =
        "Also the layers, losses, metrics and optimizers with their keys, and the keys of a study "
        "file.  With WORD, only those that have it in their name or meaning, or that PyTorch or "
        "Keras call so (Linear, Conv2d, CrossEntropyLoss).",
    .tables = {{.flags = flags}},
    .take = cairn_single_operand,
    .once = true,
    .run = run_options,
};
