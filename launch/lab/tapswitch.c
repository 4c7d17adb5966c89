// SPDX-License-Identifier: BSD-3-Clause
/*
 * A learning Ethernet switch in user space, whose links have latency, rate and loss and can go
 * down: for kernels without sch_netem.  Not for speed: every frame goes through this process
 * (figures in README.md).
 *
 *   tapswitch CONTROL READY NAME NAME ...
 *
 * makes a TAP device for each name, which the caller moves into a host's network namespace, creates
 * the file READY, and then takes lines from the named pipe CONTROL, each answered by lines on
 * stderr:
 *
 *   delay US [NAME]    what a host sends arrives that much later
 *   loss PPM [NAME]    of a million frames that a host sends so many are dropped
 *   rate MBIT [NAME]   of a host's link, each way; 0 is no limit
 *   up NAME | down NAME | stats
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum {
    PORTS_MOST = 32,
    QUEUE_MOST = 65536,    /* frames on their way */
    FRAME_BYTES = 2048,    /* a TAP device's frames have 1,514 at most */
    HEADER_BYTES = 14,     /* two addresses of 6, a type */
    WIRE_BYTES = 24,       /* what a frame takes on a wire besides: preamble, checksum, gap */
    BURST = 32,            /* frames taken from one port before the others have their turn */
    BACKLOG_NS = 50000000, /* what a link may have waiting before it drops frames */
};

struct port {
    char name[IFNAMSIZ];
    int fd;
    bool up;
    bool known;     /* mac is */
    uint8_t mac[6]; /* of the host behind it, learnt from what it sends */
    int64_t delay_ns;
    int64_t ps_per_byte;
    uint32_t loss_ppm;
    int64_t out_free_ns; /* when the link is free again, host to switch */
    int64_t in_free_ns;  /* switch to host */
    uint64_t n_sent;     /* frames, as the host sees it */
    uint64_t n_received;
    uint64_t n_dropped; /* that the host sent */
};

struct frame {
    int64_t due_ns;
    uint64_t number; /* keeps the order of those due at once */
    size_t to;
    size_t n_bytes;
    uint8_t *bytes;
};

struct net {
    struct port port[PORTS_MOST];
    size_t n_ports;
    struct frame queue[QUEUE_MOST]; /* a heap, the first due at the top */
    size_t n_queued;
    uint64_t n_frames;
    uint64_t random; /* xorshift: the same losses each time */
    int control;
    char line[256]; /* of control, as far as it has come */
    size_t n_line;
};

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static bool before(const struct frame *a, const struct frame *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->number < b->number;
}

