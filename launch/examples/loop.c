/* SPDX-License-Identifier: BSD-3-Clause
 * Training with a loop of your own: zero, micro-batches, backward, sum over the ranks, update.
 *
 *   mpicc loop.c -o loop $(pkg-config --cflags --libs cairn)
 *   mpirun -n 2 ./loop run.yaml state.h5              saves at its end, or when it is asked to stop
 *   mpirun -n 3 ./loop run.yaml state.h5 state.h5     goes on from there
 */
#include <cairn/cairn.h>
#include <inttypes.h>
#include <stdio.h>

/* One update from one global batch.  Every rank calls it; cairn_trainer_update() does the same. */
static cairn_status update(cairn_trainer *trainer, struct cairn_update_record *record)
{
    cairn_status st = CAIRN_OK;
    bool again = false; /* with train.reproducible a sum may have to be worked once more */
    do {
        cairn_trainer_zero(trainer);                 /* G = 0 */
        size_t share = cairn_trainer_share(trainer); /* this rank's micro-batches */
        for (size_t i = 0; i < share && st == CAIRN_OK; i++)
            st = cairn_trainer_backward(trainer, i); /* G += sum of w_i dL_i/dtheta */
        st =
            cairn_trainer_sum(trainer, st, &again, record); /* G over all ranks, / W, new weights */
    } while (st == CAIRN_OK && again);
    return st;
}

int main(int argc, char **argv)
{
    cairn_comm *comm = NULL;
    cairn_options *options = NULL;
    cairn_trainer *trainer = NULL;
    struct cairn_update_record record = {0};
    if (argc < 2) return CAIRN_USAGE;
    cairn_trainer_catch_signals(); /* TERM, INT and USR1 are told to all ranks by the next sum */
    cairn_status st = cairn_comm_open(&comm);
    if (st == CAIRN_OK) st = cairn_comm_agree(comm, cairn_options_read(argv[1], NULL, &options));
    if (st == CAIRN_OK) st = cairn_trainer_open(options, comm, &trainer);
    if (st == CAIRN_OK && argc > 3) st = cairn_trainer_load(trainer, argv[3]);
    while (st == CAIRN_OK && !record.stop && !cairn_trainer_done(trainer))
        st = update(trainer, &record);
    if (st == CAIRN_OK && argc > 2) st = cairn_trainer_save(trainer, argv[2]);
    if (comm == NULL) return cairn_exit_code(st);
    bool main_rank = cairn_comm_rank(comm) == 0; /* an error has the same words on every rank */
    if (st != CAIRN_OK && main_rank) fprintf(stderr, "loop: %s\n", cairn_error_text());
    if (st == CAIRN_OK && main_rank)
        printf("%" PRIu64 " updates, loss %.6g, weights %016" PRIx64 "\n", record.update,
               record.loss, cairn_trainer_weights_hash(trainer));
    if (st == CAIRN_OK && record.stop) st = CAIRN_STOPPED;
    cairn_trainer_close(trainer);
    cairn_options_free(options);
    cairn_comm_close(comm);
    return cairn_exit_code(st);
}
