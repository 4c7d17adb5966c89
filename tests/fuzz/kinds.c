/* SPDX-License-Identifier: BSD-3-Clause
 * The kinds of inputs: how one is made, and which commands get it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint/checkpoint.h"
#include "fuzz/fuzz.h"

/* Datasets, each with a checkpoint of a model of it. */
static const char *const pairs[][2] = {
    {"data.h5", "model.h5"},        {"data_old.h5", "model_old.h5"},
    {"tokens.h5", "text_model.h5"}, {"tokens_old.h5", "text_model_old.h5"},
    {"data_old.h5", "model.h5"},    {"texts.h5", "model.h5"},
    {"enum.h5", "model.h5"},
};
enum { N_PAIRS = sizeof pairs / sizeof pairs[0] };

static struct fuzz_file file;

static const char *good(const char *name)
{
    static char paths[4][4096];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", fuzz_seeds, name);
    return path;
}

static void try_dataset(struct fuzz_random *random, cairn_comm *comm, const char *checkpoint)
{
    if (fuzz_once_in(random, 2))
        fuzz_command(comm, (const char *[]){"info", "input.h5", NULL});
    else
        fuzz_command(comm, (const char *[]){"info", "--check", "input.h5", NULL});
    if (fuzz_once_in(random, 2))
        fuzz_command(comm, (const char *[]){"eval", good(checkpoint), "--data", "input.h5", NULL});
    else
        fuzz_command(comm, (const char *[]){"train", good("run.yaml"), "--check",
                                            "data.file=input.h5", NULL});
}

static void run_dataset(struct fuzz_random *random, cairn_comm *comm)
{
    const char *const *pair = pairs[fuzz_below(random, N_PAIRS)];
    fuzz_load(pair[0], &file);
    fuzz_damage(random, &file);
    fuzz_store("input.h5", &file);
    try_dataset(random, comm, pair[1]);
}

static void run_made(struct fuzz_random *random, cairn_comm *comm)
{
    if (fuzz_make(random, "input.h5", fuzz_invent_dataset)) try_dataset(random, comm, "model.h5");
}

static void try_checkpoint(struct fuzz_random *random, cairn_comm *comm, size_t pair)
{
    const char *data = good(pairs[pair][0]);
    const char *run = strstr(pairs[pair][1], "text") != NULL ? good("text.yaml") : good("run.yaml");
    fuzz_command(comm, (const char *[]){"info", "input.h5", NULL});
    cairn_status st = cairn_checkpoint_verify("input.h5");
    if (st != CAIRN_OK && st != CAIRN_DATA && st != CAIRN_USAGE) fuzz_broken("verify");
    switch (fuzz_below(random, 5)) {
    case 0: fuzz_command(comm, (const char *[]){"eval", "input.h5", "--data", data, NULL}); break;
    case 1:
        fuzz_command(comm,
                     (const char *[]){"predict", "input.h5", "--data", data, "-o", "p.h5", NULL});
        break;
    case 2:
        fuzz_command(comm, (const char *[]){"sample", "input.h5", "--tokens", "3", NULL});
        break;
    case 3:
        fuzz_command(comm,
                     (const char *[]){"export", "input.h5", "-o", "e.py", "--overwrite", NULL});
        break;
    default:
        fuzz_command(comm, (const char *[]){"train", run, "--out", "result", "--overwrite",
                                            fuzz_once_in(random, 2) ? "--resume" : "--init",
                                            "input.h5", NULL});
    }
}

static void run_checkpoint(struct fuzz_random *random, cairn_comm *comm)
{
    size_t pair = fuzz_below(random, N_PAIRS);
    fuzz_load(pairs[pair][1], &file);
    fuzz_damage(random, &file);
    fuzz_store("input.h5", &file);
    try_checkpoint(random, comm, pair);
}

static void run_rebuilt(struct fuzz_random *random, cairn_comm *comm)
{
    size_t pair = fuzz_below(random, N_PAIRS);
    fuzz_load(pairs[pair][1], &file);
    fuzz_store("input.h5", &file);
    if (fuzz_make(random, "input.h5", fuzz_rebuild)) try_checkpoint(random, comm, pair);
}

static void run_weights(struct fuzz_random *random, cairn_comm *comm)
{
    fuzz_load("model.safetensors", &file);
    if (fuzz_once_in(random, 2))
        fuzz_damage(random, &file);
    else
        fuzz_rewrite(random, &file);
    fuzz_store("input.safetensors", &file);
    fuzz_command(comm, (const char *[]){"train", good("run.yaml"), "--out", "result", "--overwrite",
                                        "--init", "input.safetensors", NULL});
}

