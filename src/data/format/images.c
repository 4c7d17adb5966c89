/* SPDX-License-Identifier: BSD-3-Clause
 * Folders of images: one for each class, which may lie in folders train, val and test. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/format.h"
#include "data/image/folder.h"
#include "data/image/picture.h"
#include "data/split.h"

/* Where one group is, and its classes. */
struct group {
    char path[CAIRN_PATH_BYTES]; /* "": there is none */
    struct cairn_name_list classes;
    size_t n;
};

/* All that is imported, and what every image becomes. */
struct images {
    const struct cairn_import *import;
    struct group group[CAIRN_N_SPLITS];
    size_t n_others; /* files that are no images */
    bool resize;
    size_t height, width, channels; /* 0: not known yet */
    char first[CAIRN_PATH_BYTES];   /* the image that said so */
    char *class_names;              /* between commas, owned */
};

/* ---- folders */

static bool is_group(const char *name, enum cairn_split *split)
{
    static const struct {
        const char *name;
        enum cairn_split split;
    } names[] = {{"train", CAIRN_SPLIT_TRAIN},    {"training", CAIRN_SPLIT_TRAIN},
                 {"val", CAIRN_SPLIT_VAL},        {"valid", CAIRN_SPLIT_VAL},
                 {"validation", CAIRN_SPLIT_VAL}, {"dev", CAIRN_SPLIT_VAL},
                 {"test", CAIRN_SPLIT_TEST},      {"testing", CAIRN_SPLIT_TEST}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcasecmp(name, names[i].name) != 0) continue;
        *split = names[i].split;
        return true;
    }
    return false;
}

/* Groups where all folders are called so, else the folders are the classes of train. */
static cairn_status find_groups(struct images *images, const char *root)
{
    struct cairn_name_list folders = {.n = 0};
    enum cairn_split split = CAIRN_SPLIT_TRAIN;
    cairn_status st = cairn_folders_in(root, &folders);
    size_t n_groups = 0;
    for (size_t i = 0; i < folders.n; i++) n_groups += is_group(folders.name[i], &split);
    if (st == CAIRN_OK && (folders.n == 0 || (n_groups > 0 && n_groups < folders.n)))
        st = cairn_fail(CAIRN_DATA,
                        "%s: give a folder with a folder of images for each class, or with "
                        "folders train, val and test of such, and nothing else",
                        root);
    if (st == CAIRN_OK && n_groups == 0) st = cairn_path_copy(root, images->group[0].path);
    for (size_t i = 0; i < folders.n && n_groups > 0 && st == CAIRN_OK; i++) {
        is_group(folders.name[i], &split);
        char *path = images->group[split].path;
        st = *path != '\0' ? cairn_fail(CAIRN_DATA, "%s: has two folders for the group %s", root,
                                        cairn_split_name(split))
                           : cairn_path_join(root, folders.name[i], path);
    }
    cairn_name_list_free(&folders);
    return st;
}

static cairn_status list_class(const struct group *group, size_t class, struct cairn_name_list *out,
                               size_t *n_others)
{
    char path[CAIRN_PATH_BYTES];
    CAIRN_TRY(cairn_path_join(group->path, group->classes.name[class], path));
    return cairn_images_in(path, out, n_others);
}

static cairn_status count_group(struct images *images, struct group *group)
{
    if (group->path[0] == '\0') return CAIRN_OK;
    CAIRN_TRY(cairn_folders_in(group->path, &group->classes));
    for (size_t i = 0; i < group->classes.n; i++) {
        struct cairn_name_list files = {.n = 0};
        cairn_status st = list_class(group, i, &files, &images->n_others);
        group->n += files.n;
        cairn_name_list_free(&files);
        CAIRN_TRY(st);
    }
    return group->n > 0
               ? CAIRN_OK
               : cairn_fail(CAIRN_DATA, "%s: no folder in it has a file .png, .jpg or .jpeg",
                            group->path);
}

/* The classes are those of train; others may lack some. */
static cairn_status find_class(const struct images *images, const struct group *group, size_t i,
                               int32_t *label)
{
    const struct cairn_name_list *classes = &images->group[CAIRN_SPLIT_TRAIN].classes;
    const char *name = group->classes.name[i];
    for (size_t k = 0; k < classes->n; k++) {
        if (strcmp(classes->name[k], name) != 0) continue;
        *label = (int32_t)k;
        return CAIRN_OK;
    }
    return cairn_fail(CAIRN_DATA, "%s/%s: is not a class of %s", group->path, name,
                      images->group[CAIRN_SPLIT_TRAIN].path);
}

