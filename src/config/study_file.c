/* SPDX-License-Identifier: BSD-3-Clause
 * From the bytes of a study file to a struct. */
#include "config/study_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "config/parts.h"

static const char COMMAND_LINE[] = "command line";

static const struct cairn_key sections[] = {
    {"run", CAIRN_KEY_TEXT, offsetof(struct cairn_study_file, run), NULL, 0, 0, NULL,
     "the run file of all cells, relative to the study file"},
    {"set", CAIRN_KEY_TREE, offsetof(struct cairn_study_file, set), "none", 0, 0, "map none",
     "keys of the run file for all cells"},
    {"axes", CAIRN_KEY_TREE, offsetof(struct cairn_study_file, axes), NULL, 0, 0, "map",
     "keys that take several values"},
    {"study", CAIRN_KEY_TREE, offsetof(struct cairn_study_file, study), "none", 0, 0, "map none",
     "what the study is for"},
};

static const struct cairn_key keys[] = {
    {"kind", CAIRN_KEY_CHOICE, offsetof(struct cairn_study_file, kind), "updates-to-target", 0, 0,
     CAIRN_CHOICE_TEXT(CAIRN_WORDS_STUDY_KIND), "what is measured"},
    {"target", CAIRN_KEY_TEXT, offsetof(struct cairn_study_file, target), "", 0, 0, NULL,
     "eval_loss < x or eval_accuracy >= x, on the group val"},
    {"targets", CAIRN_KEY_TREE, offsetof(struct cairn_study_file, targets), "none", 0, 0,
     "list none",
     "further targets, easier ones: fit.json has figures for each, from the same cells"},
    {"check_every", CAIRN_KEY_COUNT, offsetof(struct cairn_study_file, check_every), "auto", 1,
     1e15, CAIRN_CHOICE_TEXT(CAIRN_WORDS_STUDY_EVERY),
     "updates between checks, at least 1 % of those done; auto: 2.5 %"},
    {"budget_updates", CAIRN_KEY_COUNT, offsetof(struct cairn_study_file, budget_updates), "none",
     1, 1e15, "none", "updates of a cell, at most"},
    {"budget_samples", CAIRN_KEY_COUNT, offsetof(struct cairn_study_file, budget_samples), "none",
     1, 1e15, "none", "samples of a cell, at most"},
    {"keep", CAIRN_KEY_CHOICE, offsetof(struct cairn_study_file, keep), "none", 0, 0,
     CAIRN_CHOICE_TEXT(CAIRN_WORDS_STUDY_KEEP), "run folders that stay"},
    {"concurrent", CAIRN_KEY_COUNT, offsetof(struct cairn_study_file, concurrent), "1", 1, 1e6,
     NULL, "cells at once on the ranks there are"},
    {"predict", CAIRN_KEY_TREE, offsetof(struct cairn_study_file, predict), "none", 0, 0,
     "list none",
     "splits whose time scaling.json predicts: [[2, 512, 32]] is 2 ranks, B = 512, b = 32"},
    {"link", CAIRN_KEY_TEXT, offsetof(struct cairn_study_file, link), "", 0, 0, NULL,
     "what a message costs between the ranks that are predicted, as 12us,1.2GB/s (cairn doctor "
     "prints it)"},
};

const struct cairn_key *cairn_study_file_keys(bool within, size_t *n)
{
    *n = within ? sizeof keys / sizeof keys[0] : sizeof sections / sizeof sections[0];
    return within ? keys : sections;
}

/* ---- the command line */

/* In place of the child with this key, or after the last one. */
static cairn_status put(struct cairn_node *map, const char *key, struct cairn_node *value)
{
    struct cairn_node **link = &map->child;
    CAIRN_TRY(cairn_memory_text(key, &value->key));
    while (*link != NULL && strcmp((*link)->key, key) != 0) link = &(*link)->next;
    struct cairn_node *old = *link;
    *link = value;
    if (old == NULL) return CAIRN_OK;
    value->next = old->next;
    old->next = NULL;
    cairn_node_free(old);
    return CAIRN_OK;
}

