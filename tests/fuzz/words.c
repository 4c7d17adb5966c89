/* SPDX-License-Identifier: BSD-3-Clause
 * Run files, command lines and other texts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "fuzz/fuzz.h"
#include "nn/layer.h"

static const char *const values[] = {
    "0",
    "1",
    "-1",
    "2",
    "3",
    "8",
    "64",
    "1000",
    "65536",
    "1000000",
    "2147483647",
    "2147483648",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "18446744073709551616",
    "1e15",
    "1e16",
    "1e308",
    "1e309",
    "-1e308",
    "1e-320",
    "0.5",
    "-0.0",
    "nan",
    "inf",
    "-inf",
    ".inf",
    ".nan",
    "0x10",
    "1_000",
    "010",
    "+3",
    "1e",
    "1e-3",
    "true",
    "false",
    "yes",
    "null",
    "~",
    "none",
    "auto",
    "epoch",
    "exact",
    "drop",
    "carry",
    "mean",
    "sum",
    "adam",
    "lamb",
    "cosine",
    "step",
    "wsd",
    "milestones",
    "polynomial",
    "[]",
    "{}",
    "[1, 2]",
    "[[0, 4], [8, 16]]",
    "[[0, 1000000000000000]]",
    "{a: b}",
    "[[[[[[[[[[1]]]]]]]]]]",
    "''",
    "\"\\e[31m\\u202e\"",
    "\"\\0\"",
    "!!int 3",
    "&a 1",
    "*a",
    "${HOME}",
    "${NOT_SET}",
    "${",
    "${}",
    "%s%n%99999999s",
    "$(touch ran)",
    "../../../../etc/passwd",
    "/dev/zero",
    "/",
    ".",
    "data.h5",
    "cross_entropy",
    "{type: cross_entropy, ignore_index: -5}",
    "{type: cross_entropy, label_smoothing: 0.999}",
    "{type: binary_cross_entropy, pos_weight: [1, 2]}",
    "squared_error",
    "{type: huber, delta: 1e-12}",
    "{type: poisson, log_input: false, eps: 0}",
    "30s",
    "1h",
    "100d",
    "99999999999999d",
    "slurm",
    "|",
    ">",
    "? :",
    "- -",
    "a b",
    "\xff\xfe",
    "\xc2\x9b",
    "\xed\xa0\x80",
    "\xf0\x9f\x98\x80",
    "*.bias",
    "[*.weight, '?']",
};
enum { N_VALUES = sizeof values / sizeof values[0] };

static const char *a_value(struct fuzz_random *random)
{
    return values[fuzz_below(random, N_VALUES)];
}

/* Many threads under a limit of memory: OpenBLAS then waits for memory for ever. */
static bool is_left_out(const char *key)
{
    return strcmp(key, "train.threads") == 0;
}

/* A walk over the keys of the run file that has come to any of them. */
static struct cairn_config_walk any_key(struct fuzz_random *random)
{
    struct cairn_config_walk walk = {0};
    size_t n = 0;
    while (cairn_config_next(&walk)) n++;
    walk = (struct cairn_config_walk){0};
    for (size_t i = fuzz_below(random, n) + 1; i > 0; i--) cairn_config_next(&walk);
    return walk;
}

static const char *a_key(struct fuzz_random *random)
{
    static const char *const more[] = {"model.0",
                                       "model.0.units",
                                       "model.1.type",
                                       "model.0.name",
                                       "model.9",
                                       "model.0.body.0",
                                       "optim",
                                       "optim.groups.0.match",
                                       "batch.ramp.0",
                                       "data",
                                       "loss.type",
                                       "",
                                       ".",
                                       "batch.",
                                       "batch..micro",
                                       "model.-1",
                                       "model.18446744073709551616",
                                       "optim.groups"};
    if (fuzz_once_in(random, 5)) return more[fuzz_below(random, sizeof more / sizeof more[0])];
    const char *name = any_key(random).key->name;
    return is_left_out(name) ? "train" : name;
}

/* Put `text` behind what is there. */
static void append(struct fuzz_file *file, const char *text)
{
    size_t n = strlen(text);
    if (file->n + n >= FUZZ_MOST_BYTES) return;
    memcpy(file->bytes + file->n, text, n);
    file->n += n;
}

/* Words that a layer may have, in any of them. */
static void append_layer(struct fuzz_random *random, struct fuzz_file *file, int depth)
{
    static const char *const keys[] = {"units",   "channels",  "kernel", "stride",   "padding",
                                       "groups",  "p",         "eps",    "momentum", "heads",
                                       "causal",  "expansion", "name",   "bias",     "init",
                                       "project", "tie",       "type",   "dilation"};
    size_t n_kinds = 0;
    while (cairn_layer_kind_at(n_kinds) != NULL) n_kinds++;
    const struct cairn_layer_kind *kind = cairn_layer_kind_at(fuzz_below(random, n_kinds));
    if (fuzz_once_in(random, 3)) {
        append(file, kind->example);
        return;
    }
    append(file, "{type: ");
    append(file, kind->name);
    for (size_t i = fuzz_below(random, 4); i > 0; i--) {
        append(file, ", ");
        append(file, keys[fuzz_below(random, sizeof keys / sizeof keys[0])]);
        append(file, ": ");
        append(file, a_value(random));
    }
    if (depth < 40 && (strcmp(kind->name, "residual") == 0 || fuzz_once_in(random, 40))) {
        append(file, ", body: [");
        for (size_t i = fuzz_below(random, 3); i > 0; i--) {
            append_layer(random, file, depth + 1);
            if (i > 1) append(file, ", ");
        }
        append(file, "]");
    }
    append(file, "}");
}

