/* SPDX-License-Identifier: BSD-3-Clause
 * The reader of command lines, and a walk over the tables of all commands. */
#include "cli/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/config.h"

enum { MOST_WORDS = 16, COLUMNS = 80, LINE_BYTES = 256, LARGEST_REQUEST = 1 << 16 };

/* ---- the reader */

struct inner {
    const char *pair[2];
    int colour;
};

struct request {
    const char *operand;
    const char *out, *prompt, *many[3];
    size_t n, other, bare;
    double real, span;
    bool on, off;
    struct inner inner;
};

#define AT(field) offsetof(struct request, field)

static const struct cairn_option outer[] = {
    {"WORD", .doc = "an operand"},
    {"--out", "DIR", CAIRN_KEY_PATH, AT(out), .doc = "a folder", .required = true},
    {"--prompt", "TEXT", CAIRN_KEY_TEXT, AT(prompt), .doc = "a text", .fallback = "once",
     .may_be_empty = true},
    {"--many", "TEXT", CAIRN_KEY_TEXT, AT(many), .doc = "texts", .most = 2},
    {"-n", "N", CAIRN_KEY_COUNT, AT(n), .doc = "a number", .low = 1, .high = 9, .required = true},
    {"--other", "N", CAIRN_KEY_COUNT, AT(other), .doc = "a number", .fallback = "7", .high = 9},
    {"--real", "X", CAIRN_KEY_REAL, AT(real), .doc = "a number", .fallback = "0.5", .high = 1},
    {"--span", "TIME", CAIRN_KEY_DURATION, AT(span), .doc = "a span of time", .high = 3600},
    {"--bare", "[=N]", CAIRN_KEY_COUNT, AT(bare), .doc = "a number", .high = 9, .bare = "4"},
    {"--on", NULL, CAIRN_KEY_BOOL, AT(on), .doc = "a switch"},
    {"--no-off", NULL, CAIRN_KEY_BOOL, AT(off), .doc = "a switch", .fallback = "true",
     .clears = true},
    {.name = NULL},
};

static const struct cairn_option within[] = {
    {"--pair", "A B", CAIRN_KEY_PATH, offsetof(struct inner, pair), .doc = "two files",
     .pair = true},
    {"--colour", .type = CAIRN_KEY_CHOICE, .offset = offsetof(struct inner, colour),
     .doc = "a colour", .fallback = "green", .words = "red green blue"},
    {.name = NULL},
};

static cairn_status take(void *request, const char *value)
{
    struct request *taken = request;
    if (taken->operand != NULL) return cairn_fail(CAIRN_USAGE, "not also %s", value);
    taken->operand = value;
    return CAIRN_OK;
}

static const struct cairn_command example = {
    .name = "example",
    .operands = "WORD [key=value ...] MORE",
    .doc = "does nothing",
    .tables = {{.flags = outer}, {within, .at = AT(inner)}},
    .take = take,
};

/* Read words separated by bars, which are cut in `text`. */
static cairn_status read_words(const struct cairn_command *command, char *text, void *request)
{
    char *words[MOST_WORDS + 1] = {NULL};
    struct cairn_arguments arguments = {.value = words};
    for (char *next = text; next != NULL && arguments.count < MOST_WORDS; arguments.count++) {
        words[arguments.count] = next;
        next = strchr(next, '|');
        if (next != NULL) *next++ = '\0';
    }
    return cairn_arguments_read(command, &arguments, request);
}

static void test_defaults(void **state)
{
    (void)state;
    struct request request = {.operand = NULL};
    char text[] = "word";
    assert_int_equal(read_words(&example, text, &request), CAIRN_OK);
    assert_string_equal(request.operand, "word");
    assert_null(request.out);
    assert_string_equal(request.prompt, "once");
    assert_null(request.many[0]);
    assert_int_equal(request.n, 0);
    assert_int_equal(request.other, 7);
    assert_true(request.real == 0.5 && request.span == 0);
    assert_true(!request.on && request.off);
    assert_int_equal(request.inner.colour, 1);
}