/* "axes.batch.global=[8, 32]": a key of a section, dots and all. */
static cairn_status put_in_section(struct cairn_study_file *file, const char *section,
                                   const char *text)
{
    struct cairn_node *map = cairn_node_find(file->tree, section);
    struct cairn_node *value = NULL;
    char *key = NULL;
    size_t n = strcspn(text, "=");
    if (n == 0 || text[n] == '\0' || (map != NULL && map->kind != CAIRN_NODE_MAP))
        return cairn_fail(CAIRN_USAGE, "%s: '%s.%s' is not %s.KEY=value", COMMAND_LINE, section,
                          text, section);
    if (map == NULL) {
        CAIRN_TRY(cairn_node_create(CAIRN_NODE_MAP, section, NULL, &map));
        map->source = COMMAND_LINE;
        cairn_node_add(file->tree, map);
    }
    CAIRN_TRY(cairn_memory_text(text, &key));
    key[n] = '\0';
    cairn_status st = cairn_yaml_value(text + n + 1, COMMAND_LINE, &value);
    if (st == CAIRN_OK) st = put(map, key, value);
    free(key);
    return st;
}

static cairn_status add_override(struct cairn_study_file *file, const char *text)
{
    if (file->n_overrides == CAIRN_STUDY_MOST_SET)
        return cairn_fail(CAIRN_USAGE, "%s: more than %d keys are set for all cells", file->source,
                          CAIRN_STUDY_MOST_SET);
    return cairn_memory_text(text, &file->override[file->n_overrides++]);
}

static cairn_status take_command_line(struct cairn_study_file *file, const char *const *overrides)
{
    for (size_t i = 0; overrides != NULL && overrides[i] != NULL; i++) {
        if (strncmp(overrides[i], "study.", 6) == 0)
            CAIRN_TRY(put_in_section(file, "study", overrides[i] + 6));
        if (strncmp(overrides[i], "axes.", 5) == 0)
            CAIRN_TRY(put_in_section(file, "axes", overrides[i] + 5));
    }
    return CAIRN_OK;
}

/* ---- what all cells have */

static cairn_status take_set(struct cairn_study_file *file, const char *const *overrides)
{
    char text[1024];
    const struct cairn_node *node = file->set == NULL ? NULL : file->set->child;
    for (; node != NULL; node = node->next) {
        const struct cairn_key *key = NULL;
        CAIRN_TRY(cairn_known_find(node->key, cairn_node_place(node), &key));
        if (node->kind != CAIRN_NODE_SCALAR)
            return cairn_fail(CAIRN_USAGE,
                              "%s: set takes single values; write %s into the run file",
                              cairn_node_place(node), node->key);
        if (cairn_node_find(file->axes, node->key) != NULL)
            return cairn_fail(CAIRN_USAGE, "%s: %s is set and is an axis, too; leave one out",
                              cairn_node_place(node), node->key);
        int n = snprintf(text, sizeof text, "%s=%s", node->key, node->text);
        if (n >= (int)sizeof text)
            return cairn_fail(CAIRN_USAGE, "%s: %s is too long", cairn_node_place(node), node->key);
        CAIRN_TRY(add_override(file, text));
    }
    for (size_t i = 0; overrides != NULL && overrides[i] != NULL; i++)
        if (strncmp(overrides[i], "study.", 6) != 0 && strncmp(overrides[i], "axes.", 5) != 0)
            CAIRN_TRY(add_override(file, overrides[i]));
    return CAIRN_OK;
}

static cairn_status check_axes(const struct cairn_study_file *file)
{
    const struct cairn_key *key = NULL;
    if (file->axes->child == NULL)
        return cairn_fail(CAIRN_USAGE,
                          "%s: axes is empty; name a key and its values, as in "
                          "batch.global: [32, 128]",
                          cairn_node_place(file->axes));
    for (const struct cairn_node *node = file->axes->child; node != NULL; node = node->next) {
        if (strcmp(node->key, "ranks") == 0) continue;
        CAIRN_TRY(cairn_known_find(node->key, cairn_node_place(node), &key));
        if (key->type == CAIRN_KEY_TREE)
            return cairn_fail(CAIRN_USAGE, "%s: %s takes no single value and cannot be an axis",
                              cairn_node_place(node), node->key);
    }
    return CAIRN_OK;
}

