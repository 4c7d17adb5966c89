/* SPDX-License-Identifier: BSD-3-Clause
 * The live bar and the plain lines.  No colours, no escapes. */
#include "record/progress.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/process.h"
#include "record/number.h"

enum { TEXT_BYTES = 256, DEFAULT_COLUMNS = 80, WIDEST_BAR = 30, NARROWEST_BAR = 5 };

static const double REDRAW_S = 0.1;
static const double FIRST_DRAW_S = 0.5; /* of what may be over at once */
static const double FIRST_LINE_S = 2.0;
static const double NEXT_LINE_S = 10.0;

static struct cairn_progress
    *running; /* belongs to the log sink: whose bar a log line has to clear */

static int find_terminal(void)
{
    const char *kind = getenv("TERM");
    if (!cairn_process_is_ours()) return -1;
    return kind == NULL || strcmp(kind, "dumb") == 0 ? -1 : cairn_terminal_of(STDERR_FILENO);
}

static size_t columns(int terminal)
{
    struct winsize size;
    if (ioctl(terminal, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    const char *given = getenv("COLUMNS");
    long n = given == NULL ? 0 : strtol(given, NULL, 10);
    return n > 0 && n < TEXT_BYTES ? (size_t)n : DEFAULT_COLUMNS;
}

/* Over what stands in the line, by blanks: NO_COLOR and logs of terminals want no escapes. */
static void put_line(const struct cairn_progress *progress, const char *text)
{
    int width = (int)columns(progress->terminal) - 1; /* the last column would wrap */
    fprintf(stderr, "\r%-*.*s", width, width, text);
}

static void clear(void)
{
    if (running == NULL || !running->shown) return;
    put_line(running, "");
    fputs("\r", stderr);
    running->shown = false;
}

void cairn_progress_begin(struct cairn_progress *progress, uint64_t first_update,
                          uint64_t total_updates)
{
    double now = cairn_clock_s();
    bool quiet = cairn_log_get_level() == CAIRN_LOG_QUIET;
    *progress = (struct cairn_progress){.total_updates = total_updates,
                                        .first_update = first_update,
                                        .update = first_update,
                                        .begin_s = now,
                                        .terminal = quiet ? -1 : find_terminal()};
    progress->live = progress->terminal >= 0;
    progress->next_s = progress->live ? now : now + FIRST_LINE_S;
    running = progress;
    cairn_log_set_clear(clear);
}

/* 41200 as "41,200" */
static void thousands(double value, char text[CAIRN_NUMBER_BYTES])
{
    char digits[CAIRN_NUMBER_BYTES];
    size_t used = 0;
    if (!(value >= 0 && value < 1e15)) value = 0;
    size_t n = (size_t)snprintf(digits, sizeof digits, "%.0f", value);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0) text[used++] = ',';
        text[used++] = digits[i];
    }
    text[used] = '\0';
}

static void duration(double seconds, char text[CAIRN_NUMBER_BYTES])
{
    uint64_t s = seconds < 1e12 ? (uint64_t)(seconds + 0.5) : UINT64_C(1000000000000);
    if (s < 60)
        snprintf(text, CAIRN_NUMBER_BYTES, "%" PRIu64 " s", s);
    else if (s < 3600)
        snprintf(text, CAIRN_NUMBER_BYTES, "%" PRIu64 " min %02" PRIu64 " s", s / 60, s % 60);
    else
        snprintf(text, CAIRN_NUMBER_BYTES, "%" PRIu64 " h %02" PRIu64 " min", s / 3600,
                 s / 60 % 60);
}

static double fraction(const struct cairn_progress *progress)
{
    double total = (double)progress->total_updates;
    double done = total > 0 ? (double)progress->update / total : 1;
    return done < 1 ? done : 1;
}

