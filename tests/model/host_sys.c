/* SPDX-License-Identifier: GPL-2.0-only */
/* The explorer as a host: devices, work, the log, upcalls. */
#include <stdarg.h>
#include <stdio.h>

#include <moat/host.h>

#include "mx.h"
#include "pci.h"
#include "port.h"

#define PC          __builtin_return_address(0)
#define WORK        MX_OBJ(MX_TEST, 1)

void model_host_reset(void);

/* ---- Deferred work ---- */

#define WORKS 8u
static struct host_work *works[WORKS];
static unsigned int n_works;

void host_work_init(struct host_work *w, void (*fn)(void *arg), void *arg)
{
    w->fn = fn;
    w->arg = arg;
    w->pending = false;
}

void host_work_schedule(struct host_work *w)
{
    mx_point("schedules work", WORK, PC);
    mx_access(WORK, true);
    if ( w->pending )
        return;
    if ( n_works == WORKS )
        host_bug("too much work");
    w->pending = true;
    works[n_works++] = w;
}

void host_work_kill(struct host_work *w)
{
    unsigned int i, to = 0;

    for ( i = 0; i < n_works; i++ )
        if ( works[i] != w )
            works[to++] = works[i];
    n_works = to;
    w->pending = false;
}

void port_work_run(void)
{
    struct host_work *w;

    for ( ; ; )
    {
        mx_point("looks for work", WORK, PC);
        mx_access(WORK, true);
        if ( !n_works )
            return;
        w = works[--n_works];
        w->pending = false;
        w->fn(w->arg);
    }
}

/* ---- The log ---- */

static char log_text[16384];
static size_t log_len;

void model_log(int level, const char *fmt, ...)
{
    char line[400];
    int len;
    va_list ap;

    va_start(ap, fmt);
    len = vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    if ( len < 0 || strchr(line, '\n') )
        host_bug("a bad log line: %s", fmt);
    if ( level < 2 )
        mx_note("says \"%.80s\"", line);
    if ( log_len + strlen(line) + 4 < sizeof(log_text) )
        log_len += (size_t)sprintf(log_text + log_len, "%c %s\n",
                                   "EWID"[level & 3], line);
}

const char *model_log_text(void);
const char *model_log_text(void)
{
    return log_text;
}

unsigned int port_log_count(const char *text)
{
    const char *p = log_text;
    unsigned int n = 0;

    while ( (p = strstr(p, text)) != NULL )
    {
        n++;
        p += strlen(text);
    }
    return n;
}

bool port_log_has(const char *text)
{
    return port_log_count(text);
}

bool host_log_ratelimit(void)
{
    return true;
}

void host_bug(const char *fmt, ...)
{
    char line[400];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    mx_fail("host_bug: %s", line);
}

/* ---- PCI ---- */

static uint32_t pci_read(moat_sbdf_t dev, unsigned int reg,
                         unsigned int bytes, const void *pc)
{
    mx_point("reads configuration", MX_OBJ(MX_CONFIG, dev), pc);
    return pci_get(dev, reg, bytes);
}

static void pci_write(moat_sbdf_t dev, unsigned int reg, unsigned int bytes,
                      uint32_t v, const void *pc)
{
    mx_point("writes configuration", MX_OBJ(MX_CONFIG, dev), pc);
    pci_put(dev, reg, bytes, v);
}

uint8_t host_pci_read8(moat_sbdf_t dev, unsigned int reg)
{
    return (uint8_t)pci_read(dev, reg, 1, PC);
}

uint16_t host_pci_read16(moat_sbdf_t dev, unsigned int reg)
{
    return (uint16_t)pci_read(dev, reg, 2, PC);
}

uint32_t host_pci_read32(moat_sbdf_t dev, unsigned int reg)
{
    return pci_read(dev, reg, 4, PC);
}

void host_pci_write16(moat_sbdf_t dev, unsigned int reg, uint16_t v)
{
    pci_write(dev, reg, 2, v, PC);
}

void host_pci_write32(moat_sbdf_t dev, unsigned int reg, uint32_t v)
{
    pci_write(dev, reg, 4, v, PC);
}

int host_pci_hold(moat_sbdf_t dev, bool hold)
{
    host_devices_assert_locked();
    pci_hold(dev, hold);
    return 0;
}

/* ---- Upcalls ---- */

#define CALLS 16u
static struct { uint64_t who; unsigned int n; } crashes[CALLS],
                                                 failures[CALLS];

static void count(uint64_t who, unsigned int *n, bool add, bool crash)
{
    unsigned int i;

    for ( i = 0; i < CALLS; i++ )
    {
        if ( crash ? crashes[i].n && crashes[i].who != who
                   : failures[i].n && failures[i].who != who )
            continue;
        if ( crash )
        {
            crashes[i].who = who;
            *n = crashes[i].n += add;
        }
        else
        {
            failures[i].who = who;
            *n = failures[i].n += add;
        }
        return;
    }
    host_bug("too many upcalls");
}

const char *host_domain_name(void *cookie, char *buf, size_t size)
{
    snprintf(buf, size, "d%u", (unsigned int)(uintptr_t)cookie);
    return buf;
}

void host_domain_crash(void *cookie)
{
    unsigned int n;

    mx_note("crashes d%u", (unsigned int)(uintptr_t)cookie);
    count((uintptr_t)cookie, &n, true, true);
}

void host_device_failed(moat_sbdf_t dev)
{
    unsigned int n;

    mx_note("reports " MOAT_PRI_SBDF, MOAT_SBDF_ARG(dev));
    count(dev, &n, true, false);
}

bool host_aer_firmware_first(moat_sbdf_t dev)
{
    (void)dev;
    return false;
}

unsigned int port_crashes(void *cookie)
{
    unsigned int n;

    count((uintptr_t)cookie, &n, false, true);
    return n;
}

unsigned int port_failures(moat_sbdf_t dev)
{
    unsigned int n;

    count(dev, &n, false, false);
    return n;
}

int host_identity_map(void *cookie, moat_iova_t first, moat_iova_t last,
                      unsigned int prot, unsigned int flags)
{
    (void)cookie;
    (void)first;
    (void)last;
    (void)prot;
    (void)flags;
    return 0;
}

int host_identity_unmap(void *cookie, moat_iova_t first, moat_iova_t last)
{
    (void)cookie;
    (void)first;
    (void)last;
    return 0;
}

int host_unit_irq_request(struct moat_unit *unit)
{
    (void)unit;
    return 0;
}

void host_unit_irq_release(struct moat_unit *unit)
{
    (void)unit;
}

/* ---- Firmware ---- */

const void *(*model_table)(const char *sig, size_t *len);

const void *host_acpi_table(const char *sig, size_t *len)
{
    static const char table[4] = "MODL";

    if ( model_table )
        return model_table(sig, len);
    if ( memcmp(sig, table, sizeof(table)) )
        return NULL;
    *len = sizeof(table);
    return table;
}

enum host_mem host_mem_type(moat_paddr_t first, moat_paddr_t last)
{
    (void)first;
    (void)last;
    return HOST_MEM_RESERVED;
}

void model_host_reset(void)
{
    model_table = NULL;
    n_works = 0;
    pci_reset();
    log_len = 0;
    log_text[0] = '\0';
    memset(crashes, 0, sizeof(crashes));
    memset(failures, 0, sizeof(failures));
}
