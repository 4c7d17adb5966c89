/* SPDX-License-Identifier: BSD-3-Clause
 * Time.  Not for random seeds: a run is a function of its run file. */
#include "base/clock.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double read_clock(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double cairn_clock_s(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

double cairn_clock_unix_s(void)
{
    return read_clock(CLOCK_REALTIME);
}

void cairn_clock_utc(char *text)
{
    time_t now = time(NULL);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static const struct unit {
    char letter;
    double seconds;
} units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
enum { N_UNITS = sizeof units / sizeof units[0], MOST_BYTES = 18 };

static const double MOST_S = 1e12;  /* so that milliseconds are counted exactly */
static const double MS_OF_S = 1000; /* finer than that is no span of time of a job */

/* "90", "1.5h" */
static bool read_number(const char *text, double *seconds)
{
    size_t n = strspn(text, "0123456789.");
    size_t point = strcspn(text, ".");
    double unit_s = 1;
    bool one_point = point >= n || strcspn(text + point + 1, ".") >= n - point - 1;
    if (n == 0 || n > MOST_BYTES || !one_point || strspn(text, ".") == n) return false;
    for (size_t i = 0; i < N_UNITS; i++)
        if (text[n] == units[i].letter) unit_s = units[i].seconds;
    if (text[n] != '\0' && (strchr("dhms", text[n]) == NULL || text[n + 1] != '\0')) return false;
    *seconds = strtod(text, NULL) * unit_s;
    return true;
}

/* Digits up to `end`; where they are not the first field, at most `most`. */
static bool read_field(const char **text, char end, double most, double *value)
{
    size_t n = strspn(*text, "0123456789");
    if (n == 0 || n > 12 || (*text)[n] != end) return false;
    *value = strtod(*text, NULL);
    if (most > 0 && (n > 2 || *value > most)) return false;
    *text += n + (end != '\0');
    return true;
}

/* "MM:SS", "HH:MM:SS", "D-HH", "D-HH:MM", "D-HH:MM:SS" */
static bool read_fields(const char *text, double *seconds)
{
    double total = 0;
    double value = 0;
    bool has_days = strchr(text, '-') != NULL;
    size_t n_colons = 0;
    for (const char *c = text; *c != '\0'; c++) n_colons += *c == ':';
    if (n_colons > 2 || (!has_days && n_colons == 0)) return false;
    if (has_days && !read_field(&text, '-', 0, &total)) return false;
    /* after days the first field is hours, else the last is seconds */
    size_t first = has_days ? 1 : N_UNITS - 1 - n_colons;
    total *= units[0].seconds;
    for (size_t i = first; i <= first + n_colons; i++) {
        double most = i > first ? 59 : has_days ? 23 : 0;
        if (!read_field(&text, i < first + n_colons ? ':' : '\0', most, &value)) return false;
        total += value * units[i].seconds;
    }
    *seconds = total;
    return true;
}

cairn_status cairn_duration_read(const char *text, double *seconds)
{
    double value = 0;
    bool fields = strpbrk(text, ":-") != NULL;
    if (!(fields ? read_fields(text, &value) : read_number(text, &value)) || value > MOST_S)
        return cairn_fail(CAIRN_USAGE, "'%s' is not a duration; write it as " CAIRN_DURATION_FORMS,
                          text);
    *seconds = round(value * MS_OF_S) / MS_OF_S;
    return CAIRN_OK;
}

const char *cairn_duration_text(double seconds, char *buffer)
{
    size_t i = 0;
    while (i + 1 < N_UNITS && (seconds == 0 || fmod(seconds, units[i].seconds) != 0)) i++;
    double value = seconds / units[i].seconds;
    int n = snprintf(buffer, CAIRN_DURATION_BYTES, "%.*f", value == floor(value) ? 0 : 3, value);
    while (strchr(buffer, '.') != NULL && buffer[n - 1] == '0') n--;
    snprintf(buffer + n, CAIRN_DURATION_BYTES - (size_t)n, "%c", units[i].letter);
    return buffer;
}
