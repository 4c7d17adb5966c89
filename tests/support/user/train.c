/* SPDX-License-Identifier: BSD-3-Clause
 * A program of a user: two updates, saved; a run with as many; the trained model asked.  train.cpp
 * does the first, train.f90 is the same; all print one line. */
#include <cairn/cairn.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A run comes to the same weights, and what was saved gives outputs. */
static cairn_status run_and_ask(const cairn_options *options, cairn_comm *comm, uint64_t wanted)
{
    struct cairn_run_settings settings;
    struct cairn_trained_settings saved;
    cairn_run *run = NULL;
    cairn_trained *trained = NULL;
    const cairn_real *outputs = NULL;
    memset(&settings, 0, sizeof settings);
    memset(&saved, 0, sizeof saved);
    settings.size = sizeof settings;
    settings.folder = "run-of-a-user";
    settings.overwrite = true;
    saved.size = sizeof saved;
    saved.checkpoint = "saved-by-a-user.h5";
    cairn_status st = cairn_run_open(options, comm, &settings, &run);
    if (st == CAIRN_OK) st = cairn_run_go(run);
    if (st == CAIRN_OK && (cairn_trainer_weights_hash(cairn_run_trainer(run)) != wanted ||
                           strstr(cairn_run_summary(run), "\"done\"") == NULL))
        st = cairn_fail(CAIRN_BUG, "a run differs from its updates");
    if (st == CAIRN_OK) st = cairn_trained_open(comm, &saved, &trained);
    if (st == CAIRN_OK) st = cairn_trained_outputs(trained, &outputs);
    if (st == CAIRN_OK && (outputs == NULL || cairn_trained_samples(trained) == 0))
        st = cairn_fail(CAIRN_BUG, "there are no outputs");
    cairn_trained_close(trained);
    cairn_run_close(run);
    return st;
}

static cairn_status train(const char *path, cairn_comm *comm)
{
    const char *const overrides[] = {"train.updates=2", NULL};
    cairn_options *options = NULL;
    cairn_trainer *trainer = NULL;
    struct cairn_update_record record;
    memset(&record, 0, sizeof record);
    cairn_status st = cairn_comm_agree(comm, cairn_options_read(path, overrides, &options));
    if (st == CAIRN_OK) st = cairn_options_set(options, "optim.lr", "0.05");
    if (st == CAIRN_OK) st = cairn_trainer_open(options, comm, &trainer);
    while (st == CAIRN_OK && !cairn_trainer_done(trainer))
        st = cairn_trainer_update(trainer, &record);
    if (st == CAIRN_OK) st = cairn_trainer_save(trainer, "saved-by-a-user.h5");
    if (st == CAIRN_OK) st = run_and_ask(options, comm, cairn_trainer_weights_hash(trainer));
    if (st == CAIRN_OK)
        printf("%s %d %" PRIu64 " %.6f %016" PRIX64 "\n", cairn_version(), (int)sizeof record,
               record.update, record.loss, cairn_trainer_weights_hash(trainer));
    cairn_trainer_close(trainer);
    cairn_options_free(options);
    return st;
}

int main(int argc, char **argv)
{
    cairn_comm *comm = NULL;
    cairn_status st = argc < 2 ? CAIRN_USAGE : cairn_comm_open(&comm);
    if (st == CAIRN_OK) st = train(argv[1], comm);
    if (st != CAIRN_OK) fprintf(stderr, "%s\n", cairn_error_text());
    cairn_comm_close(comm);
    return cairn_exit_code(st);
}
