/* SPDX-License-Identifier: BSD-3-Clause
 * UTF-8. */
#include "base/utf8.h"

#include <string.h>

/* How many bytes a first byte announces; 0 for one that cannot be first. */
static size_t announced(unsigned char first)
{
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first < 0xe0) return 2;
    if (first >= 0xe0 && first < 0xf0) return 3;
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

size_t cairn_utf8_read(const char *text, size_t n, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (n == 0) return 0;
    uint32_t value = (unsigned char)text[0];
    size_t length = announced((unsigned char)text[0]);
    if (length == 0 || length > n) return 0;
    if (length > 1) value &= 0x7fu >> length;
    for (size_t i = 1; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if ((byte & 0xc0) != 0x80) return 0;
        value = value << 6 | (byte & 0x3fu);
    }
    if (value < least[length] || value >= CAIRN_UTF8_CODES) return 0;
    if (value >= 0xd800 && value < 0xe000) return 0;
    *code = value;
    return length;
}

size_t cairn_utf8_write(uint32_t code, char out[CAIRN_UTF8_BYTES])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, code >>= 6) out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(0xf00u >> length | code);
    return length;
}

bool cairn_utf8_is_plain(uint32_t code)
{
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return false;
    if (code == 0x200e || code == 0x200f || code == 0x2028 || code == 0x2029) return false;
    return !(code >= 0x202a && code <= 0x202e) && !(code >= 0x2066 && code <= 0x2069);
}

/* The bytes of the first of n bytes' characters, and what to show for it. */
static size_t shown(const char *text, size_t n, const char **as, size_t *n_as)
{
    uint32_t code = 0;
    size_t length = cairn_utf8_read(text, n, &code);
    bool is_space = length == 1 && (code == '\t' || code == '\n' || code == '\r');
    bool is_plain = length > 0 && cairn_utf8_is_plain(code);
    *as = is_plain ? text : is_space ? " " : "?";
    *n_as = is_plain ? length : 1;
    return length == 0 ? 1 : length;
}

char *cairn_utf8_clean(char *text)
{
    char *to = text;
    const char *as = NULL;
    size_t n_as = 0;
    const char *from = text;
    for (size_t left = strlen(text), n = 0; left > 0; left -= n, from += n) {
        n = shown(from, left, &as, &n_as);
        memmove(to, as, n_as);
        to += n_as;
    }
    *to = '\0';
    return text;
}

void cairn_utf8_show(FILE *out, const char *text, size_t n)
{
    const char *as = NULL;
    size_t n_as = 0;
    for (size_t taken = 0; n > 0; n -= taken, text += taken) {
        taken = shown(text, n, &as, &n_as);
        fwrite(as, 1, n_as, out);
    }
}
