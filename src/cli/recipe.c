/* SPDX-License-Identifier: BSD-3-Clause
 * cairn recipe [NAME]: the run files that come with Cairn. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/keys.h"
#include "base/memory.h"
#include "cli/command.h"

enum { LINE_COLUMNS = 100, NAME_COLUMNS = 20 };

static const char ending[] = ".yaml";

struct request {
    const char *name; /* first, for cairn_single_operand() */
};

/* The recipes, by their names without ending. */
struct recipes {
    char share[CAIRN_PATH_BYTES]; /* laid out as the repository is */
    struct dirent **entry;        /* [n] */
    const char **name;            /* [n] */
    size_t n;
};

/* ---- where they are */

/* Installed it is beside the folder of the program, in a build below it (src/cmake/install.cmake);
 * without links, so that what is printed holds after the next update of a package, too. */
static cairn_status find_share(char share[CAIRN_PATH_BYTES])
{
    static const char *const places[] = {CAIRN_SHARE, "share/cairn"};
    char program[CAIRN_PATH_BYTES] = "";
    char place[CAIRN_PATH_BYTES];
    const ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    char *slash = n > 0 ? strrchr(program, '/') : NULL;
    if (slash == NULL) return cairn_fail(CAIRN_DATA, "the path of this program is not known");
    *slash = '\0';
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        CAIRN_TRY(cairn_path_join(program, places[i], place));
        char *whole = realpath(place, NULL);
        if (whole == NULL) continue;
        cairn_status st = cairn_path_copy(whole, share);
        free(whole);
        return st;
    }
    return cairn_fail(CAIRN_DATA,
                      "there is no folder %s beside the program in %s, where the recipes are; "
                      "install Cairn with cmake --install",
                      CAIRN_SHARE, program);
}

static int is_recipe(const struct dirent *entry)
{
    const size_t n = strlen(entry->d_name);
    return n > strlen(ending) && strcmp(entry->d_name + n - strlen(ending), ending) == 0;
}

static cairn_status find_recipes(struct recipes *recipes)
{
    char folder[CAIRN_PATH_BYTES];
    CAIRN_TRY(find_share(recipes->share));
    CAIRN_TRY(cairn_path_join(recipes->share, "launch/recipes", folder));
    const int n = scandir(folder, &recipes->entry, is_recipe, alphasort);
    if (n < 0) return cairn_fail(CAIRN_DATA, "%s: the recipes cannot be read from there", folder);
    recipes->n = (size_t)n;
    CAIRN_TRY(cairn_memory_get(recipes->n + 1, sizeof *recipes->name, "names", &recipes->name));
    for (size_t i = 0; i < recipes->n; i++) {
        char *name = recipes->entry[i]->d_name;
        name[strlen(name) - strlen(ending)] = '\0';
        recipes->name[i] = name;
    }
    return CAIRN_OK;
}

static void release(struct recipes *recipes)
{
    for (size_t i = 0; i < recipes->n; i++) free(recipes->entry[i]);
    free(recipes->entry);
    free(recipes->name);
}

static cairn_status read_recipe(const struct recipes *recipes, const char *name, char **text)
{
    char path[CAIRN_PATH_BYTES];
    char file[CAIRN_PATH_BYTES];
    snprintf(file, sizeof file, "launch/recipes/%s%s", name, ending);
    CAIRN_TRY(cairn_path_join(recipes->share, file, path));
    CAIRN_TRY(cairn_file_read_given(path, text));
    return *text != NULL ? CAIRN_OK : cairn_fail(CAIRN_DATA, "%s: is gone", path);
}

/* ---- the list */

/* The first sentence of the comment after the licence, in the line that has come to `column`. */
static void print_first_sentence(const char *text, size_t column)
{
    text += strcspn(text, "\n");
    while (*text != '\0') {
        text += strspn(text, "\n #");
        const size_t n = strcspn(text, " \n");
        if (n == 0) break;
        if (column + 1 + n + strlen(" ...") > LINE_COLUMNS) {
            printf(" ...");
            break;
        }
        column += (size_t)printf(" %.*s", (int)n, text);
        text += n;
        if (text[-1] == '.') break;
    }
    printf("\n");
}

static cairn_status list(const struct recipes *recipes)
{
    for (size_t i = 0; i < recipes->n; i++) {
        char *text = NULL;
        CAIRN_TRY(read_recipe(recipes, recipes->name[i], &text));
        const int column = printf("%-*s", NAME_COLUMNS, recipes->name[i]);
        print_first_sentence(text, (size_t)column);
        free(text);
    }
    return CAIRN_OK;
}

/* ---- one of them */

/* A path, in quotes of YAML where it wants them; a shell takes these, too. */
static void print_path(const char *share, const char *rest, size_t n)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-";
    const bool quoted = share[strspn(share, plain)] != '\0';
    if (quoted) printf("'");
    for (const char *c = share; *c != '\0'; c++) {
        if (*c == '\'') putchar(*c);
        putchar(*c);
    }
    printf("/%.*s%s", (int)n, rest, quoted ? "'" : "");
}

/* As it is, except for paths, which there are taken from the repository or from the file itself:
 * data are where they are installed, or where the scripts beside them put them, and the run file is
 * wherever the reader puts it. */
static void print_recipe(const char *share, const char *text)
{
    static const char up[] = "../../", data[] = "datasets/", recipes[] = "launch/recipes/";
    char before = '\n';
    while (*text != '\0') {
        const bool begins = strchr("\n \"'[{", before) != NULL;
        const char *path = strncmp(text, up, strlen(up)) == 0 ? text + strlen(up) : text;
        if (begins && strncmp(path, data, strlen(data)) == 0) {
            const size_t n = strcspn(path, " ,\n\"']}");
            print_path(share, path, n);
            text = path + n;
        } else if (begins && strncmp(text, recipes, strlen(recipes)) == 0) {
            text += strlen(recipes);
        }
        before = *text;
        if (*text != '\0') putchar(*text++);
    }
}

static cairn_status print_named(const struct recipes *recipes, const char *name)
{
    size_t found = 0;
    char *text = NULL;
    CAIRN_TRY(cairn_name_find("recipe", name, recipes->name, recipes->n, &found));
    CAIRN_TRY(read_recipe(recipes, recipes->name[found], &text));
    print_recipe(recipes->share, text);
    free(text);
    return CAIRN_OK;
}

static cairn_status run_recipe(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    (void)comm;
    struct request request = {.name = NULL};
    struct recipes recipes = {.n = 0};
    CAIRN_TRY(cairn_arguments_read(&cairn_command_recipe, arguments, &request));
    cairn_status st = find_recipes(&recipes);
    if (st == CAIRN_OK)
        st = request.name == NULL ? list(&recipes) : print_named(&recipes, request.name);
    release(&recipes);
    return st;
}

const struct cairn_command cairn_command_recipe = {
    .name = "recipe",
    .operands = "[NAME]",
    .doc = "prints a run file that comes with Cairn; without NAME, lists them",
    .about = "  cairn recipe digits > run.yaml && mpirun -n 2 cairn train run.yaml",
    .notes =
        "Data are looked for where they are installed with Cairn, or where the script that the "
        "run file names puts them; of data elsewhere, data.file=FILE.h5 says where.",
    .take = cairn_single_operand,
    .once = true,
    .run = run_recipe,
};
