#define _GNU_SOURCE
#include "CLinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

// The kernel's UDP_MAX_SEGMENTS before 6.9, and the most payload that one IPv4 message holds.
enum { MAX_SEGMENTS = 64, MAX_MESSAGE = 65507 };
static const int64_t NANOSECONDS = 1000000000;

// Addresses

static uint64_t load64(const uint8_t *bytes) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) value = value << 8 | bytes[i];
    return value;
}

static void store64(uint64_t value, uint8_t *bytes) {
    for (int i = 7; i >= 0; i--, value >>= 8) bytes[i] = (uint8_t)value;
}

static socklen_t to_sockaddr(const clinux_address *address, struct sockaddr_storage *storage) {
    memset(storage, 0, sizeof(struct sockaddr_in6));
    if (address->is_ipv6) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)storage;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(address->port);
        in6->sin6_scope_id = address->scope;
        store64(address->high, in6->sin6_addr.s6_addr);
        store64(address->low, in6->sin6_addr.s6_addr + 8);
        return sizeof(*in6);
    }
    struct sockaddr_in *in = (struct sockaddr_in *)storage;
    in->sin_family = AF_INET;
    in->sin_port = htons(address->port);
    in->sin_addr.s_addr = htonl((uint32_t)address->low);
    return sizeof(*in);
}

static int from_sockaddr(const struct sockaddr *socket_address, clinux_address *address) {
    memset(address, 0, sizeof(*address));
    if (socket_address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)socket_address;
        address->is_ipv6 = 1;
        address->port = ntohs(in6->sin6_port);
        address->high = load64(in6->sin6_addr.s6_addr);
        address->low = load64(in6->sin6_addr.s6_addr + 8);
        // Only link-local addresses are ambiguous; a scope elsewhere would make equal addresses differ.
        address->scope = IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr) ? in6->sin6_scope_id : 0;
        return 0;
    }
    if (socket_address->sa_family != AF_INET) return -EAFNOSUPPORT;
    const struct sockaddr_in *in = (const struct sockaddr_in *)socket_address;
    address->port = ntohs(in->sin_port);
    address->low = ntohl(in->sin_addr.s_addr);
    return 0;
}

// Sockets

int clinux_udp_open(const clinux_address *local, int buffer_size) {
    int family = local->is_ipv6 ? AF_INET6 : AF_INET;
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int on = 1;
    // Beyond rmem_max only with CAP_NET_ADMIN, hence the second try, which the kernel cuts to what is allowed.
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer_size, sizeof(buffer_size)) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_size, sizeof(buffer_size));
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer_size, sizeof(buffer_size)) < 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer_size, sizeof(buffer_size));
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on));
    if (local->is_ipv6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    struct sockaddr_storage storage;
    socklen_t length = to_sockaddr(local, &storage);
    if (bind(fd, (struct sockaddr *)&storage, length) < 0) {
        int error = -errno;
        close(fd);
        return error;
    }
    return fd;
}

int clinux_socket_address(int fd, clinux_address *address) {
    struct sockaddr_storage storage;
    socklen_t length = sizeof(storage);
    if (getsockname(fd, (struct sockaddr *)&storage, &length) < 0) return -errno;
    return from_sockaddr((struct sockaddr *)&storage, address);
}

int clinux_receive_buffer_size(int fd) {
    int size = 0;
    socklen_t length = sizeof(size);
    if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, &length) < 0) return -errno;
    return size / 2;  // the kernel reports what it doubled for its own bookkeeping
}

