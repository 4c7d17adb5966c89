/* SPDX-License-Identifier: BSD-3-Clause
 * Amounts of memory: text to bytes and back. */
#include "base/bytes.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char letters[] = "KMGT";

bool cairn_amount_read(const char *text, double *n_bytes)
{
    char *end = NULL;
    if (!isdigit((unsigned char)*text) || strpbrk(text, "xX") != NULL) return false;
    const double number = strtod(text, &end);
    const char *letter = *end == '\0' ? NULL : strchr(letters, toupper((unsigned char)*end));
    const char *rest = letter == NULL ? end : end + 1;
    const int power = letter == NULL ? 0 : (int)(letter - letters) + 1;
    const bool thousands = letter != NULL && strcmp(rest, "B") == 0;
    const bool known = *rest == '\0' || (letter != NULL && (thousands || strcmp(rest, "iB") == 0));
    *n_bytes = floor(number * pow(thousands ? 1000 : 1024, power));
    return known && isfinite(*n_bytes);
}

const char *cairn_amount_text(double n_bytes, char *buffer)
{
    int power = 0;
    while (power < 4 && n_bytes >= 1024 && fmod(n_bytes, 1024) == 0) {
        n_bytes /= 1024;
        power++;
    }
    if (power == 0)
        snprintf(buffer, CAIRN_AMOUNT_BYTES, "%.0f", n_bytes);
    else
        snprintf(buffer, CAIRN_AMOUNT_BYTES, "%.0f%ciB", n_bytes, letters[power - 1]);
    return buffer;
}
