/* SPDX-License-Identifier: BSD-3-Clause
 * A trained model for other programs: what there is to write, and the formats that write it.
 * Local. */
#ifndef CAIRN_EXPORT_EXPORT_H
#define CAIRN_EXPORT_EXPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/file.h"
#include "cairn/status.h"
#include "nn/chain.h"
#include "tensor/real.h"
#include "tensor/shape.h"

/** One weight or buffer.  What layers share is there once, under the name of the first. */
struct cairn_export_array {
    char *name; /* as in PyTorch's state_dict: "3.body.0.weight" */
    struct cairn_shape shape;
    real *data;
    bool is_buffer; /* a running average of normalisation */
};

/** What there is to write.  The layers and what follows them are there for the formats that ask for
 * layers. */
struct cairn_export_source {
    const char *checkpoint;           /* its path */
    const char *config;               /* the resolved run file */
    struct cairn_export_array *array; /* [n_arrays], weights before buffers */
    size_t n_arrays;
    const struct cairn_chain *layers; /* planned; lists inside them: kind->inner */
    struct cairn_shape input;         /* of one sample */
    size_t vocabulary;                /* x are tokens below this; 0: x are numbers */
    const double *mean, *std; /* [input.dim[0]] data.mean and data.std, by which x is normalized
                                 before the model sees it; NULL: it is not */
    bool average;             /* the weights are the moving average of train.ema */
};

/** A format. */
struct cairn_export_kind {
    const char *name;
    const char *ending; /* of files: ".npz" */
    const char *doc;    /* what is written */
    bool wants_layers;
    /** Write all of the source into a file that is begun, and leave that to be finished.
     * Errors: CAIRN_DATA: a layer that the format has nothing for; CAIRN_FILES; CAIRN_MEMORY. */
    cairn_status (*write)(const struct cairn_export_source *source, struct cairn_new_file *file);
};

#define X(name) extern const struct cairn_export_kind cairn_export_##name;
#include "export/exports.def"
#undef X

/** The formats, NULL after the last.  Ranks: local.  Errors: none. */
const struct cairn_export_kind *const *cairn_exports(void);

/** The format of a file by the ending of its name.  Ranks: local.  Errors: CAIRN_USAGE: names the
 * endings that there are. */
CAIRN_CHECKED cairn_status cairn_export_find(const char *path,
                                             const struct cairn_export_kind **out);

/** Write a file, in place of an older one.  Ranks: local.  Errors: those of kind->write;
 * CAIRN_FILES; then the older file is as it was. */
CAIRN_CHECKED cairn_status cairn_export_write(const struct cairn_export_kind *kind,
                                              const struct cairn_export_source *source,
                                              const char *path);

/** The layers as Python for PyTorch: a text, to be released with free().  Ranks: local.
 * Errors: CAIRN_DATA: a layer that it has nothing for; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_export_python(const struct cairn_export_source *source,
                                               char **out);

/** The array <layer>.<param> of a planned layer, NULL where it has none: the weights of a tied
 * layer are another's.  Ranks: local; borrowed.  Errors: none. */
const struct cairn_export_array *cairn_export_tensor(const struct cairn_export_source *source,
                                                     const struct cairn_layer *layer,
                                                     const char *param);

/** A layer's key, NULL where the kind has no such key.  Ranks: local.  Errors: none. */
const struct cairn_key *cairn_export_find_key(const struct cairn_layer *layer, const char *name);

/** The value of a layer's key as a run file has it, which is not of the type TREE, in `buffer`
 * [CAIRN_KEY_TEXT_BYTES] or where it is; "" where the kind has no such key.  Ranks: local.
 * Errors: none. */
const char *cairn_export_key(const struct cairn_layer *layer, const char *key, char *buffer);

/** The numbers of such a key of the type TREE, one for all dimensions or one for each: into
 * out [n], `fallback` where it is not given.  False where it is a word, as padding: same.
 * Ranks: local.  Errors: none. */
bool cairn_export_sizes(const struct cairn_layer *layer, const char *key, size_t fallback, size_t n,
                        size_t *out);

#endif
