/* SPDX-License-Identifier: BSD-3-Clause
 * What layers, losses, metrics, optimizers and schedules are called in PyTorch and Keras. */
#include "cli/names.h"

#include <string.h>
#include <strings.h>

const struct cairn_named *cairn_named_at(size_t index)
{
    static const struct cairn_named rows[] = {
#define X(kind, ours, pytorch, keras, note) {CAIRN_NAMED_##kind, ours, pytorch, keras, note},
#include "cli/names.def"
#undef X
    };
    return index < sizeof rows / sizeof rows[0] ? &rows[index] : NULL;
}

/* Whether a list, "Conv1d, Conv3d", has the word. */
static bool has(const char *list, const char *word)
{
    const size_t n = strlen(word);
    while (*list != '\0') {
        const size_t length = strcspn(list, ",");
        if (length == n && strncasecmp(list, word, n) == 0) return true;
        list += length + strspn(list + length, ", ");
    }
    return false;
}

bool cairn_named_is(const struct cairn_named *row, const char *word)
{
    const char *dot = strrchr(word, '.');
    if (dot != NULL) word = dot + 1;
    return has(row->pytorch, word) || has(row->keras, word);
}
