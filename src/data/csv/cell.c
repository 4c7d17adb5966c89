/* SPDX-License-Identifier: BSD-3-Clause
 * Cells. */
#include "data/csv/cell.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool among(const char *text, const char *const *words)
{
    while (*words != NULL && strcasecmp(text, *words) != 0) words++;
    return *words != NULL;
}

bool cairn_cell_is_missing(const char *text)
{
    static const char *const words[] = {"", "NA", "N/A", "NaN", "null", "None", "?", ".", NULL};
    return among(text, words);
}

bool cairn_cell_number(const char *text, bool comma, double *out)
{
    enum { MOST_BYTES = 64 };
    char copy[MOST_BYTES];
    char *end = NULL;
    const size_t n = strlen(text);
    if (n == 0) return false;
    if (comma && n < sizeof copy && strchr(text, '.') == NULL) {
        memcpy(copy, text, n + 1);
        char *point = strchr(copy, ',');
        if (point != NULL) *point = '.';
        *out = strtod(copy, &end);
    } else {
        *out = strtod(text, &end);
    }
    return *end == '\0' && !isnan(*out);
}

bool cairn_cell_boolean(const char *text, double *out)
{
    static const char *const yes[] = {"true", "yes", NULL}, *const no[] = {"false", "no", NULL};
    *out = among(text, yes);
    return *out == 1 || among(text, no);
}

/* Days of the Gregorian calendar: years begin in March, so that a leap day is the last. */
static double days_since_1970(int year, int month, int day)
{
    const int y = month <= 2 ? year - 1 : year;
    const int era = (y >= 0 ? y : y - 399) / 400;
    const int of_era = y - era * 400;
    const int of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    return era * 146097.0 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool is_day(int year, int month, int day)
{
    static const int n_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (month < 1 || month > 12 || day < 1) return false;
    return day <= n_days[month - 1] + (month == 2 && leap);
}

bool cairn_cell_date(const char *text, double *out)
{
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, n = 0;
    double second = 0;
    char mark = '-', mark_again = '-';
    if (sscanf(text, "%4d%c%2d%c%2d%n", &year, &mark, &month, &mark_again, &day, &n) != 5 ||
        mark != mark_again || (mark != '-' && mark != '/') || !is_day(year, month, day))
        return false;
    *out = days_since_1970(year, month, day);
    text += n;
    if (*text == '\0') return true;
    if ((*text != 'T' && *text != ' ') || sscanf(text + 1, "%2d:%2d%n", &hour, &minute, &n) != 2)
        return false;
    text += 1 + n;
    if (*text == ':') {
        if (sscanf(text, ":%lf%n", &second, &n) != 1) return false;
        text += n;
    }
    if (*text == 'Z') text++;
    if (*text != '\0' || hour < 0 || hour > 24 || minute < 0 || minute > 59) return false;
    if (!(second >= 0 && second < 61)) return false;
    *out += (hour * 3600 + minute * 60 + second) / 86400;
    return true;
}
