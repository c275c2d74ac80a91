/* SPDX-License-Identifier: GPL-2.0-only */
/* QEMU as a child process: its command line, sockets and shared memory. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rig_priv.h"

#define ANSWER_MS   20000       /* nothing of this takes a second */
#define MAX_ARGS    64

struct qemu rig_qemu = { .pid = -1, .qtest = -1, .qmp = -1 };
static char answer[65536];

static void path_of(char *buf, size_t size, const char *name)
{
    snprintf(buf, size, "%s/%s", rig_qemu.dir, name);
}

static void fail(const char *what)
{
    test_fail(__FILE__, __LINE__, "QEMU: %s", what);
    qemu_stop();
    test_stop();
}

/* ---- Sockets ---- */

static int listen_at(const char *name)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    path_of(a.sun_path, sizeof(a.sun_path), name);
    if ( fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) ||
         listen(fd, 1) )
        fail("cannot listen on a socket");
    return fd;
}

static bool readable(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };

    return poll(&p, 1, ANSWER_MS) == 1;
}

static int accept_at(int fd)
{
    int got = readable(fd) ? accept4(fd, NULL, NULL, SOCK_CLOEXEC) : -1;

    close(fd);
    if ( got < 0 )
        fail("did not connect to its socket");
    return got;
}

/* A line into answer[], without its end. */
static void read_line(int fd)
{
    size_t n = 0;

    do {
        ssize_t got;

        if ( !readable(fd) )
            fail("does not answer");
        got = read(fd, answer + n, sizeof(answer) - 1 - n);
        if ( got <= 0 )
            fail("closed its socket");
        n += (size_t)got;
    } while ( answer[n - 1] != '\n' && n < sizeof(answer) - 1 );
    answer[n - 1] = '\0';
}

uint64_t qtest_request(const char *fmt, ...)
{
    char line[128];
    va_list ap;
    int len;

    if ( rig_qemu.qtest < 0 )
        return ~(uint64_t)0;
    va_start(ap, fmt);
    len = vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);

    rig_qemu.requests++;
    if ( write(rig_qemu.qtest, line, (size_t)len) != len )
        fail("does not take a request");
    read_line(rig_qemu.qtest);
    if ( strncmp(answer, "OK", 2) )
        fail(answer);
    return answer[2] ? strtoull(answer + 3, NULL, 0) : 0;
}

/* Events may come first: the answer is the line that begins with "return". */
static const char *qmp_request(const char *json)
{
    size_t len = strlen(json);

    if ( write(rig_qemu.qmp, json, len) != (ssize_t)len )
        fail("does not take a command");
    do {
        read_line(rig_qemu.qmp);
    } while ( !strstr(answer, "\"return\"") && !strstr(answer, "\"error\"") );
    return answer;
}

/* The answer's text with its tabs and line ends instead of \\t and \\r\\n. */
static void unescape(char *s)
{
    char *out = s;

    for ( ; *s; s++ )
        if ( s[0] == '\\' && s[1] )
        {
            s++;
            *out++ = *s == 't' ? '\t' : *s == 'n' ? '\n' : ' ';
        }
        else
            *out++ = *s;
    *out = '\0';
}

const char *rig_monitor(const char *cmd)
{
    char json[256];

    snprintf(json, sizeof(json), "{\"execute\": \"human-monitor-command\", "
             "\"arguments\": {\"command-line\": \"%s\"}}\n", cmd);
    (void)qmp_request(json);
    unescape(answer);
    return answer;
}

/* ---- The machine ---- */

static void make_files(void)
{
    static uint8_t halt[65536];
    static const uint8_t code[] = { 0xfa, 0xf4, 0xeb, 0xfd };
    char path[128];
    int fd;

    /* cli; hlt; jmp to hlt, at the reset vector. */
    memcpy(halt + 0xfff0, code, sizeof(code));
    path_of(path, sizeof(path), "halt");
    fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if ( fd < 0 || write(fd, halt, sizeof(halt)) != (ssize_t)sizeof(halt) )
        fail("cannot write its firmware");
    close(fd);

    path_of(path, sizeof(path), "ram");
    fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if ( fd < 0 || ftruncate(fd, (off_t)RIG_RAM) )
        fail("cannot make its RAM");
    /* The last one's was kept mapped: the allocators may look at it. */
    if ( rig_qemu.ram )
        munmap(rig_qemu.ram, RIG_RAM);
    rig_qemu.ram = mmap(NULL, RIG_RAM, PROT_READ | PROT_WRITE, MAP_SHARED,
                        fd, 0);
    close(fd);
    if ( rig_qemu.ram == MAP_FAILED )
        rig_qemu.ram = NULL;
    if ( !rig_qemu.ram )
        fail("cannot map its RAM");
}

struct args
{
    char *v[MAX_ARGS];
    unsigned int n;
};

static void add_arg(struct args *a, const char *fmt, ...)
    __attribute__((__format__(__printf__, 2, 3)));
static void add_arg(struct args *a, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    if ( a->n + 1 < MAX_ARGS && vasprintf(&a->v[a->n], fmt, ap) >= 0 )
        a->n++;
    va_end(ap);
}

