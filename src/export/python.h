/* SPDX-License-Identifier: BSD-3-Clause
 * The layers of a model as Python.  Not for other folders.  Local. */
#ifndef CAIRN_EXPORT_PYTHON_H
#define CAIRN_EXPORT_PYTHON_H

#include <stdio.h>

#include "export/export.h"

/** A text of Python that is being written. */
struct cairn_python {
    FILE *out;
    const struct cairn_export_source *source;
    int depth; /* of what is open: four blanks for each */
};

/** Begin a line; open a bracket whose contents stand on lines of their own; close it.
 * Ranks: local.  Errors: none; those of `out`. */
void cairn_python_line(struct cairn_python *python);
void cairn_python_open(struct cairn_python *python, const char *text);
void cairn_python_close(struct cairn_python *python, const char *text);

/** One layer.  Ranks: local.  Errors: CAIRN_DATA: of a kind that has no row. */
CAIRN_CHECKED cairn_status cairn_python_layer(struct cairn_python *python,
                                              const struct cairn_layer *layer);

/** Layers one after the other; the first n_prefix characters of their names are those of what they
 * stand in.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_python_chain(struct cairn_python *python,
                                              const struct cairn_chain *chain, size_t n_prefix);

/** The n layers that a transformer_block became.  Ranks: local.  Errors: CAIRN_DATA: they are
 * others. */
CAIRN_CHECKED cairn_status cairn_python_block(struct cairn_python *python,
                                              const struct cairn_layer *layer, size_t n);

/** ", causal=True, rotary=True", as far as attention is.  Ranks: local.  Errors: none. */
void cairn_python_heads(struct cairn_python *python, const struct cairn_layer *attention);

/** Say that a layer cannot be written.  Ranks: local.  Errors: CAIRN_DATA, always. */
CAIRN_CHECKED cairn_status cairn_python_refuse(const struct cairn_layer *layer);

#endif
