/* SPDX-License-Identifier: BSD-3-Clause
 * A run of a few weights, for its peak memory, of as many samples at a time as the run that is
 * planned: fewer may be done by another library (tensor/matmul.c), whose memory then counts. */
#include "plan/plan.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "data/writer.h"
#include "plan/child.h"
#include "plan/memory.h"
#include "run/own.h"

enum { MOST = 64, SAMPLES = 2 * MOST, VALUES = 4, WAIT_MS = 5 };
#define LONGEST_S 60.0 /* a process that takes longer hangs */

static const char run_file[] = "data: {file: data.h5}\n"
                               "model: [{type: dense, units: 2}]\n"
                               "batch: {accumulate: 2, micro: %zu}\n"
                               "train: {updates: 2, threads: %zu}\n";

/* The folder of the run, and what lies in it. */
struct place {
    char folder[CAIRN_PATH_BYTES], data[CAIRN_PATH_BYTES], run[CAIRN_PATH_BYTES];
    char out[CAIRN_PATH_BYTES], err[CAIRN_PATH_BYTES], summary[CAIRN_PATH_BYTES];
};

static cairn_status make_place(struct place *place)
{
    const char *top = getenv("TMPDIR");
    place->folder[0] = '\0';
    char folder[CAIRN_PATH_BYTES];
    CAIRN_TRY(
        cairn_path_join(top == NULL || top[0] == '\0' ? "/tmp" : top, "cairn-plan.XXXXXX", folder));
    if (mkdtemp(folder) == NULL) return cairn_file_refused(folder, "cannot be made");
    memcpy(place->folder, folder, sizeof folder);
    CAIRN_TRY(cairn_path_join(folder, "data.h5", place->data));
    CAIRN_TRY(cairn_path_join(folder, "run.yaml", place->run));
    CAIRN_TRY(cairn_path_join(folder, "err", place->err));
    CAIRN_TRY(cairn_path_join(folder, "out", place->out));
    return cairn_path_join(place->out, "summary.json", place->summary);
}

/* All that this program and the one that it starts write there. */
static bool is_own_file(const char *name)
{
    return strcmp(name, "data.h5") == 0 || strcmp(name, "run.yaml") == 0 ||
           strcmp(name, "err") == 0;
}

static const struct cairn_own *own_folder(const char *name)
{
    return strcmp(name, "out") == 0 ? &cairn_run_own : NULL;
}

/* What stays, stays. */
static void remove_place(const struct place *place)
{
    const struct cairn_own own = {.file = is_own_file, .folder = own_folder};
    if (cairn_own_remove(place->folder, NULL, &own, NULL) == CAIRN_OK) rmdir(place->folder);
}

static cairn_status write_data(const struct place *place)
{
    static const real x[SAMPLES][VALUES] = {{1, 2, 3, 4}, {0}, {1}, {4, 3, 2, 1}};
    static const int32_t label[SAMPLES] = {0, 1, 0, 1, 0, 1, 0, 1};
    const struct cairn_about about = {.title = NULL};
    const struct cairn_table table = {.n = SAMPLES,
                                      .input = {.ndim = 1, .dim = {VALUES}},
                                      .x_type = CAIRN_H5_REAL,
                                      .x = x,
                                      .label = label};
    struct cairn_writer *writer = NULL;
    CAIRN_TRY(cairn_writer_create(place->data, true, &about, &writer));
    cairn_status st = cairn_writer_group(writer, CAIRN_SPLIT_TRAIN, &table);
    if (st == CAIRN_OK) st = cairn_writer_group(writer, CAIRN_SPLIT_TEST, &table);
    if (st == CAIRN_OK) st = cairn_writer_finish(writer);
    cairn_writer_free(writer);
    return st;
}