static void append_model(struct fuzz_random *random, struct fuzz_file *file)
{
    size_t n = fuzz_once_in(random, 500) ? 3000 : fuzz_below(random, 6);
    append(file, "model:\n");
    for (size_t i = 0; i < n; i++) {
        append(file, "  - ");
        append_layer(random, file, 0);
        append(file, "\n");
    }
    append(file, "  - {type: dense, units: 3}\n");
}

/* "batch: {global: 6, micro: 2}": some keys of one section. */
static void append_section(struct fuzz_random *random, struct fuzz_file *file)
{
    char name[64];
    struct cairn_config_walk walk = any_key(random);
    size_t n_section = strcspn(walk.key->name, ".");
    snprintf(name, sizeof name, "%.*s: ", (int)n_section, walk.key->name);
    append(file, name);
    if (walk.key->name[n_section] == '\0') {
        append(file, a_value(random));
    } else {
        append(file, "{");
        do {
            const struct cairn_key *key = walk.key;
            if (!fuzz_once_in(random, 3) || is_left_out(key->name)) continue;
            append(file, strchr(key->name, '.') + 1);
            append(file, ": ");
            append(file, fuzz_once_in(random, 3) ? a_value(random)
                         : key->fallback         ? key->fallback
                                                 : "1");
            append(file, ", ");
        } while (cairn_config_next(&walk) && strncmp(walk.key->name, name, n_section) == 0);
        append(file, "}");
    }
    append(file, "\n");
}

void fuzz_run_file(struct fuzz_random *random, struct fuzz_file *file)
{
    file->n = 0;
    append(file, "data: {file: data.h5}\n");
    append_model(random, file);
    if (!fuzz_once_in(random, 3)) append(file, "batch: {global: 6, micro: 2}\n");
    for (size_t i = fuzz_below(random, 4); i > 0; i--) append_section(random, file);
    if (fuzz_once_in(random, 4)) fuzz_rewrite(random, file);
}

void fuzz_override(struct fuzz_random *random, char word[FUZZ_WORD_BYTES])
{
    static struct fuzz_file layer;
    if (layer.bytes == NULL) layer.bytes = malloc(FUZZ_MOST_BYTES);
    if (layer.bytes == NULL) fuzz_broken("no memory for the fuzzer");
    snprintf(word, FUZZ_WORD_BYTES, "%s%s%s", a_key(random), fuzz_once_in(random, 50) ? "" : "=",
             a_value(random));
    if (!fuzz_once_in(random, 4)) return;
    layer.n = 0;
    append_layer(random, &layer, 30);
    snprintf(word, FUZZ_WORD_BYTES, "model=[%.*s, {type: dense, units: 3}]",
             (int)(layer.n < 400 ? layer.n : 400), (const char *)layer.bytes);
}

/* ---- any text */

/* Put n bytes in the place of n_old at `at`. */
static void splice(struct fuzz_file *file, size_t at, size_t n_old, const char *bytes, size_t n)
{
    if (at > file->n) return;
    if (n_old > file->n - at) n_old = file->n - at;
    if (file->n - n_old + n >= FUZZ_MOST_BYTES) return;
    memmove(file->bytes + at + n, file->bytes + at + n_old, file->n - at - n_old);
    memcpy(file->bytes + at, bytes, n);
    file->n += n - n_old;
}

static void repeat(struct fuzz_random *random, struct fuzz_file *file, size_t at)
{
    static const char *const pieces[] = {"[", "{",  "- ", "a: ", "{a: ", "x",  "\n",
                                         ",", "\"", "\t", "0",   "é",    "? ", "&a "};
    const char *piece = pieces[fuzz_below(random, sizeof pieces / sizeof pieces[0])];
    for (size_t n = fuzz_below(random, fuzz_once_in(random, 20) ? 20000 : 40); n > 0; n--)
        splice(file, at, 0, piece, strlen(piece));
}

/* The word around a place. */
static void word_around(const struct fuzz_file *file, size_t at, size_t *first, size_t *n)
{
    static const char ends[] = " ,:{}[]\n\t;\"";
    size_t end = at;
    while (at > 0 && strchr(ends, file->bytes[at - 1]) == NULL) at--;
    while (end < file->n && strchr(ends, file->bytes[end]) == NULL) end++;
    *first = at;
    *n = end - at;
}

static void rewrite_once(struct fuzz_random *random, struct fuzz_file *file)
{
    static const char odd[] = ",;:\"'{}[]\n\r\t #&*!|>%@`\\\0-+.eE0123456789\x80\xff\x1b";
    char character = odd[fuzz_below(random, sizeof odd - 1)];
    size_t at = fuzz_below(random, file->n + 1);
    size_t first = 0;
    size_t n = 0;
    word_around(file, at < file->n ? at : 0, &first, &n);
    const char *value = a_value(random);
    switch (fuzz_below(random, 8)) {
    case 0: splice(file, at, 1, "", 0); break;
    case 1: splice(file, at, 0, &character, 1); break;
    case 2: splice(file, at, 1, &character, 1); break;
    case 3: splice(file, at, fuzz_below(random, 40), "", 0); break;
    case 4: repeat(random, file, at); break;
    default: splice(file, first, n, value, strlen(value));
    }
}

void fuzz_rewrite(struct fuzz_random *random, struct fuzz_file *file)
{
    for (size_t i = 1 + fuzz_below(random, 4); i > 0; i--) rewrite_once(random, file);
    if (fuzz_once_in(random, 100)) splice(file, 0, 0, "\xef\xbb\xbf", 3);
    if (fuzz_once_in(random, 100)) splice(file, 0, 0, "\xff\xfe", 2);
}
