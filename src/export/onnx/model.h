/* SPDX-License-Identifier: BSD-3-Clause
 * A trained model as a model of ONNX.  Local. */
#ifndef CAIRN_EXPORT_ONNX_MODEL_H
#define CAIRN_EXPORT_ONNX_MODEL_H

#include "export/export.h"

/** Write it into a file that is begun.  Ranks: local.  Errors: CAIRN_USAGE: a layer that nothing in
 * ONNX stands for, or more than the 2 GB of a message; CAIRN_MEMORY; CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_onnx_write(const struct cairn_export_source *source,
                                            struct cairn_new_file *file);

#endif
