/* SPDX-License-Identifier: BSD-3-Clause
 * A process of this program. */
#include "plan/child.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/process.h"

extern char **environ;

/* Whether a variable speaks of a job or launcher around this process, which would have the one that
 * is started take part in it. */
static bool is_of_launcher(const char *variable)
{
    static const char *const begin[] = {"OMPI_COMM_WORLD_",
                                        "OMPI_MCA_ess",
                                        "OMPI_MCA_orte_",
                                        "OMPI_MCA_pmix",
                                        "OMPI_UNIVERSE",
                                        "PMIX_",
                                        "PMI_",
                                        "SLURM_",
                                        "PALS_",
                                        "FLUX_",
                                        "MV2_COMM",
                                        "PRTE_"};
    for (size_t i = 0; i < sizeof begin / sizeof begin[0]; i++)
        if (strncmp(variable, begin[i], strlen(begin[i])) == 0) return true;
    return false;
}

static bool is_same(const char *variable, const char *other)
{
    if (other == NULL) return false;
    const size_t n = strcspn(other, "=");
    return strncmp(variable, other, n) == 0 && variable[n] == '=';
}

cairn_status cairn_child_start(char *const words[], const char *err, const char *variable,
                               pid_t *process)
{
    posix_spawn_file_actions_t files;
    char **variables = NULL;
    size_t n = 0, kept = 0;
    while (environ[n] != NULL) n++;
    CAIRN_TRY(cairn_memory_get(n + 2, sizeof *variables, "the environment", &variables));
    for (size_t i = 0; i < n; i++)
        if (!is_of_launcher(environ[i]) && !is_same(environ[i], variable))
            variables[kept++] = environ[i];
    variables[kept] = (char *)variable;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, 2, err, O_WRONLY | O_CREAT, 0600);
    int error = cairn_process_start(process, "/proc/self/exe", &files, words, variables);
    posix_spawn_file_actions_destroy(&files);
    free(variables);
    if (error == 0) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "a process of this program cannot be started: %s",
                      strerror(error));
}

void cairn_child_line(const char *err, char *line, size_t n_bytes)
{
    char *text = NULL;
    line[0] = '\0';
    if (cairn_file_read(err, &text) != CAIRN_OK || text == NULL) return;
    const char *own = strstr(text, "cairn: ");
    own = own == NULL ? text : own;
    snprintf(line, n_bytes, "%.*s", (int)strcspn(own, "\n"), own);
    free(text);
}
