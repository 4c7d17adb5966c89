/* SPDX-License-Identifier: BSD-3-Clause
 * train.c in C++. */
#include <cairn/cairn.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

static void must(cairn_status st)
{
    if (st != CAIRN_OK) throw std::runtime_error(cairn_error_text());
}

template <class T> using owned = std::unique_ptr<T, void (*)(T *)>;

static void train(const char *path)
{
    const char *const overrides[] = {"train.updates=2", nullptr};
    cairn_comm *c = nullptr;
    cairn_options *o = nullptr;
    cairn_trainer *t = nullptr;
    must(cairn_comm_open(&c));
    owned<cairn_comm> comm(c, cairn_comm_close);
    must(cairn_options_read(path, overrides, &o));
    owned<cairn_options> options(o, cairn_options_free);
    must(cairn_options_set(o, "optim.lr", "0.05"));
    must(cairn_trainer_open(o, c, &t));
    owned<cairn_trainer> trainer(t, cairn_trainer_close);
    cairn_update_record record{};
    while (!cairn_trainer_done(t)) must(cairn_trainer_update(t, &record));
    std::printf("%s %d %llu %.6f %016llX\n", cairn_version(), static_cast<int>(sizeof record),
                static_cast<unsigned long long>(record.update), record.loss,
                static_cast<unsigned long long>(cairn_trainer_weights_hash(t)));
}

int main(int argc, char **argv)
{
    try {
        if (argc > 1) train(argv[1]);
    } catch (const std::exception &e) {
        std::fprintf(stderr, "%s\n", e.what());
        return 1;
    }
}