static void test_values(void **state)
{
    (void)state;
    struct request request = {.operand = NULL};
    char text[] = "--out=a=b|--prompt||-|-n|3|--other=0|--many|-x|--many=y|--real=1e-1|--span|2m|"
                  "--on|--no-off|--colour=blue";
    char more[] = "--pair|one|two|word|--pair=three|--on";
    assert_int_equal(read_words(&example, text, &request), CAIRN_OK);
    assert_string_equal(request.operand, "-");
    assert_string_equal(request.out, "a=b");
    assert_string_equal(request.prompt, "");
    assert_string_equal(request.many[0], "-x");
    assert_string_equal(request.many[1], "y");
    assert_null(request.many[2]);
    assert_true(request.n == 3 && request.other == 0);
    assert_true(request.real == 0.1 && request.span == 120);
    assert_true(request.on && !request.off);
    assert_int_equal(request.inner.colour, 2);
    request = (struct request){.operand = NULL};
    assert_int_equal(read_words(&example, more, &request), CAIRN_OK);
    assert_string_equal(request.inner.pair[0], "three");
    assert_string_equal(request.inner.pair[1], "two");
    assert_true(request.on);
}

/* A value that only "=" brings: the word after it is another one. */
static void test_bare(void **state)
{
    (void)state;
    struct request request = {.operand = NULL};
    char without[] = "--bare|7";
    assert_int_equal(read_words(&example, without, &request), CAIRN_OK);
    assert_int_equal(request.bare, 4);
    assert_string_equal(request.operand, "7");
    char with[] = "--bare=5";
    assert_int_equal(read_words(&example, with, &request), CAIRN_OK);
    assert_int_equal(request.bare, 5);
    char empty[] = "--bare=";
    assert_int_equal(read_words(&example, empty, &request), CAIRN_USAGE);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *words, *said;
    } cases[] = {
        {"--on=1", "--on takes no value"},
        {"--out", "--out needs a value"},
        {"--out=", "--out needs a value, not an empty one"},
        {"--out||", "--out needs a value, not an empty one"},
        {"--many|a|--many|b|--many|c", "more than 2 times --many"},
        {"-n|0", "command line: -n is 0, but must be at least 1"},
        {"-n|ten", "command line: -n is ten, but takes a whole number"},
        {"--real=2", "command line: --real is 2, but must be at most 1"},
        {"--span=soon", "command line: --span is soon, but takes a span of time"},
        {"--colour|gren", "command line: --colour is gren, but takes one of: red green blue"},
        {"--colou|red", "there is no option --colou; did you mean --colour?"},
        {"--quite", "there is no option --quite; did you mean --quiet?"},
        {"--overgrown=3", "there is no option --overgrown; see -h"},
        {"--lr|0.1", "a key without dashes: optim.lr=0.1"},
        {"--lr=0.2|a=b", "a key without dashes: optim.lr=0.2"},
        {"--lr|--on", "a key without dashes: optim.lr=VALUE"},
        {"--lr|a=b", "a key without dashes: optim.lr=VALUE"},
        {"a|b", "not also b"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct request request = {.operand = NULL};
        char text[LINE_BYTES];
        snprintf(text, sizeof text, "%s", cases[i].words);
        cairn_status st = read_words(&example, text, &request);
        if (st != CAIRN_USAGE) fail_msg("%s: %d", cases[i].words, (int)st);
        if (strstr(cairn_error_text(), cases[i].said) == NULL)
            fail_msg("%s: %s", cases[i].words, cairn_error_text());
    }
}

static void test_complete(void **state)
{
    (void)state;
    struct request request = {.out = "x"};
    assert_int_equal(cairn_arguments_complete(&example, &request), CAIRN_USAGE);
    assert_string_equal(cairn_error_text(),
                        "-n is missing; usage: cairn example WORD MORE --out DIR -n N");
    request.n = 1;
    assert_int_equal(cairn_arguments_complete(&example, &request), CAIRN_OK);
}

/* ---- the tables of all commands */

