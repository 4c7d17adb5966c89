/* SPDX-License-Identifier: BSD-3-Clause
 * The registry of import formats. */
#include "data/format.h"

#include <string.h>

#include "base/keys.h"

#define X(name) extern const struct cairn_format cairn_format_##name;
#include "data/format/formats.def"
#undef X

const struct cairn_format *const *cairn_formats(void)
{
    static const struct cairn_format *const formats[] = {
#define X(name) &cairn_format_##name,
#include "data/format/formats.def"
#undef X
        NULL};
    return formats;
}

cairn_status cairn_format_find(const char *name, const struct cairn_format **out)
{
    enum { MOST = 32 };
    const char *names[MOST];
    size_t n = 0;
    for (const struct cairn_format *const *format = cairn_formats(); *format != NULL && n < MOST;
         format++) {
        if (strcmp((*format)->name, name) == 0) {
            *out = *format;
            return CAIRN_OK;
        }
        names[n++] = (*format)->name;
    }
    const char *nearest = cairn_keys_nearest(name, names, n);
    return cairn_fail(CAIRN_USAGE, "cairn import knows no format '%s'; %s%s", name,
                      nearest == NULL ? "see cairn import -h" : "did you mean ",
                      nearest == NULL ? "" : nearest);
}
