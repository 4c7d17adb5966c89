/* SPDX-License-Identifier: BSD-3-Clause
 * A program of a user: two updates.  train.cpp and train.f90 are the same; all print one line. */
#include <cairn/cairn.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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
