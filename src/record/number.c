/* SPDX-License-Identifier: BSD-3-Clause
 * Numbers as text. */
#include "record/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FEWEST_DIGITS = 9, MOST_DIGITS = 17 };

void cairn_number_text(double value, char text[CAIRN_NUMBER_BYTES])
{
    for (int digits = FEWEST_DIGITS; digits <= MOST_DIGITS; digits++) {
        snprintf(text, CAIRN_NUMBER_BYTES, "%.*g", digits, value);
        double back = strtod(text, NULL);
        if (memcmp(&back, &value, sizeof value) == 0) return;
    }
}

double cairn_number_micros(double seconds)
{
    return nearbyint(seconds * 1e6) / 1e6;
}
