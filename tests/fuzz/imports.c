/* SPDX-License-Identifier: BSD-3-Clause
 * Damaged files of the formats that cairn import takes besides tables, texts and IDX.  What was
 * imported is a dataset that opens. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/dataset.h"
#include "fuzz/fuzz.h"

enum { MOST_FLAGS = 4 };

static const char output[] = "o.h5";

/* Run "import FORMAT SOURCE", with some of the flags [n]. */
static void import(struct fuzz_random *random, cairn_comm *comm, const char *const source[2],
                   const char *const *flags, size_t n)
{
    const char *words[8 + MOST_FLAGS] = {"import", source[0], source[1], "-o", output};
    size_t used = 5;
    struct cairn_dataset *dataset = NULL;
    const struct cairn_dataset_options options = {.file = output, .labels_optional = true};
    for (size_t i = fuzz_below(random, 3); i > 0 && n > 0; i--)
        words[used++] = flags[fuzz_below(random, n)];
    unlink(output);
    fuzz_command(comm, words);
    if (access(output, F_OK) == 0 && cairn_dataset_open_as(&options, &dataset) != CAIRN_OK)
        fuzz_broken("what was imported is no dataset");
    cairn_dataset_close(dataset);
}

static void load_damaged(struct fuzz_random *random, const char *seed, const char *name,
                         struct fuzz_file *file)
{
    fuzz_load(seed, file);
    fuzz_damage(random, file);
    fuzz_store(name, file);
}

/* Now and then what stands before the numbers, too. */
static void change_head(struct fuzz_random *random, struct fuzz_file *file)
{
    const size_t most = file->n < 128 ? file->n : 128;
    for (size_t i = fuzz_below(random, 4); i > 0; i--) {
        unsigned char *at = &file->bytes[fuzz_below(random, most)];
        *at = fuzz_once_in(random, 2) ? (unsigned char)('0' + fuzz_below(random, 10))
                                      : (unsigned char)fuzz_next(random);
    }
}

void fuzz_import_npy(struct fuzz_random *random, cairn_comm *comm, struct fuzz_file *file)
{
    static const char *const flags[] = {"--no-target",         "--y=x",        "--val=2",
                                        "--test-every=2",      "--layout=hwc", "--layout=hw",
                                        "--compress=deflate:1"};
    fuzz_load(fuzz_once_in(random, 2) ? "x.npy" : "x.npy.gz", file);
    if (fuzz_once_in(random, 3))
        fuzz_damage(random, file);
    else
        change_head(random, file);
    fuzz_store("input.npy", file);
    rename("input.npy", "x.npy");
    import(random, comm, (const char *[]){"npy", "x.npy"}, flags, fuzz_once_in(random, 2) ? 1 : 7);
    rename("x.npy", "input.npy");
}

void fuzz_import_npz(struct fuzz_random *random, cairn_comm *comm, struct fuzz_file *file)
{
    static const char *const seeds[] = {"all.npz", "turned.npz"};
    static const char *const flags[] = {"--no-target", "--val=2", "--test-fraction=0.5",
                                        "--compress=deflate:1"};
    load_damaged(random, seeds[fuzz_below(random, 2)], "input.npz", file);
    import(random, comm, (const char *[]){"npz", "input.npz"}, flags, 4);
}

void fuzz_import_libsvm(struct fuzz_random *random, cairn_comm *comm, struct fuzz_file *file)
{
    static const char *const flags[] = {"--regression", "--zero-based", "--features=9",
                                        "--test-every=2"};
    fuzz_load("rows.svm", file);
    if (fuzz_once_in(random, 4))
        fuzz_damage(random, file);
    else
        fuzz_rewrite(random, file);
    fuzz_store("input.svm", file);
    import(random, comm, (const char *[]){"libsvm", "input.svm"}, flags, 4);
}

void fuzz_import_cifar(struct fuzz_random *random, cairn_comm *comm, struct fuzz_file *file)
{
    static const char *const flags[] = {"--coarse", "--val=2", "--compress=deflate:1"};
    mkdir("cifar", 0777);
    load_damaged(random, "cifar/data_batch_1.bin", "cifar/data_batch_1.bin", file);
    fuzz_store("input.bin", file);
    fuzz_load("names.txt", file);
    fuzz_rewrite(random, file);
    fuzz_store("cifar/batches.meta.txt", file);
    if (fuzz_once_in(random, 2)) unlink("cifar/batches.meta.txt");
    import(random, comm, (const char *[]){"cifar10", "cifar"}, flags, 3);
}

void fuzz_import_images(struct fuzz_random *random, cairn_comm *comm, struct fuzz_file *file)
{
    static const char *const seeds[] = {"tree/a/0.png", "tree/b/1.jpg", "tree/c/2.png",
                                        "tree/b/4.png", "tree/a/3.jpg", "tree/c/5.jpg"};
    static const char *const flags[] = {"--size=5x7", "--colour=rgb", "--colour=grey",
                                        "--test-every=2"};
    mkdir("tree", 0777);
    mkdir("tree/a", 0777);
    load_damaged(random, seeds[fuzz_below(random, 6)], "tree/a/1.png", file);
    fuzz_store("input.png", file);
    fuzz_load("tree/b/4.png", file);
    fuzz_store("tree/a/2.png", file);
    import(random, comm, (const char *[]){"images", "tree"}, flags, 4);
}

void fuzz_import_hdf5(struct fuzz_random *random, cairn_comm *comm, struct fuzz_file *file)
{
    static const char *const seeds[] = {"data.h5",       "data_old.h5", "tokens.h5",
                                        "tokens_old.h5", "texts.h5",    "enum.h5"};
    static const char *const flags[] = {"--no-target", "--y=x", "--test-every=3",
                                        "--compress=deflate:1"};
    load_damaged(random, seeds[fuzz_below(random, 6)], "input.h5", file);
    import(random, comm, (const char *[]){"hdf5", "input.h5"}, flags, 4);
}