static const struct cairn_command *const commands[] = {
#define X(name) &cairn_command_##name,
#include "cli/commands.def"
#undef X
};

static const struct cairn_command *walked;
static char *help;

/* Whether the help has the flag at the beginning of a line. */
static bool in_help(const struct cairn_option *flag)
{
    char value[CAIRN_VALUE_BYTES];
    char line[LINE_BYTES];
    cairn_option_value(flag, value);
    const bool apart = value[0] != '\0' && flag->bare == NULL; /* --watch[=SECONDS] */
    int n = snprintf(line, sizeof line, "\n  %s%s%s", flag->name, apart ? " " : "", value);
    for (const char *at = strstr(help, line); at != NULL; at = strstr(at + 1, line))
        if (at[n] == ' ' || at[n] == '\n') return true;
    return false;
}

/* A slip of the finger: the flag itself is named, or the key that is so called. */
static void check_near(const struct cairn_option *flag, const struct cairn_command *command)
{
    char text[LINE_BYTES];
    char key[LINE_BYTES];
    char wanted[3 * LINE_BYTES];
    static unsigned char request[LARGEST_REQUEST];
    memset(request, 0, sizeof request);
    snprintf(text, sizeof text, "%sx", flag->name);
    bool is_key = cairn_known_option(text, NULL, key, sizeof key);
    snprintf(wanted, sizeof wanted, "there is no option %s; did you mean %s?", text, flag->name);
    assert_int_equal(read_words(command, text, request), CAIRN_USAGE);
    if (!is_key && strcmp(cairn_error_text(), wanted) != 0)
        fail_msg("cairn %s: %s", command->name, cairn_error_text());
}

static void check_table(const struct cairn_option_table *table, const struct cairn_command *command)
{
    for (const struct cairn_option *flag = table->flags; flag->name != NULL; flag++) {
        if (flag->doc == NULL || flag->doc[0] == '\0') fail_msg("%s: no doc", flag->name);
        if (!in_help(flag)) fail_msg("cairn %s -h has no %s", walked->name, flag->name);
        if (flag->name[0] != '-') continue;
        bool takes = flag->value != NULL || flag->words != NULL;
        if (takes != (flag->type != CAIRN_KEY_BOOL)) fail_msg("%s: a value?", flag->name);
        if (flag->type == CAIRN_KEY_TREE) fail_msg("%s: a tree", flag->name);
        bool ranged = flag->type == CAIRN_KEY_COUNT || flag->type == CAIRN_KEY_REAL;
        if (ranged && flag->low >= flag->high) fail_msg("%s: no range", flag->name);
        if (command != NULL) check_near(flag, command);
    }
}

static void check_lines(void)
{
    for (const char *line = help; *line != '\0'; line += strcspn(line, "\n") + 1) {
        size_t n = strcspn(line, "\n");
        if (n > COLUMNS) fail_msg("cairn %s -h: %.*s", walked->name, (int)n, line);
        if (n > 0 && line[n - 1] == ' ') fail_msg("cairn %s -h: a blank at an end", walked->name);
        assert_true(line[n] == '\n');
    }
}

static void test_every_command(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        struct cairn_option_table further[CAIRN_MOST_TABLES] = {{.flags = NULL}};
        size_t n = 0;
        walked = commands[i];
        FILE *out = open_memstream(&help, &n);
        assert_non_null(out);
        cairn_help_print(out, walked);
        fclose(out);
        check_lines();
        assert_non_null(strstr(help, walked->doc));
        for (const struct cairn_option_table *t = walked->tables; t->flags != NULL; t++)
            check_table(t, walked);
        if (walked->more != NULL) walked->more(further);
        for (const struct cairn_option_table *t = further; t->flags != NULL; t++)
            check_table(t, NULL);
        if (walked->also != NULL)
            for (const struct cairn_option_table *t = walked->also->tables; t->flags != NULL; t++)
                check_table(t, walked->also);
        free(help);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_values),
        cmocka_unit_test(test_bare),     cmocka_unit_test(test_refused),
        cmocka_unit_test(test_complete), cmocka_unit_test(test_every_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