static void iommu_args(struct args *a, const struct rig_config *c)
{
    char bits[32] = "";

    if ( c->amd )
    {
        add_arg(a, "-device");
        add_arg(a, "amd-iommu,intremap=%s%s%s", c->no_intremap ? "off" : "on",
                c->iommu ? "," : "", c->iommu ? c->iommu : "");
        return;
    }
    if ( c->aw_bits )
        snprintf(bits, sizeof(bits), ",aw-bits=%u", c->aw_bits);
    add_arg(a, "-device");
    add_arg(a, "intel-iommu,intremap=%s,caching-mode=%s,device-iotlb=%s,"
               "snoop-control=%s,pt=%s%s%s%s%s",
            c->no_intremap ? "off" : "on",
            c->caching_mode ? "on" : "off", c->device_iotlb ? "on" : "off",
            c->snoop_control ? "on" : "off", c->no_pt ? "off" : "on", bits,
            c->eim ? ",x-buggy-eim=on" : "", c->iommu ? "," : "",
            c->iommu ? c->iommu : "");
}

static void add_words(struct args *a, const char *words)
{
    char copy[512], *word;

    snprintf(copy, sizeof(copy), "%s", words ? words : "");
    for ( word = strtok(copy, " "); word; word = strtok(NULL, " ") )
        add_arg(a, "%s", word);
}

static void make_args(struct args *a, const struct rig_config *c)
{
    static const char *const fixed[] = {
        "-accel", "tcg", "-display", "none", "-nodefaults", "-no-user-config",
        "-m", "256M", "-qtest-log", "/dev/null", "-M",
        "q35,memory-backend=ram",
    };
    const char *qemu = getenv("QEMU"), *first, *second;
    unsigned int i;

    add_arg(a, "%s", qemu ? qemu : "qemu-system-x86_64");
    for ( i = 0; i < ARRAY_SIZE(fixed); i++ )
        add_arg(a, "%s", fixed[i]);
    add_arg(a, "-bios");
    add_arg(a, "%s/halt", rig_qemu.dir);
    add_arg(a, "-object");
    add_arg(a, "memory-backend-file,id=ram,size=256M,mem-path=%s/ram,"
               "share=on", rig_qemu.dir);
    add_arg(a, "-qtest");
    add_arg(a, "unix:%s/qtest", rig_qemu.dir);
    add_arg(a, "-qmp");
    add_arg(a, "unix:%s/qmp", rig_qemu.dir);
    iommu_args(a, c);
    place_set(c, &first, &second);
    add_words(a, first);
    add_words(a, second);
    add_words(a, c->extra);
    a->v[a->n] = NULL;
}

static void log_args(const struct args *a)
{
    char line[960];
    size_t n = 0;
    unsigned int i;

    for ( i = 0; i < a->n && n < sizeof(line); i++ )
        n += (size_t)snprintf(line + n, sizeof(line) - n, " %s", a->v[i]);
    host_log_info("QEMU command:%s", line);
}

static void child(const struct args *a)
{
    char path[128];
    int fd;

    /* Whatever happens to us, QEMU does not stay behind. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    path_of(path, sizeof(path), "stderr");
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    if ( fd >= 0 )
        dup2(fd, 2);
    fd = open("/dev/null", O_RDWR);
    if ( fd >= 0 )
    {
        dup2(fd, 0);
        dup2(fd, 1);
    }
    execvp(a->v[0], a->v);
    _exit(127);
}

bool qemu_start(const struct rig_config *cfg)
{
    struct args a = { .n = 0 };
    int qtest, qmp;
    unsigned int i;

    qemu_stop();
    snprintf(rig_qemu.dir, sizeof(rig_qemu.dir), "/dev/shm/moat-rig-XXXXXX");
    if ( !mkdtemp(rig_qemu.dir) )
        return false;
    make_files();
    qtest = listen_at("qtest");
    qmp = listen_at("qmp");
    make_args(&a, cfg);
    log_args(&a);

    rig_qemu.requests = 0;
    rig_qemu.pid = fork();
    if ( !rig_qemu.pid )
        child(&a);
    for ( i = 0; i < a.n; i++ )
        free(a.v[i]);
    /* QEMU connects to both before it goes on. */
    rig_qemu.qmp = accept_at(qmp);
    rig_qemu.qtest = accept_at(qtest);
    read_line(rig_qemu.qmp);
    (void)qmp_request("{\"execute\": \"qmp_capabilities\"}\n");
    return true;
}

static void close_fd(int *fd)
{
    if ( *fd >= 0 )
        close(*fd);
    *fd = -1;
}

void qemu_stop(void)
{
    static const char *const files[] = { "halt", "ram", "qtest", "qmp",
                                         "stderr" };
    char path[128];
    unsigned int i;

    if ( rig_qemu.pid > 0 )
    {
        kill(rig_qemu.pid, SIGKILL);
        waitpid(rig_qemu.pid, NULL, 0);
        rig_qemu.pid = -1;
    }
    close_fd(&rig_qemu.qtest);
    close_fd(&rig_qemu.qmp);
    if ( !rig_qemu.dir[0] )
        return;
    for ( i = 0; i < ARRAY_SIZE(files); i++ )
    {
        path_of(path, sizeof(path), files[i]);
        unlink(path);
    }
    rmdir(rig_qemu.dir);
    rig_qemu.dir[0] = '\0';
}