static cairn_status join_names(struct images *images)
{
    const struct cairn_name_list *classes = &images->group[CAIRN_SPLIT_TRAIN].classes;
    size_t bytes = 1;
    for (size_t i = 0; i < classes->n; i++) {
        if (strchr(classes->name[i], ',') != NULL)
            return cairn_fail(CAIRN_DATA, "%s/%s: the name of a class has no comma; rename it",
                              images->group[CAIRN_SPLIT_TRAIN].path, classes->name[i]);
        bytes += strlen(classes->name[i]) + 1;
    }
    CAIRN_TRY(cairn_memory_get(bytes, 1, "the names of the classes", &images->class_names));
    char *end = images->class_names;
    for (size_t i = 0; i < classes->n; i++)
        end += sprintf(end, "%s%s", i == 0 ? "" : ",", classes->name[i]);
    return CAIRN_OK;
}

/* ---- images */

static cairn_status read_size(struct images *images)
{
    const char *text = images->import->size;
    char *end = NULL;
    if (text == NULL) return CAIRN_OK;
    enum { MOST_SIDE = 8192 };
    const unsigned long height = strtoul(text, &end, 10);
    const bool cross = *end == 'x' && end[1] >= '0' && end[1] <= '9';
    const unsigned long width = cross ? strtoul(end + 1, &end, 10) : 0;
    if (*end != '\0' || height < 1 || width < 1 || height > MOST_SIDE || width > MOST_SIDE)
        return cairn_fail(CAIRN_USAGE, "--size is %s, but takes HEIGHTxWIDTH, such as 224x224",
                          text);
    images->resize = true;
    images->height = height;
    images->width = width;
    return CAIRN_OK;
}

/* The first image says what is not given; all others have to fit. */
static cairn_status take_form(struct images *images, const char *path,
                              const struct cairn_picture *image)
{
    if (images->channels != 0) return CAIRN_OK;
    const int colour = images->import->colour;
    images->channels = colour == CAIRN_COLOUR_GREY  ? 1
                       : colour == CAIRN_COLOUR_RGB ? 3
                                                    : image->channels;
    if (!images->resize) {
        images->height = image->height;
        images->width = image->width;
    }
    return cairn_path_copy(path, images->first);
}

static cairn_status read_image(struct images *images, const char *path, struct cairn_picture *image)
{
    CAIRN_TRY(cairn_picture_read(path, image));
    CAIRN_TRY(take_form(images, path, image));
    if (image->channels > images->channels && images->import->colour == CAIRN_COLOUR_FIRST)
        return cairn_fail(CAIRN_DATA, "%s: has colours, and %s has not; --colour takes grey or rgb",
                          path, images->first);
    CAIRN_TRY(cairn_picture_colour(image, images->channels));
    if (images->resize) return cairn_picture_resize(image, images->height, images->width);
    if (image->height == images->height && image->width == images->width) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA, "%s: is %zu x %zu, and %s is %zu x %zu; --size makes them equal",
                      path, image->height, image->width, images->first, images->height,
                      images->width);
}

/* The first image of all, for the shape of the samples. */
static cairn_status look_at_first(struct images *images)
{
    const struct group *train = &images->group[CAIRN_SPLIT_TRAIN];
    struct cairn_name_list files = {.n = 0};
    struct cairn_picture image = {0};
    size_t n_others = 0;
    cairn_status st = CAIRN_OK;
    for (size_t i = 0; i < train->classes.n && files.n == 0 && st == CAIRN_OK; i++)
        st = list_class(train, i, &files, &n_others);
    if (st == CAIRN_OK) st = read_image(images, files.name[0], &image);
    cairn_picture_free(&image);
    cairn_name_list_free(&files);
    return st;
}

static cairn_status write_class(struct images *images, const struct group *group, size_t class,
                                struct cairn_table *one, struct cairn_sorter *sorter)
{
    struct cairn_name_list files = {.n = 0};
    size_t n_others = 0;
    cairn_status st = list_class(group, class, &files, &n_others);
    for (size_t i = 0; i < files.n && st == CAIRN_OK; i++) {
        struct cairn_picture image = {0};
        st = read_image(images, files.name[i], &image);
        if (st == CAIRN_OK) cairn_picture_planes(&image, (unsigned char *)one->x);
        if (st == CAIRN_OK) st = cairn_sorter_append(sorter, one);
        cairn_picture_free(&image);
    }
    cairn_name_list_free(&files);
    return st;
}

