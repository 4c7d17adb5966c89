/* SPDX-License-Identifier: BSD-3-Clause
 * The work folder, and the run in it that is killed in the middle of its second checkpoint: it
 * stops there by a planted fault, so that how fast the machine is does not matter. */
#include "selftest/kill.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "data/writer.h"
#include "plan/child.h"
#include "record/system.h"
#include "run/own.h"

enum { SAMPLES = 96, VALUES = 16, CLASSES = 4 };
#define LONGEST_S 30.0 /* until it is where it is killed */

static const char run_file[] = "data: {file: " CAIRN_SELFTEST_DATA "}\n"
                               "model: [{type: dense, units: 64}, {type: relu}, "
                               "{type: dense, units: 4}]\n"
                               "batch: {global: 32, micro: 4}\n"
                               "optim: {lr: 0.05, momentum: 0.9}\n"
                               "train: {updates: 24, reproducible: true, evaluate_every: none}\n"
                               "checkpoint: {every_updates: 4}\n";

/* ---- the folder */

cairn_status cairn_selftest_folder(const char *out, char folder[CAIRN_PATH_BYTES])
{
    char host[CAIRN_SYSTEM_TEXT_BYTES], name[128];
    cairn_system_host(host);
    snprintf(name, sizeof name, "work-%.64s-%ld", host, (long)getpid());
    return cairn_path_join(out, name, folder);
}

static bool is_own_file(const char *name)
{
    static const char *const own[] = {
        CAIRN_SELFTEST_RUN, CAIRN_SELFTEST_DATA, CAIRN_SELFTEST_WHY, "err", "replaced", "locked"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (strcmp(name, own[i]) == 0) return true;
    return cairn_file_is_unfinished(name);
}

static const struct cairn_own *own_folder(const char *name)
{
    const bool run =
        strcmp(name, CAIRN_SELFTEST_KILLED) == 0 || strcmp(name, CAIRN_SELFTEST_WHOLE) == 0;
    return run ? &cairn_run_own : NULL;
}

void cairn_selftest_remove(const char *folder)
{
    const struct cairn_own own = {.file = is_own_file, .folder = own_folder};
    if (cairn_own_remove(folder, NULL, &own, NULL) == CAIRN_OK) rmdir(folder);
}

/* ---- what the run reads */

static cairn_status write_data(const char *path)
{
    static float x[SAMPLES][VALUES];
    static int32_t label[SAMPLES];
    const uint64_t key = cairn_random_key(1, CAIRN_RANDOM_INIT, 0, 0);
    const struct cairn_about about = {.title = "cairn selftest"};
    const struct cairn_table table = {.n = SAMPLES,
                                      .input = {.ndim = 1, .dim = {VALUES}},
                                      .x_type = CAIRN_H5_F32,
                                      .x = x,
                                      .label = label};
    for (uint64_t i = 0; i < SAMPLES; i++) {
        uint32_t bits[VALUES];
        cairn_random_fill(key, i, VALUES, bits);
        for (size_t v = 0; v < VALUES; v++) x[i][v] = cairn_random_unit(bits[v]) - 0.5F;
        label[i] = (int32_t)(bits[0] % CLASSES);
    }
    struct cairn_writer *writer = NULL;
    CAIRN_TRY(cairn_writer_create(path, true, &about, &writer));
    cairn_status st = cairn_writer_group(writer, CAIRN_SPLIT_TRAIN, &table);
    if (st == CAIRN_OK) st = cairn_writer_group(writer, CAIRN_SPLIT_TEST, &table);
    if (st == CAIRN_OK) st = cairn_writer_finish(writer);
    cairn_writer_free(writer);
    return st;
}

/* ---- the run */

struct paths {
    char run[CAIRN_PATH_BYTES], data[CAIRN_PATH_BYTES], err[CAIRN_PATH_BYTES];
    char out[CAIRN_PATH_BYTES], checkpoints[CAIRN_PATH_BYTES], why[CAIRN_PATH_BYTES];
};

static cairn_status find_paths(const char *folder, struct paths *paths)
{
    CAIRN_TRY(cairn_path_join(folder, CAIRN_SELFTEST_RUN, paths->run));
    CAIRN_TRY(cairn_path_join(folder, CAIRN_SELFTEST_DATA, paths->data));
    CAIRN_TRY(cairn_path_join(folder, "err", paths->err));
    CAIRN_TRY(cairn_path_join(folder, CAIRN_SELFTEST_WHY, paths->why));
    CAIRN_TRY(cairn_path_join(folder, CAIRN_SELFTEST_KILLED, paths->out));
    return cairn_path_join(paths->out, "checkpoints", paths->checkpoints);
}

/* Whether there is a checkpoint, and another one is being written. */
static bool is_saving(const char *checkpoints)
{
    bool saving = false, saved = false;
    DIR *stream = opendir(checkpoints);
    if (stream == NULL) return false;
    for (struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
        saving = saving || cairn_file_is_unfinished(entry->d_name);
        saved = saved || strcmp(entry->d_name, "latest.h5") == 0;
    }
    closedir(stream);
    return saving && saved;
}

/* Until it is in the middle of a checkpoint; then it is killed. */
static cairn_status kill_there(const struct paths *paths, pid_t process)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    const double end_s = cairn_clock_s() + LONGEST_S;
    char line[512];
    int status = 0;
    bool there = false;
    while (!there && waitpid(process, &status, WNOHANG) == 0 && cairn_clock_s() < end_s) {
        there = is_saving(paths->checkpoints);
        nanosleep(&pause, NULL); /* a link is set before the next file begins: look once more */
        there = there && is_saving(paths->checkpoints);
    }
    if (there || cairn_clock_s() >= end_s) {
        kill(process, SIGKILL);
        waitpid(process, &status, 0);
    }
    if (there) return CAIRN_OK;
    cairn_child_line(paths->err, line, sizeof line);
    return cairn_fail(CAIRN_USAGE, "a process of this program, alone, ended or stood still%s%s",
                      line[0] == '\0' ? "" : ": ", line);
}

static cairn_status run_and_kill(const struct paths *paths)
{
    char *const words[] = {
        "cairn", "train",       (char *)paths->run,        "--out", (char *)paths->out,
        "-q",    "--singleton", "train.hang_timeout=none", NULL};
    pid_t process = 0;
    CAIRN_TRY(
        cairn_child_start(words, paths->err, "CAIRN_FAULT=hang:checkpoint.write#2", &process));
    return kill_there(paths, process);
}

void cairn_selftest_prepare(const struct cairn_selftest_wishes *wishes)
{
    char folder[CAIRN_PATH_BYTES];
    struct paths paths;
    if (cairn_selftest_folder(wishes->out, folder) != CAIRN_OK ||
        cairn_folder_make(folder) != CAIRN_OK || find_paths(folder, &paths) != CAIRN_OK)
        return; /* who opens it after this says so */
    cairn_status st = cairn_file_replace(paths.run, run_file, sizeof run_file - 1);
    if (st == CAIRN_OK) st = write_data(paths.data);
    if (st == CAIRN_OK) st = run_and_kill(&paths);
    if (st == CAIRN_OK) return;
    const char *why = cairn_error_text();
    st = cairn_file_replace(paths.why, why, strlen(why)); /* where that is refused, so are others */
}
