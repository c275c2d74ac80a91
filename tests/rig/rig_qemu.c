/* SPDX-License-Identifier: GPL-2.0-only */
/* QEMU as a child process: its command line, sockets and shared memory. */
#include <fcntl.h>
#include <poll.h>
#include <sanitizer/common_interface_defs.h>
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

/* What QEMU said last, and how it ended: to the log, which holds its command
 * and is printed when a test fails. */
static void log_end(void)
{
    char path[128], line[512];
    int status = 0;
    FILE *f;

    path_of(path, sizeof(path), "stderr");
    f = rig_qemu.dir[0] ? fopen(path, "r") : NULL;
    while ( f && fgets(line, sizeof(line), f) )
    {
        line[strcspn(line, "\n")] = '\0';
        host_log_err("QEMU says: %s", line);
    }
    if ( f )
        fclose(f);
    if ( rig_qemu.pid <= 0 || waitpid(rig_qemu.pid, &status, WNOHANG) <= 0 )
        return;
    rig_qemu.pid = -1;
    host_log_err("QEMU ended: %s %d",
                 WIFSIGNALED(status) ? "signal" : "exit status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void fail(const char *what)
{
    test_fail(__FILE__, __LINE__, "QEMU: %s", what);
    usleep(100000);             /* the time to die */
    log_end();
    qemu_stop();
    test_stop();
}

/* This process crashes: a sanitizer has just said why. */
static void on_death(void)
{
    log_end();
    fprintf(stderr, "%s", sim_log_text());
    qemu_stop();
}

static void on_abort(int sig)
{
    on_death();
    signal(sig, SIG_DFL);
    raise(sig);
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

static int accept_at(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    struct timeval tv = { .tv_sec = ANSWER_MS / 1000 };
    int got = poll(&p, 1, ANSWER_MS) == 1
              ? accept4(fd, NULL, NULL, SOCK_CLOEXEC) : -1;

    close(fd);
    if ( got < 0 || setsockopt(got, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) )
        fail("did not connect to its socket");
    return got;
}

/* @n lines into answer[], of 3 bytes or more, without the last one's end. */
static void read_lines(int fd, unsigned int n)
{
    size_t len = 0, want = 3 * n;
    ssize_t got;

    while ( n )
    {
        /* All in one call: QEMU sends each by itself. */
        got = len || n == 1
              ? recv(fd, answer + len, sizeof(answer) - 1 - len, 0)
              : recv(fd, answer, want, MSG_WAITALL);
        if ( got <= 0 )
            fail(got ? "does not answer" : "closed its socket");
        for ( ; got; got--, len++ )
            n -= answer[len] == '\n' && n;
        if ( len == sizeof(answer) - 1 )
            break;
    }
    answer[len - 1] = '\0';
}

/* Requests that are written together with the next one that is waited for. */
static char posted[2048];
static size_t posted_len;
static unsigned int n_posted;

static void post(const char *fmt, va_list ap)
{
    int len = vsnprintf(posted + posted_len, sizeof(posted) - posted_len, fmt,
                        ap);

    if ( len < 0 || (size_t)len >= sizeof(posted) - posted_len )
        fail("too long a request");
    posted_len += (size_t)len;
    n_posted++;
    rig_qemu.requests++;
}

/* The last answer's value. */
static uint64_t take_answers(void)
{
    unsigned int n = n_posted;
    size_t len = posted_len;
    const char *line = answer, *next;

    n_posted = 0;
    posted_len = 0;
    if ( write(rig_qemu.qtest, posted, len) != (ssize_t)len )
        fail("does not take a request");
    read_lines(rig_qemu.qtest, n);
    for ( ; ; line = next + 1 )
    {
        if ( strncmp(line, "OK", 2) )
            fail(line);
        next = strchr(line, '\n');
        if ( !next )
            return line[2] ? strtoull(line + 3, NULL, 0) : 0;
    }
}

void qtest_post(const char *fmt, ...)
{
    va_list ap;

    if ( rig_qemu.qtest < 0 )
        return;
    va_start(ap, fmt);
    post(fmt, ap);
    va_end(ap);
    if ( posted_len > sizeof(posted) / 2 )
        (void)take_answers();
}

uint64_t qtest_request(const char *fmt, ...)
{
    va_list ap;

    if ( rig_qemu.qtest < 0 )
        return ~(uint64_t)0;
    va_start(ap, fmt);
    post(fmt, ap);
    va_end(ap);
    return take_answers();
}

void qtest_sync(void)
{
    if ( n_posted && rig_qemu.qtest >= 0 )
        (void)take_answers();
}

/* Events may come first: the answer is the line that begins with "return". */
static const char *qmp_request(const char *json)
{
    size_t len = strlen(json);

    qtest_sync();
    if ( write(rig_qemu.qmp, json, len) != (ssize_t)len )
        fail("does not take a command");
    do {
        read_lines(rig_qemu.qmp, 1);
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
        add_arg(a, "amd-iommu,intremap=%s,device-iotlb=%s,pt=%s%s%s",
                c->no_intremap ? "off" : "on",
                c->device_iotlb ? "on" : "off", c->no_pt ? "off" : "on",
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
        "-accel", "tcg", "-icount", "shift=0,sleep=off",
        "-display", "none", "-nodefaults", "-no-user-config",
        "-m", "256M", "-qtest-log", "/dev/null", "-M",
        /* Its clock jumps to the next timer: none that never rests. */
        "q35,memory-backend=ram,pit=off",
    };
    const char *qemu = getenv("QEMU"), *place[PLACE_ARGS];
    unsigned int i, n;

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
    n = place_set(c, place);
    add_words(a, place[0]);
    for ( i = 1; i < n; i++ )
    {
        add_arg(a, "-device");
        add_arg(a, "%s", place[i]);
    }
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
    __sanitizer_set_death_callback(on_death);
    signal(SIGABRT, on_abort);
    n_posted = 0;
    posted_len = 0;
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
    read_lines(rig_qemu.qmp, 1);
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