static cairn_status resolve_run(struct cairn_study_file *file)
{
    struct cairn_node *node = cairn_node_find(file->tree, "run");
    char *path = NULL;
    CAIRN_TRY_IN(cairn_path_resolve(node->text, file->source, &path), "%s: run",
                 cairn_node_place(node));
    free(node->text);
    node->text = path;
    file->run = path;
    return CAIRN_OK;
}

static cairn_status check_missing(const struct cairn_study_file *file)
{
    const char *missing = cairn_node_find(file->tree, "run") == NULL ? "run: RUN.yaml"
                          : cairn_node_find(file->tree, "axes") == NULL
                              ? "axes: {batch.global: [32, 128]}"
                              : NULL;
    if (missing == NULL) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "%s: a study file needs %s", file->source, missing);
}

static cairn_status read_all(struct cairn_study_file *file, const char *const *overrides)
{
    CAIRN_TRY(cairn_memory_get(CAIRN_STUDY_MOST_SET + 1, sizeof *file->override, "keys",
                               &file->override));
    if (file->tree->kind != CAIRN_NODE_MAP)
        return cairn_fail(CAIRN_USAGE, "%s: a study file is a map with run, axes and study",
                          cairn_node_place(file->tree));
    CAIRN_TRY(take_command_line(file, overrides));
    CAIRN_TRY(check_missing(file));
    CAIRN_TRY(cairn_keys_read(sections, sizeof sections / sizeof sections[0], file->tree, NULL,
                              "the study file", file));
    CAIRN_TRY(
        cairn_keys_read(keys, sizeof keys / sizeof keys[0], file->study, NULL, "study", file));
    CAIRN_TRY(check_axes(file));
    CAIRN_TRY(take_set(file, overrides));
    return resolve_run(file);
}

cairn_status cairn_study_file_read(const char *text, size_t n, const char *source,
                                   const char *const *overrides, struct cairn_study_file **out)
{
    struct cairn_study_file *file = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *file, "the study file", &file));
    cairn_status st = cairn_memory_text(source, &file->source);
    if (st == CAIRN_OK) st = cairn_yaml_read(text, n, file->source, &file->tree);
    if (st == CAIRN_OK) st = read_all(file, overrides);
    if (st != CAIRN_OK)
        cairn_study_file_free(file);
    else
        *out = file;
    return st;
}

cairn_status cairn_study_file_shares(const struct cairn_study_file *file, size_t n_ranks)
{
    if (n_ranks % file->concurrent == 0) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "%s: %zu rank%s cannot be shared equally by %zu cells at once; take %zu "
                      "ranks (mpirun -n %zu) or a multiple, or study.concurrent=1",
                      cairn_study_file_place(file, "concurrent"), n_ranks, n_ranks == 1 ? "" : "s",
                      file->concurrent, file->concurrent, file->concurrent);
}

cairn_status cairn_study_file_load(const char *path, char **text, size_t *n)
{
    CAIRN_TRY_IN(cairn_file_read_given(path, text), "the study file");
    if (*text == NULL) return cairn_fail(CAIRN_USAGE, "%s: there is no such study file", path);
    *n = strlen(*text);
    return CAIRN_OK;
}

void cairn_study_file_free(struct cairn_study_file *file)
{
    if (file == NULL) return;
    for (size_t i = 0; i < file->n_overrides; i++) free(file->override[i]);
    free(file->override);
    cairn_node_free(file->tree);
    free(file->source);
    free(file);
}

const char *cairn_study_file_place(const struct cairn_study_file *file, const char *key)
{
    const struct cairn_node *node = cairn_node_find(file->study, key);
    if (node == NULL) node = file->study;
    return node == NULL ? file->source : cairn_node_place(node);
}
