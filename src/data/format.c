/* SPDX-License-Identifier: BSD-3-Clause
 * The registry of import formats. */
#include "data/format.h"

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
    const struct cairn_format *const *formats = cairn_formats();
    const char *names[MOST];
    size_t n = 0;
    size_t found = 0;
    for (; n < MOST && formats[n] != NULL; n++) names[n] = formats[n]->name;
    CAIRN_TRY(cairn_name_find("import format", name, names, n, &found));
    *out = formats[found];
    return CAIRN_OK;
}
