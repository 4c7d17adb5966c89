/* SPDX-License-Identifier: BSD-3-Clause
 * A program of the build, which is not installed: writes the pages of the manual and what shells
 * complete.
 *
 *     cairn_pages READERS OUT   READERS: the folder of cairn.bash and cairn.zsh; into OUT, which is
 *                               laid out as share/ is */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/file.h"
#include "cli/pages/pages.h"

/* What makes one file. */
struct writer {
    FILE *out;
    char *text;
    size_t n;
};

static cairn_status begin(struct writer *writer)
{
    *writer = (struct writer){.out = NULL};
    writer->out = open_memstream(&writer->text, &writer->n);
    return writer->out != NULL ? CAIRN_OK : cairn_fail(CAIRN_MEMORY, "there is no memory");
}

static cairn_status finish(struct writer *writer, const char *folder, const char *name)
{
    char path[CAIRN_PATH_BYTES];
    fclose(writer->out);
    cairn_status st = cairn_path_join(folder, name, path);
    char *slash = strrchr(path, '/');
    if (st == CAIRN_OK) {
        *slash = '\0';
        st = cairn_folder_make(path);
        *slash = '/';
    }
    if (st == CAIRN_OK) st = cairn_file_replace(path, writer->text, writer->n);
    free(writer->text);
    return st;
}

static cairn_status put_reader(FILE *out, const char *folder, const char *name)
{
    char path[CAIRN_PATH_BYTES];
    char *text = NULL;
    CAIRN_TRY(cairn_path_join(folder, name, path));
    CAIRN_TRY(cairn_file_read_given(path, &text));
    if (text == NULL) return cairn_fail(CAIRN_USAGE, "%s: is not there", path);
    fputs(text, out);
    free(text);
    return CAIRN_OK;
}

static cairn_status write_manual(const char *out)
{
    struct writer writer;
    char name[128];
    CAIRN_TRY(begin(&writer));
    cairn_pages_program(writer.out);
    CAIRN_TRY(finish(&writer, out, "man/man1/cairn.1"));
    CAIRN_TRY(begin(&writer));
    cairn_pages_options(writer.out);
    CAIRN_TRY(finish(&writer, out, "man/man5/cairn-options.5"));
    for (size_t i = 0; cairn_pages_commands[i] != NULL; i++) {
        snprintf(name, sizeof name, "man/man1/cairn-%s.1", cairn_pages_commands[i]->name);
        CAIRN_TRY(begin(&writer));
        cairn_pages_command(writer.out, cairn_pages_commands[i]);
        CAIRN_TRY(finish(&writer, out, name));
    }
    return CAIRN_OK;
}

static cairn_status write_completion(const char *readers, const char *out)
{
    struct writer writer;
    CAIRN_TRY(begin(&writer));
    cairn_pages_words(writer.out);
    CAIRN_TRY(put_reader(writer.out, readers, "cairn.bash"));
    CAIRN_TRY(finish(&writer, out, "bash-completion/completions/cairn"));
    CAIRN_TRY(begin(&writer));
    fputs("#compdef cairn\n", writer.out);
    cairn_pages_words(writer.out);
    cairn_pages_described(writer.out);
    CAIRN_TRY(put_reader(writer.out, readers, "cairn.zsh"));
    return finish(&writer, out, "zsh/site-functions/_cairn");
}

int main(int argc, char **argv)
{
    const char *missing = cairn_cpu_missing();
    if (missing != NULL) {
        fprintf(stderr, "this CPU has no %s\n", missing);
        return CAIRN_USAGE;
    }
    if (argc != 3) return CAIRN_USAGE;
    cairn_status st = write_manual(argv[2]);
    if (st == CAIRN_OK) st = write_completion(argv[1], argv[2]);
    if (st != CAIRN_OK) fprintf(stderr, "%s\n", cairn_error_text());
    return cairn_exit_code(st);
}