static void queue_push(struct net *net, struct frame frame)
{
    size_t i = net->n_queued++;
    while (i > 0 && before(&frame, &net->queue[(i - 1) / 2])) {
        net->queue[i] = net->queue[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    net->queue[i] = frame;
}

static struct frame queue_pop(struct net *net)
{
    struct frame top = net->queue[0];
    struct frame last = net->queue[--net->n_queued];
    size_t i = 0;
    size_t child = 1;
    while (child < net->n_queued) {
        if (child + 1 < net->n_queued && before(&net->queue[child + 1], &net->queue[child]))
            child++;
        if (!before(&net->queue[child], &last)) break;
        net->queue[i] = net->queue[child];
        i = child;
        child = 2 * i + 1;
    }
    net->queue[i] = last;
    return top;
}

static bool is_lost(struct net *net, const struct port *from)
{
    net->random ^= net->random << 13;
    net->random ^= net->random >> 7;
    net->random ^= net->random << 17;
    return net->random % 1000000 < from->loss_ppm;
}

/* When a frame is through both links, or -1 where it is dropped on its way. */
static int64_t arrival_ns(struct net *net, struct port *from, struct port *to, size_t n_bytes)
{
    int64_t now = now_ns();
    int64_t bytes = (int64_t)n_bytes + WIRE_BYTES;
    int64_t begin = later(now, from->out_free_ns);
    if (!from->up || !to->up || net->n_queued == QUEUE_MOST || is_lost(net, from)) return -1;
    if (begin - now > BACKLOG_NS) return -1;
    int64_t through = begin + bytes * from->ps_per_byte / 1000;
    int64_t begin_in = later(through + from->delay_ns, to->in_free_ns);
    if (begin_in - through - from->delay_ns > BACKLOG_NS) return -1;
    from->out_free_ns = through;
    to->in_free_ns = begin_in + bytes * to->ps_per_byte / 1000;
    return to->in_free_ns;
}

static void forward(struct net *net, size_t from, size_t to, const uint8_t *bytes, size_t n_bytes)
{
    int64_t due = arrival_ns(net, &net->port[from], &net->port[to], n_bytes);
    uint8_t *copy = due >= 0 ? malloc(n_bytes) : NULL;
    if (copy == NULL) {
        net->port[from].n_dropped++;
        return;
    }
    memcpy(copy, bytes, n_bytes);
    queue_push(net, (struct frame){due, net->n_frames++, to, n_bytes, copy});
}

/* To the port where the address was seen, else to all others. */
static void route(struct net *net, size_t from, const uint8_t *bytes, size_t n_bytes)
{
    bool to_one = (bytes[0] & 1) == 0;
    for (size_t i = 0; to_one && i < net->n_ports; i++) {
        if (!net->port[i].known || memcmp(net->port[i].mac, bytes, 6) != 0) continue;
        if (i != from) forward(net, from, i, bytes, n_bytes);
        return;
    }
    for (size_t i = 0; i < net->n_ports; i++)
        if (i != from) forward(net, from, i, bytes, n_bytes);
}

static void receive(struct net *net, size_t from)
{
    uint8_t bytes[FRAME_BYTES];
    struct port *port = &net->port[from];
    for (int i = 0; i < BURST; i++) {
        ssize_t n = read(port->fd, bytes, sizeof bytes);
        if (n < HEADER_BYTES) return;
        port->n_sent++;
        memcpy(port->mac, bytes + 6, 6);
        port->known = true;
        route(net, from, bytes, (size_t)n);
    }
}

static void deliver(struct net *net)
{
    while (net->n_queued > 0 && net->queue[0].due_ns <= now_ns()) {
        struct frame frame = queue_pop(net);
        struct port *to = &net->port[frame.to];
        if (to->up && write(to->fd, frame.bytes, frame.n_bytes) == (ssize_t)frame.n_bytes)
            to->n_received++;
        free(frame.bytes);
    }
}

static void set(struct port *port, const char *what, unsigned long value)
{
    if (strcmp(what, "delay") == 0) port->delay_ns = (int64_t)value * 1000;
    if (strcmp(what, "loss") == 0) port->loss_ppm = (uint32_t)value;
    if (strcmp(what, "rate") == 0) port->ps_per_byte = value == 0 ? 0 : (int64_t)(8000000 / value);
}

/* A setting of one port or, without a name, of all; how many that were. */
static size_t set_ports(struct net *net, const char *what, unsigned long value, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < net->n_ports; i++) {
        if (name[0] != '\0' && strcmp(name, net->port[i].name) != 0) continue;
        set(&net->port[i], what, value);
        n++;
    }
    return n;
}

static size_t set_up(struct net *net, bool up, const char *name)
{
    for (size_t i = 0; i < net->n_ports; i++) {
        if (strcmp(name, net->port[i].name) != 0) continue;
        net->port[i].up = up;
        return 1;
    }
    return 0;
}

static size_t print_stats(const struct net *net)
{
    for (size_t i = 0; i < net->n_ports; i++) {
        const struct port *port = &net->port[i];
        fprintf(stderr, "%s sent %llu received %llu dropped %llu\n", port->name,
                (unsigned long long)port->n_sent, (unsigned long long)port->n_received,
                (unsigned long long)port->n_dropped);
    }
    return net->n_ports;
}

static void command(struct net *net, const char *line)
{
    char word[3][32] = {"", "", ""};
    size_t n_done = 0;
    if (sscanf(line, "%31s %31s %31s", word[0], word[1], word[2]) < 1) return;
    char *end = word[1];
    unsigned long value = strtoul(word[1], &end, 10);
    bool is_number = end != word[1] && *end == '\0' && value <= 1000000000;
    bool is_setting = strcmp(word[0], "delay") == 0 || strcmp(word[0], "loss") == 0 ||
                      strcmp(word[0], "rate") == 0;
    if (strcmp(word[0], "stats") == 0)
        n_done = print_stats(net);
    else if (strcmp(word[0], "up") == 0 || strcmp(word[0], "down") == 0)
        n_done = set_up(net, word[0][0] == 'u', word[1]);
    else if (is_setting && is_number)
        n_done = set_ports(net, word[0], value, word[2]);
    if (n_done == 0)
        fprintf(stderr, "tapswitch: cannot do: %s\n", line);
    else if (strcmp(word[0], "stats") != 0)
        fprintf(stderr, "%s\n", line);
    fflush(stderr);
}

static void read_commands(struct net *net)
{
    char c;
    while (read(net->control, &c, 1) == 1) {
        if (c == '\n') {
            net->line[net->n_line] = '\0';
            command(net, net->line);
            net->n_line = 0;
        } else if (net->n_line + 1 < sizeof net->line) {
            net->line[net->n_line++] = c;
        }
    }
}

static bool add_port(struct net *net, const char *name)
{
    struct ifreq request = {0};
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || net->n_ports == PORTS_MOST || strlen(name) >= IFNAMSIZ) return false;
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    memcpy(request.ifr_name, name, strlen(name));
    if (ioctl(fd, TUNSETIFF, &request) != 0) return false;
    struct port *port = &net->port[net->n_ports++];
    memcpy(port->name, name, strlen(name));
    port->fd = fd;
    port->up = true;
    return true;
}

/* Sleep until a frame comes, one is due, or there is a command; false where that fails. */
static bool wait_for_work(struct net *net, struct pollfd *ready)
{
    struct timespec limit = {1, 0};
    if (net->n_queued > 0) {
        int64_t ns = later(0, net->queue[0].due_ns - now_ns());
        limit = (struct timespec){ns / 1000000000, ns % 1000000000};
    }
    for (size_t i = 0; i < net->n_ports; i++)
        ready[i] = (struct pollfd){net->port[i].fd, POLLIN, 0};
    ready[net->n_ports] = (struct pollfd){net->control, POLLIN, 0};
    return ppoll(ready, net->n_ports + 1, &limit, NULL) >= 0;
}

static int fail(const char *what)
{
    perror(what);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc < 4) return 2;
    struct net *net = calloc(1, sizeof *net);
    struct pollfd ready[PORTS_MOST + 1];
    if (net == NULL) return fail("tapswitch: memory");
    net->random = 88172645463325252;
    for (int i = 3; i < argc; i++)
        if (!add_port(net, argv[i])) return fail(argv[i]);
    net->control = open(argv[1], O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (net->control < 0) return fail(argv[1]);
    if (close(open(argv[2], O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) != 0) return fail(argv[2]);
    while (wait_for_work(net, ready)) {
        deliver(net);
        for (size_t i = 0; i < net->n_ports; i++)
            if ((ready[i].revents & POLLIN) != 0) receive(net, i);
        if ((ready[net->n_ports].revents & POLLIN) != 0) read_commands(net);
    }
    return fail("tapswitch: poll");
}
