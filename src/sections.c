/* SPDX-License-Identifier: BSD-3-Clause
 * The sections of the run file whose keys belong to registered kinds.  Outside of all modules,
 * since config reads these keys and may not see who has them (base/keys.h). */
#include "base/keys.h"
#include "optim/optim.h"

const struct cairn_key_section *const cairn_key_sections[] = {&cairn_optim_section, NULL};
