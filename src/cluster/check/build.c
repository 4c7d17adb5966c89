/* SPDX-License-Identifier: BSD-3-Clause
 * Was this program built for speed? */
#include <string.h>

#include "cluster/doctor.h"
#include "record/system.h"

static void judge(const struct cairn_launch *launch, struct cairn_findings *out)
{
    const struct cairn_build *build = cairn_system_build();
    (void)launch;
    if (strncmp(build->type, "Rel", 3) == 0 || strstr(build->flags, "-O2") != NULL ||
        strstr(build->flags, "-O3") != NULL) {
        cairn_findings_add(out, CAIRN_FINDING_OK, "%s for %s", build->type,
                           build->arch[0] == '\0' ? "any CPU of its kind" : build->arch);
        return;
    }
    struct cairn_finding *found =
        cairn_findings_add(out, CAIRN_FINDING_WARNING, "built for debugging (%s): it is slow",
                           build->type[0] == '\0' ? "no build type" : build->type);
    cairn_finding_fix(found, "cmake --preset release && cmake --build --preset release");
}

const struct cairn_check cairn_check_build = {
    .name = "build",
    .doc = "the program is built for speed",
    .judge = judge,
};
