/* SPDX-License-Identifier: BSD-3-Clause
 * The public face of the run file: options that a C program reads or sets, and that become a config
 * when they are used. */
#include "cairn/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/process.h"
#include "config/parts.h"

static const char here[] = "cairn_options";

/* Kept as written: the text of a run file, maybe empty, and what was set over it. */
struct cairn_options {
    char *text; /* [n_bytes] */
    size_t n_bytes;
    char *source;
    char **override; /* [n_overrides], NULL after the last */
    size_t n_overrides;
};

static cairn_status add_override(struct cairn_options *options, const char *override)
{
    char **grown = NULL;
    CAIRN_TRY(cairn_memory_get(options->n_overrides + 2, sizeof *grown, "options", &grown));
    cairn_status st = cairn_memory_text(override, &grown[options->n_overrides]);
    if (st != CAIRN_OK) {
        free(grown);
        return st;
    }
    if (options->override != NULL)
        memcpy(grown, options->override, options->n_overrides * sizeof *grown);
    free(options->override);
    options->override = grown;
    options->n_overrides++;
    return CAIRN_OK;
}

static cairn_status create_empty(const char *source, struct cairn_options **out)
{
    struct cairn_options *options = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *options, "options", &options));
    cairn_status st = cairn_memory_text(source, &options->source);
    if (st != CAIRN_OK) {
        cairn_options_free(options);
        return st;
    }
    *out = options;
    return CAIRN_OK;
}

cairn_status cairn_options_create(cairn_options **out)
{
    return create_empty(here, out);
}

cairn_status cairn_options_parse(const char *path, char *text, size_t n_bytes,
                                 const char *const *overrides, cairn_options **out)
{
    struct cairn_options *options = NULL;
    struct cairn_config *config = NULL;
    cairn_status st = create_empty(path, &options);
    if (st != CAIRN_OK) {
        free(text);
        return st;
    }
    options->text = text;
    options->n_bytes = n_bytes;
    for (size_t i = 0; st == CAIRN_OK && overrides != NULL && overrides[i] != NULL; i++)
        st = add_override(options, overrides[i]);
    if (st == CAIRN_OK) st = cairn_options_config(options, false, &config);
    cairn_config_free(config);
    if (st != CAIRN_OK) {
        cairn_options_free(options);
        return st;
    }
    *out = options;
    return CAIRN_OK;
}

cairn_status cairn_options_read(const char *path, const char *const *overrides, cairn_options **out)
{
    char *text = NULL;
    size_t n_bytes = 0;
    CAIRN_TRY(cairn_config_load(path, &text, &n_bytes));
    return cairn_options_parse(path, text, n_bytes, overrides, out);
}

/* Whether the key is known and takes this value; what a model takes is seen when it is made. */
static cairn_status check(const char *name, const char *override)
{
    char buffer[CAIRN_KEY_TEXT_BYTES];
    const char *text = NULL;
    const struct cairn_key *key = NULL;
    struct cairn_node *tree = NULL;
    if (strncmp(name, "model.", 6) == 0 || strncmp(name, "loss.", 5) == 0) return CAIRN_OK;
    CAIRN_TRY(cairn_known_find(name, here, &key));
    CAIRN_TRY(cairn_node_create(CAIRN_NODE_MAP, NULL, NULL, &tree));
    cairn_status st = cairn_override_apply(tree, override, here);
    if (st == CAIRN_OK) st = cairn_key_value(key, cairn_tree_find(tree, name), buffer, &text);
    cairn_node_free(tree);
    return st;
}

cairn_status cairn_options_set(cairn_options *options, const char *key, const char *value)
{
    char *override = NULL;
    size_t n = strlen(key) + strlen(value) + 2;
    CAIRN_TRY(cairn_memory_get(n, 1, "an option", &override));
    snprintf(override, n, "%s=%s", key, value);
    cairn_status st = check(key, override);
    if (st == CAIRN_OK) st = add_override(options, override);
    free(override);
    return st;
}

cairn_status cairn_options_config(const cairn_options *options, bool in_memory,
                                  struct cairn_config **out)
{
    const char *text = options->text == NULL ? "" : options->text;
    const char *place = cairn_process_is_ours() ? "command line" : here;
    const char **override = NULL;
    const size_t n = options->n_overrides;
    CAIRN_TRY(cairn_memory_get(n + 2, sizeof *override, "options", &override));
    for (size_t i = 0; i < n; i++) override[i] = options->override[i];
    if (in_memory) override[n] = "data.file=memory";
    cairn_status st =
        cairn_config_read_from(text, options->n_bytes, options->source, override, place, out);
    free(override);
    return st;
}

void cairn_options_free(cairn_options *options)
{
    if (options == NULL) return;
    for (size_t i = 0; i < options->n_overrides; i++) free(options->override[i]);
    free(options->override);
    free(options->source);
    free(options->text);
    free(options);
}