/* The run file, and what is planned for it. */
static cairn_status write_run(const struct place *place, const struct cairn_config *like,
                              uint64_t *planned_bytes)
{
    const size_t micro = like->batch_micro < MOST ? like->batch_micro : MOST; /* words are large */
    char text[sizeof run_file + 48];
    struct cairn_config *config = NULL;
    struct cairn_dataset *dataset = NULL;
    struct cairn_planned planned;
    snprintf(text, sizeof text, run_file, micro, like->train_threads);
    CAIRN_TRY(cairn_file_replace(place->run, text, strlen(text)));
    CAIRN_TRY(cairn_config_read(text, strlen(text), place->run, NULL, &config));
    cairn_status st = cairn_setup_dataset(config, NULL, &dataset);
    if (st == CAIRN_OK) st = cairn_planned_on(config, dataset, 1, &planned);
    cairn_dataset_close(dataset);
    cairn_config_free(config);
    if (st == CAIRN_OK) *planned_bytes = cairn_planned_total_bytes(&planned);
    return st;
}

/* At work on the run; its output goes to place->err. */
static cairn_status start(const struct place *place, pid_t *process)
{
    char *const words[] = {
        "cairn",       "train", (char *)place->run, "--out", (char *)place->out, "-q",
        "--singleton", NULL};
    return cairn_child_start(words, place->err, NULL, process);
}

/* Until it ends, and not for ever. */
static int wait_for(pid_t process)
{
    const struct timespec pause = {.tv_nsec = WAIT_MS * 1000000L};
    double end_s = cairn_clock_s() + LONGEST_S;
    int status = 0;
    while (waitpid(process, &status, WNOHANG) == 0) {
        if (cairn_clock_s() > end_s) kill(process, SIGKILL);
        nanosleep(&pause, NULL);
    }
    return status;
}

static cairn_status read_peak(const struct place *place, uint64_t *n_bytes)
{
    static const char key[] = "\"peak_rss_bytes\": ";
    char *text = NULL;
    CAIRN_TRY(cairn_file_read(place->summary, &text));
    const char *at = text == NULL ? NULL : strstr(text, key);
    *n_bytes = at == NULL ? 0 : strtoull(at + sizeof key - 1, NULL, 10);
    free(text);
    return at != NULL ? CAIRN_OK : cairn_fail(CAIRN_BUG, "%s: has no peak", place->summary);
}

static cairn_status measure(const struct place *place, const struct cairn_config *like,
                            uint64_t *n_bytes)
{
    uint64_t planned = 0;
    uint64_t peak = 0;
    pid_t process = 0;
    char line[512];
    CAIRN_TRY(write_data(place));
    CAIRN_TRY(write_run(place, like, &planned));
    CAIRN_TRY(start(place, &process));
    int status = wait_for(process);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        cairn_child_line(place->err, line, sizeof line);
        return cairn_fail(CAIRN_USAGE, "a process of this program ended with %d%s%s",
                          WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
                          line[0] == '\0' ? "" : ": ", line);
    }
    CAIRN_TRY(read_peak(place, &peak));
    *n_bytes = peak > planned ? peak - planned : 0;
    return CAIRN_OK;
}

cairn_status cairn_plan_program(const struct cairn_config *like, uint64_t *n_bytes)
{
    struct place place;
    cairn_status st = make_place(&place);
    if (st == CAIRN_OK) st = measure(&place, like, n_bytes);
    if (place.folder[0] != '\0') remove_place(&place);
    return st;
}

cairn_status cairn_plan_weigh(const char *path, const char *const *overrides, uint64_t *n_bytes)
{
    struct cairn_config *config = NULL;
    struct stat about;
    char *text = NULL;
    size_t n = 0;
    *n_bytes = 0;
    if (path == NULL || stat(path, &about) != 0 || !S_ISREG(about.st_mode)) return CAIRN_OK;
    CAIRN_TRY(cairn_config_load(path, &text, &n));
    cairn_status st = cairn_config_read(text, n, path, overrides, &config);
    if (st == CAIRN_OK) st = cairn_plan_program(config, n_bytes);
    cairn_config_free(config);
    free(text);
    return st;
}
