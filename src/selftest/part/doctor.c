/* SPDX-License-Identifier: BSD-3-Clause
 * All checks of `cairn doctor`, for a training that wants the same bits in any world.  Its errors
 * are failures; warnings are shown. */
#include "cluster/doctor.h"

#include <stdio.h>
#include <string.h>

#include "selftest/work.h"
#include "start/start.h"
#include "tensor/threads.h"

/* What a small training takes, whose folder is the one that is asked for. */
static cairn_status find_wanted(const struct cairn_selftest *test, struct cairn_config **config,
                                struct cairn_opened *opened, struct cairn_setup_data *given)
{
    static const char *const keys[] = {"train.reproducible=true", NULL};
    const struct cairn_selftest_net *net = cairn_selftest_net_at(0, true);
    const struct cairn_selftest_training training = {net, net->micro * (size_t)test->n_ranks, keys};
    cairn_status st = cairn_selftest_config(&training, config, given);
    if (st == CAIRN_OK) st = cairn_threads_set((*config)->train_threads);
    st = cairn_comm_agree(test->comm, st);
    return st == CAIRN_OK ? cairn_start_foresee(*config, test->comm, given, opened) : st;
}

/* "rank 1 (h2): slow: ..." */
static void describe(const struct cairn_finding *f, char *text, size_t n_bytes)
{
    snprintf(text, n_bytes, "%s: %s%s%s%s%s", f->check, f->where, f->where[0] == '\0' ? "" : ": ",
             f->message, f->fix[0] == '\0' ? "" : "; ", f->fix);
}

/* Rank 0. */
static void judge(const struct cairn_findings *list, struct cairn_selftest_result *out)
{
    size_t n_warnings = 0;
    char text[2 * CAIRN_FINDING_TEXT_BYTES + CAIRN_FINDING_WHERE_BYTES + 32];
    for (size_t i = 0; i < list->n; i++) {
        const struct cairn_finding *f = &list->item[i];
        describe(f, text, sizeof text);
        const bool of_files = strcmp(f->check, "files") == 0 || strcmp(f->check, "space") == 0;
        if (f->severity == CAIRN_FINDING_ERROR)
            cairn_selftest_fail(out, of_files ? CAIRN_FILES : CAIRN_USAGE, "%s", text);
        if (f->severity == CAIRN_FINDING_WARNING) cairn_selftest_line(out, "warning: %s", text);
        n_warnings += f->severity == CAIRN_FINDING_WARNING;
    }
    cairn_selftest_figure(out, (double)n_warnings, "warnings");
    cairn_selftest_pass(out, "%zu findings, of which %zu %s", list->n, n_warnings,
                        n_warnings == 1 ? "is a warning" : "are warnings");
}

static cairn_status run(struct cairn_selftest *test, struct cairn_selftest_result *out)
{
    struct cairn_config *config = NULL;
    struct cairn_setup_data given = {.dataset = NULL};
    struct cairn_opened opened = {.dataset = NULL};
    struct cairn_findings list = {0};
    cairn_status st = find_wanted(test, &config, &opened, &given);
    if (st == CAIRN_OK) {
        struct cairn_wanted wanted = cairn_start_wanted(config, &opened, NULL, test->wishes->out);
        wanted.claim = test->wishes->claim;
        wanted.program_bytes = test->wishes->program_bytes;
        st = cairn_doctor_run(test->comm, &wanted, true, &list);
    }
    if (st == CAIRN_OK && test->rank == 0) judge(&list, out);
    cairn_findings_free(&list);
    cairn_opened_close(&opened);
    cairn_setup_data_close(&given);
    cairn_config_free(config);
    return st;
}

const struct cairn_selftest_part cairn_selftest_doctor = {
    .name = "doctor",
    .doc = "the launch is as cairn doctor wants it",
    .run = run,
};