/* "1200/4690 (25 %), loss 0.231, 41,200 samples/s, 1 min 12 s left" */
static void describe(const struct cairn_progress *progress, char text[TEXT_BYTES])
{
    char speed[CAIRN_NUMBER_BYTES];
    char left[CAIRN_NUMBER_BYTES];
    double made = (double)progress->update - (double)progress->first_update;
    double to_do = (double)progress->total_updates - (double)progress->update;
    double elapsed_s = cairn_clock_s() - progress->begin_s;
    duration(made > 0 && to_do > 0 ? elapsed_s / made * to_do : 0, left);
    if (progress->unit != NULL) {
        thousands(elapsed_s > 0 ? made / elapsed_s : 0, speed);
        snprintf(text, TEXT_BYTES, "%" PRIu64 "/%" PRIu64 " %s (%d %%), %s/s, %s left",
                 progress->update, progress->total_updates, progress->unit,
                 (int)(100 * fraction(progress)), speed, left);
        return;
    }
    thousands(progress->samples_per_s, speed);
    snprintf(text, TEXT_BYTES, "%" PRIu64 "/%" PRIu64 " (%d %%), loss %.3g, %s samples/s, %s left",
             progress->update, progress->total_updates, (int)(100 * fraction(progress)),
             progress->loss, speed, left);
}

/* "[====>     ] 1200/4690 (25 %), ...", never wider than the terminal. */
static void draw(struct cairn_progress *progress)
{
    char text[TEXT_BYTES];
    char bar[WIDEST_BAR + 1];
    char line[TEXT_BYTES + WIDEST_BAR + 4];
    describe(progress, text);
    size_t room = columns(progress->terminal);
    size_t n_text = strlen(text);
    size_t wide =
        room > n_text + 4 ? room - n_text - 4 : 0; /* brackets, a blank, and the last column */
    if (wide > WIDEST_BAR) wide = WIDEST_BAR;
    if (wide < NARROWEST_BAR) {
        put_line(progress, text);
    } else {
        size_t full = (size_t)((double)wide * fraction(progress));
        memset(bar, ' ', wide);
        memset(bar, '=', full);
        if (full < wide) bar[full] = '>';
        bar[wide] = '\0';
        snprintf(line, sizeof line, "[%s] %s", bar, text);
        put_line(progress, line);
    }
    progress->shown = true;
}

void cairn_progress_show(struct cairn_progress *progress, uint64_t update, double loss,
                         double samples_per_s)
{
    char text[TEXT_BYTES];
    double now = cairn_clock_s();
    progress->update = update;
    progress->loss = loss;
    progress->samples_per_s = samples_per_s;
    if (now < progress->next_s) return;
    progress->next_s = now + (progress->live ? REDRAW_S : NEXT_LINE_S);
    if (progress->live) {
        draw(progress);
    } else {
        describe(progress, text);
        cairn_log_info("update %s", text);
    }
}

void cairn_progress_begin_of(struct cairn_progress *progress, const char *unit)
{
    cairn_progress_begin(progress, 0, 0);
    progress->unit = unit;
    progress->next_s += FIRST_DRAW_S;
}

void cairn_progress_count(struct cairn_progress *progress, uint64_t done, uint64_t total)
{
    const double now = cairn_clock_s();
    progress->update = done;
    progress->total_updates = total;
    if (!progress->live || now < progress->next_s) return;
    progress->next_s = now + REDRAW_S;
    draw(progress);
}

void cairn_progress_end(struct cairn_progress *progress)
{
    if (progress->live) {
        const bool counts = progress->unit == NULL || progress->shown;
        if (counts && progress->update > progress->first_update) draw(progress);
        if (progress->shown) fputs("\n", stderr);
        close(progress->terminal);
    }
    progress->live = false;
    progress->shown = false;
    progress->terminal = -1;
    cairn_log_set_clear(NULL);
    running = NULL;
}

/* What the process that started this one has there. */
static int terminal_of_parent(int stream)
{
    char path[64];
    struct stat about;
    snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)getppid(), stream);
    if (stat(path, &about) != 0 || !S_ISCHR(about.st_mode)) return -1;
    int fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && isatty(fd)) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

int cairn_terminal_of(int stream)
{
    struct stat about;
    bool own = isatty(stream) != 0;
    bool launched = getenv("OMPI_COMM_WORLD_SIZE") != NULL || getenv("PMI_SIZE") != NULL;
    if (own && (!launched || stream == STDERR_FILENO)) return dup(stream);
    bool piped = fstat(stream, &about) == 0 && S_ISFIFO(about.st_mode);
    return launched && (own || piped) ? terminal_of_parent(stream) : -1;
}
