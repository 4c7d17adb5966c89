/* SPDX-License-Identifier: BSD-3-Clause
 * Linked into the program with --wrap: it is asked to stop during the update of this process that
 * CAIRN_STOP_AT counts, as if a signal came just then. */
#include <signal.h>
#include <stdlib.h>

#include "cairn/trainer.h"

cairn_status __real_cairn_trainer_update(cairn_trainer *t, struct cairn_update_record *out);
cairn_status __wrap_cairn_trainer_update(cairn_trainer *t, struct cairn_update_record *out);

cairn_status __wrap_cairn_trainer_update(cairn_trainer *t, struct cairn_update_record *out)
{
    static long n_updates;
    const char *at = getenv("CAIRN_STOP_AT");
    if (++n_updates == (at == NULL ? 0 : strtol(at, NULL, 10))) raise(SIGUSR1);
    return __real_cairn_trainer_update(t, out);
}
