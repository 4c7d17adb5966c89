/* SPDX-License-Identifier: BSD-3-Clause
 * onnx: the model itself, layers and weights, for the programs that run ONNX. */
#include "base/build_config.h"
#include "export/export.h"
#ifdef CAIRN_HAVE_ONNX
#include "export/onnx/model.h"
#endif

static cairn_status write(const struct cairn_export_source *source, struct cairn_new_file *file)
{
#ifdef CAIRN_HAVE_ONNX
    return cairn_onnx_write(source, file);
#else
    (void)source, (void)file;
    return cairn_fail(CAIRN_USAGE,
                      "this Cairn was built without protobuf-c, which ONNX needs: install "
                      "libprotobuf-c-dev and protobuf-c-compiler, and build again");
#endif
}

const struct cairn_export_kind cairn_export_onnx = {
    .name = "onnx",
    .ending = ".onnx",
    .doc = "the model, for programs that run ONNX",
    .wants_layers = true,
    .write = write,
};
