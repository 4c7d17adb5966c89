/* SPDX-License-Identifier: BSD-3-Clause
 * The fuzzer: inputs that nobody should make, given to the commands of the program in one process.
 * An input is a function of (kind, seed, index) and of the good files it begins with, so each can
 * be made again.  Started by tests/run/fuzz.sh; by hand: launch/guide/figures.md. */
#ifndef CAIRN_TESTS_FUZZ_H
#define CAIRN_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/comm.h"

enum { FUZZ_MOST_BYTES = 1 << 20, FUZZ_MOST_WORDS = 12, FUZZ_WORD_BYTES = 512 };

/** Random numbers of one input. */
struct fuzz_random {
    uint64_t state;
};
uint64_t fuzz_next(struct fuzz_random *random);
/** A number below n. */
size_t fuzz_below(struct fuzz_random *random, size_t n);
/** True once in n times. */
bool fuzz_once_in(struct fuzz_random *random, size_t n);

/** A file in memory. */
struct fuzz_file {
    size_t n;
    unsigned char *bytes; /* [FUZZ_MOST_BYTES], owned */
};

/** Change some bytes of a file; checksums of HDF5's metadata are mostly made right again, so that
 * what is behind them is reached. */
void fuzz_damage(struct fuzz_random *random, struct fuzz_file *file);

/** Change words, lines and characters of a text. */
void fuzz_rewrite(struct fuzz_random *random, struct fuzz_file *file);

/** A run file of random keys and values, or of random layers. */
void fuzz_run_file(struct fuzz_random *random, struct fuzz_file *file);
/** "key=value" of the command line. */
void fuzz_override(struct fuzz_random *random, char word[FUZZ_WORD_BYTES]);

/** An HDF5 file, made through HDF5, with the names of a dataset and what does not belong there. */
void fuzz_invent_dataset(struct fuzz_random *random, const char *path);
/** Change objects, links and attributes of an HDF5 file through HDF5. */
void fuzz_rebuild(struct fuzz_random *random, const char *path);
/** A copy as older programs write it: no checksums, texts of variable length, packed. */
bool fuzz_write_old(const char *from, const char *to);

/** One kind of input. */
struct fuzz_kind {
    const char *name;
    bool uses_mpi;
    /** Make the input in the working folder and run commands on it; how they end is checked by
     * fuzz_command(). */
    void (*run)(struct fuzz_random *random, cairn_comm *comm);
};
const struct fuzz_kind *fuzz_kind_at(size_t i); /* NULL behind the last */

/** Damaged sources of the import formats, imports.c; `file` is room. */
void fuzz_import_npy(struct fuzz_random *random, cairn_comm *comm, struct fuzz_file *file);
void fuzz_import_npz(struct fuzz_random *random, cairn_comm *comm, struct fuzz_file *file);
void fuzz_import_libsvm(struct fuzz_random *random, cairn_comm *comm, struct fuzz_file *file);
void fuzz_import_cifar(struct fuzz_random *random, cairn_comm *comm, struct fuzz_file *file);
void fuzz_import_images(struct fuzz_random *random, cairn_comm *comm, struct fuzz_file *file);
void fuzz_import_hdf5(struct fuzz_random *random, cairn_comm *comm, struct fuzz_file *file);

/** Load a good file; ends the process where there is none. */
void fuzz_load(const char *name, struct fuzz_file *file);
void fuzz_store(const char *name, const struct fuzz_file *file);

/** Run a command of the program, words ended by NULL; ends the process where it breaks a promise.
 */
void fuzz_command(cairn_comm *comm, const char *const *words);
/** End the process as a failure, with a sentence. */
void fuzz_broken(const char *what);

/** Make an input in a process of its own: HDF5 that writes odd files spoils its memory now and
 * then. False where it crashes, which is none of ours. */
bool fuzz_make(struct fuzz_random *random, const char *path,
               void (*make)(struct fuzz_random *random, const char *path));

/** Where the good files are. */
extern const char *fuzz_seeds;

#endif
