/* SPDX-License-Identifier: BSD-3-Clause
 * pytorch: the model as a module of Python. */
#include "export/export.h"

static cairn_status write(const struct cairn_export_source *source, struct cairn_new_file *file)
{
    (void)source, (void)file;
    return cairn_fail(CAIRN_BUG, "not here yet");
}

const struct cairn_export_kind cairn_export_pytorch = {
    .name = "pytorch",
    .ending = ".py",
    .doc = "the model as Python for PyTorch, without the weights",
    .wants_layers = true,
    .write = write,
};
