// What Linux offers to a media loop and Swift's Glibc module does not import: batched datagrams with kernel
// timestamps and segmentation, epoll with nanoseconds, interfaces, thread names and priorities.
//
// Functions that can fail return a negative errno value, unless they say otherwise. All addresses are in host byte
// order.

#ifndef OFFHOOK_CLINUX_H
#define OFFHOOK_CLINUX_H

#include <stdint.h>

// An IP address and a port. IPv4 lies in the lower 32 bits of `low`.
typedef struct {
    uint64_t high;
    uint64_t low;
    uint32_t scope;
    uint16_t port;
    uint8_t is_ipv6;
} clinux_address;

// One datagram of a batch. The caller owns `data`.
typedef struct {
    void *data;
    // Octets that `data` has room for; set before receiving.
    uint32_t capacity;
    // Octets of the datagram.
    uint32_t length;
    clinux_address remote;
    // The kernel's receive time on CLOCK_REALTIME in nanoseconds; 0 when it gave none.
    int64_t timestamp;
    // Datagrams that the socket's full receive buffer has cost so far (SO_RXQ_OVFL); wraps.
    uint32_t drops;
    // Whether `drops` was given: the kernel leaves it out until the first loss.
    uint8_t has_drops;
    // Whether the datagram was longer than `capacity`.
    uint8_t is_truncated;
} clinux_datagram;

// The most datagrams that one call receives or sends.
enum { CLINUX_BATCH = 64 };

// Opens a non-blocking UDP socket bound to `local`, with receive timestamps, drop counts and, as far as the system
// permits, buffers of `buffer_size` octets. Returns the descriptor.
int clinux_udp_open(const clinux_address *local, int buffer_size);

// The address the socket is bound to, after the kernel chose the port.
int clinux_socket_address(int fd, clinux_address *address);

// The receive buffer that the socket was given, in octets as setsockopt counts them.
int clinux_receive_buffer_size(int fd);

// Receives up to `count` (at most CLINUX_BATCH) datagrams without waiting. Returns how many.
int clinux_receive(int fd, clinux_datagram *datagrams, unsigned count);

// Sends up to `count` datagrams without waiting. Returns how many of them left; what stopped the rest is the result of
// the next call.
//
// With `segment` not 0, neighbours of equal length (the last may be shorter) to one destination leave as one
// UDP_SEGMENT message.
int clinux_send(int fd, const clinux_datagram *datagrams, unsigned count, int segment);

// A new epoll instance; and an eventfd, not blocking.
int clinux_epoll_create(void);
int clinux_eventfd_create(void);

// Watches `fd` for input under `token`, level-triggered; and stops to.
int clinux_epoll_add(int epoll, int fd, uint64_t token);
int clinux_epoll_remove(int epoll, int fd);

// Waits up to `timeout` nanoseconds (negative: for ever) for input, and writes the tokens of the ready descriptors.
// Returns how many; 0 when the time is over or a signal came.
int clinux_epoll_wait(int epoll, uint64_t *tokens, unsigned count, int64_t timeout);

// Waits up to `timeout` nanoseconds until one descriptor has input. Returns 1 when it has.
int clinux_wait_readable(int fd, int64_t timeout);

// Adds one to an eventfd; and sets it back to zero.
void clinux_eventfd_signal(int fd);
void clinux_eventfd_clear(int fd);

// CLOCK_MONOTONIC and CLOCK_REALTIME in nanoseconds.
int64_t clinux_monotonic_time(void);
int64_t clinux_real_time(void);

// One address of an interface.
typedef struct {
    char name[16];
    clinux_address address;
    uint8_t is_loopback;
} clinux_interface;

// Writes the IPv4 and IPv6 addresses of the interfaces that are up. Returns how many there are, which may be more than
// `count`.
int clinux_interfaces(clinux_interface *interfaces, unsigned count);

// The kernel's id of the calling thread; and its niceness, which a thread may always raise.
int clinux_thread_id(void);
int clinux_set_thread_niceness(int niceness);
// Names the calling thread, for `ps -L` and debuggers; cut to 15 characters.
void clinux_set_thread_name(const char *name);

#endif