int clinux_receive(int fd, clinux_datagram *datagrams, unsigned count) {
    struct mmsghdr messages[CLINUX_BATCH];
    struct iovec vectors[CLINUX_BATCH];
    struct sockaddr_storage remotes[CLINUX_BATCH];
    union {
        char bytes[CMSG_SPACE(sizeof(struct timespec)) + CMSG_SPACE(sizeof(uint32_t))];
        struct cmsghdr alignment;
    } controls[CLINUX_BATCH];
    if (count > CLINUX_BATCH) count = CLINUX_BATCH;
    for (unsigned i = 0; i < count; i++) {
        vectors[i] = (struct iovec){datagrams[i].data, datagrams[i].capacity};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &remotes[i],
            .msg_namelen = sizeof(remotes[i]),
            .msg_iov = &vectors[i],
            .msg_iovlen = 1,
            .msg_control = controls[i].bytes,
            .msg_controllen = sizeof(controls[i].bytes),
        };
    }
    int received = recvmmsg(fd, messages, count, MSG_DONTWAIT, NULL);
    if (received < 0) return -errno;
    for (int i = 0; i < received; i++) {
        clinux_datagram *datagram = &datagrams[i];
        struct msghdr *header = &messages[i].msg_hdr;
        datagram->length = messages[i].msg_len;
        datagram->is_truncated = (header->msg_flags & MSG_TRUNC) != 0;
        datagram->timestamp = 0;
        datagram->has_drops = 0;
        from_sockaddr(header->msg_name, &datagram->remote);
        for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part; part = CMSG_NXTHDR(header, part)) {
            if (part->cmsg_level != SOL_SOCKET) continue;
            if (part->cmsg_type == SCM_TIMESTAMPNS) {
                struct timespec time;
                memcpy(&time, CMSG_DATA(part), sizeof(time));
                datagram->timestamp = time.tv_sec * NANOSECONDS + time.tv_nsec;
            } else if (part->cmsg_type == SO_RXQ_OVFL) {
                memcpy(&datagram->drops, CMSG_DATA(part), sizeof(datagram->drops));
                datagram->has_drops = 1;
            }
        }
    }
    return received;
}

static int is_same(const clinux_address *a, const clinux_address *b) {
    return a->low == b->low && a->port == b->port && a->high == b->high && a->scope == b->scope;
}

// How many datagrams from the first on may leave as segments of one message.
static unsigned segment_run(const clinux_datagram *datagrams, unsigned count) {
    unsigned run = 1;
    uint32_t size = datagrams[0].length, total = size;
    if (size == 0) return 1;
    while (run < count && run < MAX_SEGMENTS && datagrams[run - 1].length == size) {
        const clinux_datagram *next = &datagrams[run];
        if (next->length == 0 || next->length > size || total + next->length > MAX_MESSAGE) break;
        if (!is_same(&next->remote, &datagrams[0].remote)) break;
        total += next->length;
        run++;
    }
    return run;
}

int clinux_send(int fd, const clinux_datagram *datagrams, unsigned count, int segment) {
    struct mmsghdr messages[CLINUX_BATCH];
    struct iovec vectors[CLINUX_BATCH];
    struct sockaddr_storage remotes[CLINUX_BATCH];
    union {
        char bytes[CMSG_SPACE(sizeof(uint16_t))];
        struct cmsghdr alignment;
    } controls[CLINUX_BATCH];
    if (count > CLINUX_BATCH) count = CLINUX_BATCH;
    unsigned message_count = 0;
    for (unsigned first = 0; first < count;) {
        unsigned run = segment ? segment_run(datagrams + first, count - first) : 1;
        struct msghdr *header = &messages[message_count].msg_hdr;
        *header = (struct msghdr){
            .msg_name = &remotes[message_count],
            .msg_namelen = to_sockaddr(&datagrams[first].remote, &remotes[message_count]),
            .msg_iov = &vectors[first],
            .msg_iovlen = run,
        };
        for (unsigned i = first; i < first + run; i++)
            vectors[i] = (struct iovec){datagrams[i].data, datagrams[i].length};
        if (run > 1) {
            header->msg_control = controls[message_count].bytes;
            header->msg_controllen = sizeof(controls[message_count].bytes);
            struct cmsghdr *part = CMSG_FIRSTHDR(header);
            part->cmsg_level = IPPROTO_UDP;
            part->cmsg_type = UDP_SEGMENT;
            part->cmsg_len = CMSG_LEN(sizeof(uint16_t));
            uint16_t size = (uint16_t)datagrams[first].length;
            memcpy(CMSG_DATA(part), &size, sizeof(size));
        }
        message_count++;
        first += run;
    }
    int sent = sendmmsg(fd, messages, message_count, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) return -errno;
    int datagrams_sent = 0;
    for (int i = 0; i < sent; i++) datagrams_sent += (int)messages[i].msg_hdr.msg_iovlen;
    return datagrams_sent;
}

