/* SPDX-License-Identifier: BSD-3-Clause
 * The resolved run file: every key with its value, for people and for reading again.  libyaml's
 * emitter knows which texts want quotes. */
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "config/parts.h"

static bool emit(yaml_emitter_t *emitter, int made, yaml_event_t *event)
{
    return made &&
           yaml_emitter_emit(emitter, event); /* which takes the event, also when it fails */
}

static bool emit_scalar(yaml_emitter_t *emitter, const char *text, bool quoted)
{
    yaml_event_t event;
    union {
        const char *text;
        yaml_char_t *bytes;
    } value = {.text = text};
    yaml_scalar_style_t style = quoted ? YAML_SINGLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE;
    return emit(emitter,
                yaml_scalar_event_initialize(&event, NULL, NULL, value.bytes, (int)strlen(text), 1,
                                             1, style),
                &event);
}

static bool emit_start(yaml_emitter_t *emitter, enum cairn_node_kind kind, bool one_line)
{
    yaml_event_t event;
    int made = kind == CAIRN_NODE_LIST
                   ? yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
                                                          one_line ? YAML_FLOW_SEQUENCE_STYLE
                                                                   : YAML_BLOCK_SEQUENCE_STYLE)
                   : yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
                                                         one_line ? YAML_FLOW_MAPPING_STYLE
                                                                  : YAML_BLOCK_MAPPING_STYLE);
    return emit(emitter, made, &event);
}

static bool emit_end(yaml_emitter_t *emitter, enum cairn_node_kind kind)
{
    yaml_event_t event;
    int made = kind == CAIRN_NODE_LIST ? yaml_sequence_end_event_initialize(&event)
                                       : yaml_mapping_end_event_initialize(&event);
    return emit(emitter, made, &event);
}

static int depth(const struct cairn_node *node)
{
    int deepest = 0;
    for (const struct cairn_node *child = node->child; child != NULL; child = child->next)
        if (depth(child) > deepest) deepest = depth(child);
    return node->kind == CAIRN_NODE_SCALAR ? 0 : deepest + 1;
}

/* A layer stands on one line, unless there are layers in it. */
static bool emit_node(yaml_emitter_t *emitter, const struct cairn_node *node, bool may_be_one_line)
{
    if (node->kind == CAIRN_NODE_SCALAR) return emit_scalar(emitter, node->text, node->quoted);
    bool one_line = may_be_one_line && depth(node) <= 2;
    bool done = emit_start(emitter, node->kind, one_line);
    for (const struct cairn_node *child = node->child; child != NULL && done; child = child->next)
        done = (node->kind == CAIRN_NODE_LIST || emit_scalar(emitter, child->key, false)) &&
               emit_node(emitter, child, true);
    return done && emit_end(emitter, node->kind);
}

static bool emit_value(yaml_emitter_t *emitter, const struct cairn_config *config,
                       const struct cairn_config_walk *walk)
{
    const struct cairn_key *key = walk->key;
    char buffer[CAIRN_KEY_TEXT_BYTES];
    const char *dot = strchr(key->name, '.');
    if (!emit_scalar(emitter, dot == NULL ? key->name : dot + 1, false)) return false;
    if (key->type == CAIRN_KEY_TREE) {
        const struct cairn_node *tree = cairn_tree_find(config->tree, key->name);
        if (tree == NULL) return emit_scalar(emitter, key->fallback, false);
        return emit_node(emitter, tree, tree->kind == CAIRN_NODE_MAP);
    }
    bool is_text = key->type == CAIRN_KEY_TEXT || key->type == CAIRN_KEY_PATH;
    const char *text = cairn_config_text(config, walk, buffer);
    return emit_scalar(emitter, text, is_text && *text == '\0');
}

/* All keys, a block for each section. */
static bool emit_keys(yaml_emitter_t *emitter, const struct cairn_config *config)
{
    char section[64] = "";
    struct cairn_config_walk walk = {0};
    bool done = emit_start(emitter, CAIRN_NODE_MAP, false);
    while (done && cairn_config_next(&walk)) {
        const struct cairn_key *key = walk.key;
        const char *dot = strchr(key->name, '.');
        size_t n_section = dot == NULL ? 0 : (size_t)(dot - key->name);
        bool opens = strlen(section) != n_section || strncmp(section, key->name, n_section) != 0;
        bool is_silent = key->type == CAIRN_KEY_TREE && key->fallback != NULL &&
                         key->fallback[0] == '\0'; /* its default is decided elsewhere */
        if (is_silent && !cairn_config_given(config, key->name)) continue;
        if (opens && section[0] != '\0') done = emit_end(emitter, CAIRN_NODE_MAP);
        snprintf(section, sizeof section, "%.*s", (int)n_section, key->name);
        if (opens && n_section > 0)
            done = done && emit_scalar(emitter, section, false) &&
                   emit_start(emitter, CAIRN_NODE_MAP, false);
        done = done && emit_value(emitter, config, &walk);
    }
    if (done && section[0] != '\0') done = emit_end(emitter, CAIRN_NODE_MAP);
    return done && emit_end(emitter, CAIRN_NODE_MAP);
}

static bool emit_all(yaml_emitter_t *emitter, const struct cairn_config *config)
{
    yaml_event_t event;
    return emit(emitter, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING), &event) &&
           emit(emitter, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1),
                &event) &&
           emit_keys(emitter, config) &&
           emit(emitter, yaml_document_end_event_initialize(&event, 1), &event) &&
           emit(emitter, yaml_stream_end_event_initialize(&event), &event);
}

cairn_status cairn_config_print(const struct cairn_config *config, char **out)
{
    yaml_emitter_t emitter;
    char *text = NULL;
    size_t n = 0;
    bool done = false;
    FILE *memory = open_memstream(&text, &n);
    if (memory == NULL) return cairn_fail(CAIRN_MEMORY, "no memory for the resolved run file");
    if (yaml_emitter_initialize(&emitter)) {
        yaml_emitter_set_output_file(&emitter, memory);
        yaml_emitter_set_unicode(&emitter, 1);
        yaml_emitter_set_width(&emitter, -1);
        done = emit_all(&emitter, config) && yaml_emitter_flush(&emitter);
        yaml_emitter_delete(&emitter);
    }
    if (fclose(memory) != 0) done = false;
    if (!done) {
        free(text);
        return cairn_fail(CAIRN_MEMORY, "no memory for the resolved run file");
    }
    *out = text;
    return CAIRN_OK;
}