static void run_run_file(struct fuzz_random *random, cairn_comm *comm)
{
    static const char *const seeds[] = {"run.yaml", "text.yaml", "all.yaml"};
    if (fuzz_once_in(random, 2)) {
        fuzz_load(seeds[fuzz_below(random, 3)], &file);
        fuzz_rewrite(random, &file);
    } else {
        fuzz_run_file(random, &file);
    }
    fuzz_store("input.yaml", &file);
    fuzz_command(comm, (const char *[]){"train", "input.yaml", "--check", NULL});
}

static void run_keys(struct fuzz_random *random, cairn_comm *comm)
{
    char word[3][FUZZ_WORD_BYTES];
    const char *words[8] = {"train", good(fuzz_once_in(random, 4) ? "all.yaml" : "run.yaml"),
                            "--check"};
    size_t n = 1 + fuzz_below(random, 3);
    for (size_t i = 0; i < n; i++) {
        fuzz_override(random, word[i]);
        words[3 + i] = word[i];
    }
    fuzz_command(comm, words);
}

static void run_csv(struct fuzz_random *random, cairn_comm *comm)
{
    static const char *const seeds[] = {"table.csv", "classes.csv", "table.csv.gz", "spaces.txt"};
    size_t seed = fuzz_below(random, 4);
    fuzz_load(seeds[seed], &file);
    if (seed == 2 || fuzz_once_in(random, 4))
        fuzz_damage(random, &file);
    else
        fuzz_rewrite(random, &file);
    fuzz_store("input.csv", &file);
    static const char *const flags[] = {"--classes", "--standardize", "--no-target",
                                        "--categories=auto"};
    static const char *const missing[] = {"--missing=error", "--missing=drop", "--missing=mean"};
    fuzz_command(comm, (const char *[]){"import", "csv", "input.csv", "-o", "o.h5", "--overwrite",
                                        flags[fuzz_below(random, 4)],
                                        missing[fuzz_below(random, 3)], NULL});
}

static void run_idx(struct fuzz_random *random, cairn_comm *comm)
{
    static const char *const seeds[] = {"images.idx", "labels.idx", "images.idx.gz"};
    size_t seed = fuzz_below(random, 3);
    fuzz_load(seeds[seed], &file);
    fuzz_damage(random, &file);
    if (fuzz_once_in(random, 2) && file.n > 16) /* its head */
        for (size_t i = fuzz_below(random, 3); i > 0; i--)
            file.bytes[fuzz_below(random, 16)] = (unsigned char)fuzz_next(random);
    fuzz_store("input.idx", &file);
    const char *images = seed == 1 ? good("images.idx") : "input.idx";
    const char *labels = seed == 1 ? "input.idx" : good("labels.idx");
    fuzz_command(comm, (const char *[]){"import", "idx", "--train", images, labels, "-o", "o.h5",
                                        "--overwrite", NULL});
}

static void run_text(struct fuzz_random *random, cairn_comm *comm)
{
    fuzz_load("words.txt", &file);
    if (fuzz_once_in(random, 2))
        fuzz_damage(random, &file);
    else
        fuzz_rewrite(random, &file);
    fuzz_store("input.txt", &file);
    fuzz_command(comm,
                 (const char *[]){"import", "text", "input.txt", "-o", "o.h5", "--overwrite",
                                  fuzz_once_in(random, 2) ? "--characters" : "--bytes", NULL});
    fuzz_load("digits.csv", &file);
    fuzz_rewrite(random, &file);
    fuzz_store("input.txt", &file);
    fuzz_command(
        comm, (const char *[]){"import", "digits", "input.txt", "-o", "o.h5", "--overwrite", NULL});
}

#define IMPORT(name)                                                                               \
    static void run_##name(struct fuzz_random *random, cairn_comm *comm)                           \
    {                                                                                              \
        fuzz_import_##name(random, comm, &file);                                                   \
    }
IMPORT(npy)
IMPORT(npz)
IMPORT(libsvm)
IMPORT(cifar)
IMPORT(images)
IMPORT(hdf5)
#undef IMPORT

const struct fuzz_kind *fuzz_kind_at(size_t i)
{
    static const struct fuzz_kind kinds[] = {
        {"dataset", true, run_dataset},
        {"made", true, run_made},
        {"checkpoint", true, run_checkpoint},
        {"rebuilt", true, run_rebuilt},
        {"weights", true, run_weights},
        {"runfile", true, run_run_file},
        {"keys", true, run_keys},
        {"csv", false, run_csv},
        {"idx", false, run_idx},
        {"text", false, run_text},
        {"npy", false, run_npy},
        {"npz", false, run_npz},
        {"libsvm", false, run_libsvm},
        {"cifar", false, run_cifar},
        {"images", false, run_images},
        {"hdf5", false, run_hdf5},
    };
    if (file.bytes == NULL) file.bytes = malloc(FUZZ_MOST_BYTES);
    return i < sizeof kinds / sizeof kinds[0] ? &kinds[i] : NULL;
}