// Waiting

static int checked(int result) { return result < 0 ? -errno : result; }

int clinux_epoll_create(void) { return checked(epoll_create1(EPOLL_CLOEXEC)); }
int clinux_eventfd_create(void) { return checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

int clinux_epoll_add(int epoll, int fd, uint64_t token) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = token};
    return checked(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

int clinux_epoll_remove(int epoll, int fd) { return checked(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL)); }

int clinux_epoll_wait(int epoll, uint64_t *tokens, unsigned count, int64_t timeout) {
    struct epoll_event events[256];
    struct timespec time = {timeout / NANOSECONDS, timeout % NANOSECONDS};
    int limit = count < 256 ? (int)count : 256;
    int ready = epoll_pwait2(epoll, events, limit, timeout < 0 ? NULL : &time, NULL);
    if (ready < 0 && errno == ENOSYS) {  // Linux before 5.11: whole milliseconds, rounded up
        int64_t milliseconds = timeout < 0 ? -1 : (timeout + 999999) / 1000000;
        ready = epoll_wait(epoll, events, limit, milliseconds > 60000 ? 60000 : (int)milliseconds);
    }
    if (ready < 0) return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < ready; i++) tokens[i] = events[i].data.u64;
    return ready;
}

int clinux_wait_readable(int fd, int64_t timeout) {
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    struct timespec time = {timeout / NANOSECONDS, timeout % NANOSECONDS};
    return ppoll(&entry, 1, &time, NULL) > 0;
}

void clinux_eventfd_signal(int fd) { (void)!eventfd_write(fd, 1); }

void clinux_eventfd_clear(int fd) {
    eventfd_t value;
    (void)!eventfd_read(fd, &value);
}

// Clocks, interfaces, threads

static int64_t clock_now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * NANOSECONDS + time.tv_nsec;
}

int64_t clinux_monotonic_time(void) { return clock_now(CLOCK_MONOTONIC); }
int64_t clinux_real_time(void) { return clock_now(CLOCK_REALTIME); }

int clinux_interfaces(clinux_interface *interfaces, unsigned count) {
    struct ifaddrs *list;
    if (getifaddrs(&list) < 0) return -errno;
    int found = 0;
    for (struct ifaddrs *entry = list; entry; entry = entry->ifa_next) {
        clinux_interface interface = {.is_loopback = (entry->ifa_flags & IFF_LOOPBACK) != 0};
        if (!entry->ifa_addr || !(entry->ifa_flags & IFF_UP)) continue;
        if (from_sockaddr(entry->ifa_addr, &interface.address) < 0) continue;
        strncpy(interface.name, entry->ifa_name, sizeof(interface.name) - 1);
        if ((unsigned)found < count) interfaces[found] = interface;
        found++;
    }
    freeifaddrs(list);
    return found;
}

int clinux_thread_id(void) { return (int)syscall(SYS_gettid); }

int clinux_set_thread_niceness(int niceness) {
    return checked(setpriority(PRIO_PROCESS, (id_t)clinux_thread_id(), niceness));
}

void clinux_set_thread_name(const char *name) {
    char cut[16] = {0};
    strncpy(cut, name, sizeof(cut) - 1);
    pthread_setname_np(pthread_self(), cut);
}
