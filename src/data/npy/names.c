/* SPDX-License-Identifier: BSD-3-Clause
 * What an array is, by its name: as Keras, scikit-learn and the collections of images have it. */
#include "data/npy/names.h"

#include <string.h>
#include <strings.h>

static const char *const usual[][12] = {
    [CAIRN_ROLE_X] = {"x", "images", "image", "imgs", "data", "features", "inputs", "input",
                      "samples"},
    [CAIRN_ROLE_Y] = {"y", "labels", "label", "targets", "target", "classes", "outputs", "output"},
    [CAIRN_ROLE_WEIGHT] = {"weight", "weights", "sample_weight", "sample_weights", "w"},
};

static const struct {
    const char *word;
    enum cairn_split split;
} groups[] = {
    {"training", CAIRN_SPLIT_TRAIN}, {"train", CAIRN_SPLIT_TRAIN}, {"validation", CAIRN_SPLIT_VAL},
    {"valid", CAIRN_SPLIT_VAL},      {"val", CAIRN_SPLIT_VAL},     {"dev", CAIRN_SPLIT_VAL},
    {"testing", CAIRN_SPLIT_TEST},   {"test", CAIRN_SPLIT_TEST},
};

const char *cairn_role_name(enum cairn_role role)
{
    static const char *const names[] = {"x", "y", "weight"};
    return names[role];
}

/* Part of a name. */
struct part {
    const char *at;
    size_t n;
};

static bool is_called(struct part part, enum cairn_role role, const char *given)
{
    if (given != NULL) return strlen(given) == part.n && memcmp(given, part.at, part.n) == 0;
    for (const char *const *name = usual[role]; *name != NULL; name++)
        if (strlen(*name) == part.n && strncasecmp(*name, part.at, part.n) == 0) return true;
    return false;
}

static bool is_separator(char c)
{
    return c != '\0' && strchr("_-. ", c) != NULL;
}

/* What is left without the group's word at the end, or at the beginning; false: it is not there. */
static bool cut_end(struct part name, const char *word, struct part *out)
{
    const size_t n = strlen(word);
    if (name.n <= n || strncasecmp(name.at + name.n - n, word, n) != 0) return false;
    *out = (struct part){name.at, name.n - n};
    if (out->n > 1 && is_separator(out->at[out->n - 1])) out->n--;
    return true;
}

static bool cut_begin(struct part name, const char *word, struct part *out)
{
    const size_t n = strlen(word);
    if (name.n <= n || strncasecmp(name.at, word, n) != 0) return false;
    *out = (struct part){name.at + n, name.n - n};
    if (out->n > 1 && is_separator(*out->at)) *out = (struct part){out->at + 1, out->n - 1};
    return true;
}

bool cairn_role_of(const char *name, enum cairn_role role, const char *given,
                   enum cairn_split *split)
{
    const struct part whole = {name, strlen(name)};
    struct part rest;
    *split = CAIRN_SPLIT_TRAIN;
    if (is_called(whole, role, given)) return true;
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        *split = groups[i].split;
        if (cut_end(whole, groups[i].word, &rest) && is_called(rest, role, given)) return true;
        if (cut_begin(whole, groups[i].word, &rest) && is_called(rest, role, given)) return true;
    }
    return false;
}