static cairn_status write_group(struct images *images, enum cairn_split split,
                                struct cairn_writer *writer)
{
    const struct group *group = &images->group[split];
    unsigned char *x = NULL;
    int32_t label = 0;
    struct cairn_sorter sorter;
    if (group->n == 0) return CAIRN_OK;
    CAIRN_TRY(cairn_memory_get(images->height * images->width, images->channels, "an image", &x));
    struct cairn_table one = {
        .n = 1,
        .input = {.ndim = 3, .dim = {images->channels, images->height, images->width}},
        .x_type = CAIRN_H5_U8,
        .x = x,
        .scale = 1.0 / 255,
        .label = &label,
        .class_names = images->class_names};
    cairn_status st = cairn_sorter_begin(images->import, split, group->n, &one, writer, &sorter);
    for (size_t i = 0; i < group->classes.n && st == CAIRN_OK; i++) {
        st = find_class(images, group, i, &label);
        if (st == CAIRN_OK) st = write_class(images, group, i, &one, &sorter);
    }
    free(x);
    return st;
}

static cairn_status check_groups(const struct images *images)
{
    const struct cairn_import *import = images->import;
    const struct group *group = images->group;
    if (group[CAIRN_SPLIT_TRAIN].n == 0)
        return cairn_fail(CAIRN_DATA, "%s: has no folder train", import->source[0]);
    if (group[CAIRN_SPLIT_TEST].n > 0 && (import->test_every > 0 || import->test_fraction > 0))
        return cairn_fail(CAIRN_USAGE, "there is a folder test; leave --test-%s away",
                          import->test_every > 0 ? "every" : "fraction");
    return CAIRN_OK;
}

static cairn_status import_images(struct images *images, struct cairn_writer *writer)
{
    CAIRN_TRY(read_size(images));
    CAIRN_TRY(find_groups(images, images->import->source[0]));
    for (int split = 0; split < CAIRN_N_SPLITS; split++)
        CAIRN_TRY(count_group(images, &images->group[split]));
    CAIRN_TRY(check_groups(images));
    if (images->n_others > 0)
        cairn_log_info("left out: %zu files that do not end in .png, .jpg or .jpeg",
                       images->n_others);
    CAIRN_TRY(join_names(images));
    CAIRN_TRY(look_at_first(images));
    for (int split = 0; split < CAIRN_N_SPLITS; split++)
        CAIRN_TRY(write_group(images, (enum cairn_split)split, writer));
    return CAIRN_OK;
}

static cairn_status run(const struct cairn_import *import, struct cairn_writer *writer)
{
    struct images *images = NULL;
    if (import->n_sources != 1)
        return cairn_fail(CAIRN_USAGE, "cairn import images takes one folder, not %zu",
                          import->n_sources);
    CAIRN_TRY(cairn_memory_get(1, sizeof *images, "images", &images));
    images->import = import;
    cairn_status st = import_images(images, writer);
    for (int split = 0; split < CAIRN_N_SPLITS; split++)
        cairn_name_list_free(&images->group[split].classes);
    free(images->class_names);
    free(images);
    return st;
}

#define AT(field) offsetof(struct cairn_import, field)

static const struct cairn_option flags[] = {
    {"--size", "HxW", CAIRN_KEY_TEXT, AT(size),
     .doc = "resize all images to this height and width; without it they have to be equal"},
    {"--colour", .type = CAIRN_KEY_CHOICE, .offset = AT(colour),
     .doc = "one channel or three: as the first image has it, or as you say", .fallback = "first",
     .words = CAIRN_CHOICE_TEXT(CAIRN_WORDS_COLOUR)},
    CAIRN_OPTIONS_DRAWN,
    {.name = NULL},
};

const struct cairn_format cairn_format_images = {
    .name = "images",
    .heading = "images FOLDER: a folder of PNG and JPEG files for each class, maybe in folders "
               "train, val and test; images become [n, C, H, W], scaled by 1/255",
    .flags = flags,
    .run = run,
};
