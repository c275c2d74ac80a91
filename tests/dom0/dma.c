/*
 * dma: what the tests do to devices and memory from inside a domain.
 *
 *   dma page TAG           one page of RAM, locked, filled with a pattern made
 *                          from TAG; prints its frame number and stays
 *   dma enable BDF         memory decoding and bus mastering on, read back
 *   dma get BDF ADDR LEN   edu copies LEN bytes at bus address ADDR to itself
 *   dma put BDF ADDR LEN   edu copies LEN of its bytes to bus address ADDR
 *   dma nvme DEV OPCODE CDW10 CDW11
 *                          an admin command without data for an NVMe controller
 *
 * edu is QEMU's teaching device (1234:11e8). A blocked transfer ends like any
 * other as far as edu can tell: whether it happened is judged by the bytes.
 *
 * SPDX-License-Identifier: GPL-2.0-only
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/nvme_ioctl.h>

#define PAGE 4096u

/* edu's registers, in its BAR 0 (QEMU, docs/specs/edu.txt). */
#define EDU_IDENT    0x00
#define EDU_DMA_SRC  0x80
#define EDU_DMA_DST  0x88
#define EDU_DMA_CNT  0x90
#define EDU_DMA_CMD  0x98
#define EDU_BUFFER   0x40000
#define EDU_CMD_RUN    1u
#define EDU_CMD_TO_RAM 2u

/* PCI configuration space: the command register. */
#define PCI_COMMAND        0x04
#define PCI_COMMAND_MEMORY 2u
#define PCI_COMMAND_MASTER 4u

static void fail(const char *what)
{
    fprintf(stderr, "dma: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int open_device(const char *bdf, const char *file)
{
    char path[256];
    int fd;

    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", bdf, file);
    fd = open(path, O_RDWR | O_SYNC);
    if ( fd < 0 )
        fail(path);

    return fd;
}

/* Through configuration space, as any owner of the device could. */
static void enable(const char *bdf)
{
    const uint16_t want = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
    uint16_t command;
    int fd = open_device(bdf, "config");

    if ( pread(fd, &command, 2, PCI_COMMAND) != 2 )
        fail("reading the command register");
    command |= want;
    if ( pwrite(fd, &command, 2, PCI_COMMAND) != 2 ||
         pread(fd, &command, 2, PCI_COMMAND) != 2 )
        fail("writing the command register");
    close(fd);
    if ( (command & want) != want )
    {
        fprintf(stderr, "dma: %s: bus mastering stays off (command %04x)\n",
                bdf, command);
        exit(2);
    }
}

static void put64(volatile uint8_t *bar, unsigned int reg, uint64_t value)
{
    *(volatile uint64_t *)(bar + reg) = value;
}

static void transfer(const char *bdf, uint64_t addr, uint64_t len, int to_ram)
{
    const struct timespec step = { 0, 5 * 1000 * 1000 };
    volatile uint8_t *bar;
    int fd, tries;

    if ( len == 0 || len > PAGE )
    {
        fprintf(stderr, "dma: length must be 1..%u\n", PAGE);
        exit(1);
    }
    enable(bdf);
    fd = open_device(bdf, "resource0");
    bar = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if ( bar == MAP_FAILED )
        fail("mapping BAR 0");
    if ( (*(volatile uint32_t *)(bar + EDU_IDENT) & 0xff) != 0xed )
    {
        fprintf(stderr, "dma: %s is no edu, or does not answer\n", bdf);
        exit(1);
    }
    put64(bar, EDU_DMA_SRC, to_ram ? EDU_BUFFER : addr);
    put64(bar, EDU_DMA_DST, to_ram ? addr : EDU_BUFFER);
    put64(bar, EDU_DMA_CNT, len);
    put64(bar, EDU_DMA_CMD, EDU_CMD_RUN | (to_ram ? EDU_CMD_TO_RAM : 0));
    for ( tries = 0; tries < 1000; tries++ )
    {
        if ( !(*(volatile uint64_t *)(bar + EDU_DMA_CMD) & EDU_CMD_RUN) )
        {
            printf("%s %s done\n", bdf, to_ram ? "put" : "get");
            return;
        }
        nanosleep(&step, NULL);
    }
    fprintf(stderr, "dma: %s: the transfer never ends\n", bdf);
    exit(1);
}

/* The page is made in the process that stays, so that no copy is left. */
static void hold_page(const char *tag)
{
    uint64_t entry;
    size_t i, n = strlen(tag);
    uint8_t *p;
    int fd;

    p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if ( p == MAP_FAILED || mlock(p, PAGE) )
        fail("a page of memory");
    for ( i = 0; i < PAGE; i++ )
        p[i] = i % (n + 1) < n ? (uint8_t)tag[i % (n + 1)] : '.';
    fd = open("/proc/self/pagemap", O_RDONLY);
    if ( fd < 0 ||
         pread(fd, &entry, 8, (uintptr_t)p / PAGE * 8) != 8 )
        fail("/proc/self/pagemap");
    printf("frame 0x%llx\n",
           (unsigned long long)(entry & ((1ull << 55) - 1)));
    fflush(stdout);
}

/* Returns once the page is there; a child of its own keeps it. */
static void page(const char *tag)
{
    int sync[2], null;
    char c;

    if ( pipe(sync) )
        fail("pipe");
    switch ( fork() )
    {
    case -1:
        fail("fork");
        break;

    case 0:
        close(sync[0]);
        setsid();
        hold_page(tag);
        null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        if ( write(sync[1], "+", 1) != 1 )
            exit(1);
        close(sync[1]);
        for ( ;; )
            pause();
    }
    close(sync[1]);
    if ( read(sync[0], &c, 1) != 1 )
        exit(1);
}

static void nvme_admin(char **words)
{
    struct nvme_admin_cmd cmd = { 0 };
    int fd = open(words[0], O_RDWR), status;

    if ( fd < 0 )
        fail(words[0]);
    cmd.opcode = strtoul(words[1], NULL, 0);
    cmd.cdw10 = strtoul(words[2], NULL, 0);
    cmd.cdw11 = strtoul(words[3], NULL, 0);
    status = ioctl(fd, NVME_IOCTL_ADMIN_CMD, &cmd);
    if ( status < 0 )
        fail("NVMe admin command");
    close(fd);
    if ( status )
    {
        fprintf(stderr, "dma: %s refuses command %02x: status %x\n", words[0],
                cmd.opcode, status);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    if ( argc == 3 && !strcmp(argv[1], "page") )
        page(argv[2]);
    else if ( argc == 3 && !strcmp(argv[1], "enable") )
        enable(argv[2]);
    else if ( argc == 5 && !strcmp(argv[1], "get") )
        transfer(argv[2], strtoull(argv[3], NULL, 0),
                 strtoull(argv[4], NULL, 0), 0);
    else if ( argc == 5 && !strcmp(argv[1], "put") )
        transfer(argv[2], strtoull(argv[3], NULL, 0),
                 strtoull(argv[4], NULL, 0), 1);
    else if ( argc == 6 && !strcmp(argv[1], "nvme") )
        nvme_admin(argv + 2);
    else
    {
        fprintf(stderr, "usage: dma page TAG | enable BDF | "
                "get BDF ADDR LEN | put BDF ADDR LEN | "
                "nvme DEV OPCODE CDW10 CDW11\n");
        return 1;
    }

    return 0;
}
