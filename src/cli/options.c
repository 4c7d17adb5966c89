/* SPDX-License-Identifier: BSD-3-Clause
 * cairn options: every key of a run file, from the tables that read it. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "config/config.h"
#include "config/study_file.h"
#include "nn/layer.h"
#include "nn/loss.h"
#include "optim/groups.h"
#include "optim/optim.h"

enum { TAKES_BYTES = 128 };

/* Widths of the columns of a table of keys. */
struct columns {
    size_t name, fallback, takes;
};

static const char *fallback_of(const struct cairn_key *key)
{
    if (key->fallback == NULL) return "required";
    return key->fallback[0] == '\0' ? "-" : key->fallback;
}

/* Append words with bars between them. */
static void put_words(const char *words, char *text)
{
    size_t used = strlen(text);
    for (const char *c = words; *c != '\0' && used + 4 < TAKES_BYTES; c++)
        used += (size_t)snprintf(text + used, TAKES_BYTES - used, *c == ' ' ? " | " : "%c", *c);
}

/* What a key takes, into text [TAKES_BYTES]. */
static const char *takes_of(const struct cairn_key *key, char *text)
{
    text[0] = '\0';
    if (key->type == CAIRN_KEY_BOOL) put_words("true false", text);
    if (key->type == CAIRN_KEY_TEXT) put_words("text", text);
    if (key->type == CAIRN_KEY_PATH) put_words("path", text);
    if (key->words != NULL) put_words(key->words, text);
    if (key->type == CAIRN_KEY_DURATION)
        put_words(key->words == NULL ? "duration" : " duration", text);
    if (key->type != CAIRN_KEY_COUNT && key->type != CAIRN_KEY_REAL) return text;
    if (key->words != NULL) put_words(" ", text);
    size_t used = strlen(text);
    if (key->high >= 1e15)
        snprintf(text + used, TAKES_BYTES - used, "at least %.10g", key->low);
    else
        snprintf(text + used, TAKES_BYTES - used, "%.10g to %.10g", key->low, key->high);
    return text;
}

static void widen(size_t *width, const char *text)
{
    if (strlen(text) > *width) *width = strlen(text);
}

static void measure(const struct cairn_key *keys, size_t n, struct columns *columns)
{
    char takes[TAKES_BYTES];
    for (size_t i = 0; i < n; i++) {
        widen(&columns->name, keys[i].name);
        widen(&columns->fallback, fallback_of(&keys[i]));
        widen(&columns->takes, takes_of(&keys[i], takes));
    }
}

static void print_key(const struct cairn_key *key, const struct columns *columns, int indent)
{
    char takes[TAKES_BYTES];
    printf("%*s%-*s  %-*s  %-*s  %s\n", indent, "", (int)columns->name + 2 - indent, key->name,
           (int)columns->fallback, fallback_of(key), (int)columns->takes, takes_of(key, takes),
           key->doc);
}

static bool same_section(const char *a, const char *b)
{
    size_t n = strcspn(a, ".");
    return a[n] == '.' ? strncmp(a, b, n + 1) == 0 : strchr(b, '.') == NULL;
}

/* The keys of the run file, a blank line between two sections. */
static void print_run_file(struct columns *columns)
{
    size_t n = 0;
    const struct cairn_key *keys = cairn_config_keys(&n);
    measure(keys, n, columns);
    printf("Keys of a run file and of the command line (key=value): default, values, meaning\n");
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || !same_section(keys[i].name, keys[i - 1].name)) printf("\n");
        print_key(&keys[i], columns, 2);
    }
}

static void print_layers(const struct columns *columns)
{
    printf(
        "\nLayers, the elements of model; every one takes type, and name in place of its number\n");
    const struct cairn_layer_kind *kind = NULL;
    for (size_t i = 0; (kind = cairn_layer_kind_at(i)) != NULL; i++) {
        printf("\n  %s: %s, as in %s\n", kind->name, kind->doc, kind->example);
        for (size_t k = 0; k < kind->n_keys; k++) print_key(&kind->keys[k], columns, 4);
    }
}

static void print_losses(const struct columns *columns)
{
    printf("\nLosses, the values of loss\n\n");
    const struct cairn_loss_kind *kind = NULL;
    for (size_t i = 0; (kind = cairn_loss_kind_at(i)) != NULL; i++)
        printf("  %-*s  %s\n", (int)columns->name, kind->name, kind->doc);
}

static void print_optimizers(const struct columns *columns)
{
    printf("\nOptimizers, the values of optim.name, and the keys of optim that each takes\n\n");
    const struct cairn_optim_kind *kind = NULL;
    for (size_t i = 0; (kind = cairn_optim_kind_at(i)) != NULL; i++)
        printf("  %-*s  %s: %s\n", (int)columns->name, kind->name, kind->doc, kind->uses);
    printf(
        "\n  Each also takes clip_norm, exclude_1d and groups: [{match: '*.bias', lr_scale: 2}], "
        "a list of maps with\n\n");
    size_t n = 0;
    const struct cairn_key *keys = cairn_optim_group_keys(&n);
    for (size_t i = 0; i < n; i++) print_key(&keys[i], columns, 4);
}

static void print_study_file(const struct columns *columns)
{
    size_t n = 0;
    const struct cairn_key *keys = cairn_study_file_keys(false, &n);
    printf("\nA study file (cairn study)\n\n");
    for (size_t i = 0; i < n; i++) print_key(&keys[i], columns, 2);
    printf("\n  values of axes: [a, b, ...], {log: [a, b], n: k}, {linear: [a, b], n: k}; follow: "
           "true on optim.lr\n  axis ranks: numbers of ranks\n\n  study\n");
    keys = cairn_study_file_keys(true, &n);
    for (size_t i = 0; i < n; i++) print_key(&keys[i], columns, 4);
}

static cairn_status run_options(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    (void)comm;
    struct columns columns = {0};
    int position = 0;
    const char *name = NULL;
    const char *value = NULL;
    CAIRN_TRY(cairn_arguments_next(arguments, "", &position, &name, &value));
    if (value != NULL) return cairn_fail(CAIRN_USAGE, "cairn options takes nothing, not %s", value);
    print_run_file(&columns);
    print_layers(&columns);
    print_losses(&columns);
    print_optimizers(&columns);
    print_study_file(&columns);
    return CAIRN_OK;
}

const struct cairn_command cairn_command_options = {
    .name = "options",
    .usage = "cairn options",
    .doc = "prints every key of a run file: default, values, meaning",
    .help =
        "\nAlso the layers, losses and optimizers with their keys, and the keys of a study file.\n",
    .once = true,
    .run = run_options,
};
