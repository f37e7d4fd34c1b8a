/*
 * The physical limit of UDP multicast on loopback: datagrams of 1400 bytes from one process to others, and nothing
 * done with them but to check that each is the next. Two ways: `sendto`, one datagram a system call, and `gso`,
 * 46 datagrams a call with UDP_SEGMENT on the sender's socket and UDP_GRO on the receivers'. Receivers tell how far
 * they have come in memory that all share, and the sender keeps no more under way than their buffers hold, so that
 * nothing is lost.
 *
 *   udpLimit sendto|gso RECEIVERS DATAGRAMS      prints one line of JSON; exit code 1 and a message when it cannot
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

enum { datagramBytes = 1400, segmentsMax = 46, receiversMax = 8, wantedBufferBytes = 4 << 20 };

/* What the kernel charges a receive buffer for one datagram, and for a merged one per segment; measured, rounded up. */
enum { chargedBytes = 2304, chargedSegmentBytes = 2816 };

static const uint64_t stallNs = 2000000000;

struct Member {
  _Alignas(64) _Atomic uint64_t received;
  _Atomic uint64_t disordered;
  _Atomic uint64_t lastNs;
  _Atomic uint64_t bufferBytes; /* 0 until the receiver listens */
};

static struct Member *members;
static _Atomic int *failed;

static uint64_t nowNs(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void fail(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  if (failed) atomic_store(failed, 1);
  exit(1);
}

static int openSocket(void) {
  int opened = socket(AF_INET, SOCK_DGRAM, 0);
  if (opened < 0) fail("socket");
  return opened;
}

/* As root the limit of the system does not hold; else what it grants is what counts. */
static uint64_t growBuffer(int opened, int option, int forced) {
  int bytes = wantedBufferBytes;
  if (setsockopt(opened, SOL_SOCKET, forced, &bytes, sizeof bytes) < 0)
    setsockopt(opened, SOL_SOCKET, option, &bytes, sizeof bytes);
  socklen_t size = sizeof bytes;
  getsockopt(opened, SOL_SOCKET, option, &bytes, &size);
  return (uint64_t)bytes;
}

static void receive(struct Member *member, struct sockaddr_in group, uint64_t datagrams, int gro) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  int opened = openSocket();
  int one = 1;
  setsockopt(opened, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  uint64_t bufferBytes = growBuffer(opened, SO_RCVBUF, SO_RCVBUFFORCE);
  if (gro && setsockopt(opened, IPPROTO_UDP, UDP_GRO, &one, sizeof one) < 0) fail("UDP_GRO");
  if (bind(opened, (struct sockaddr *)&group, sizeof group) < 0) fail("bind");
  struct ip_mreq joined = {.imr_multiaddr = group.sin_addr, .imr_interface.s_addr = htonl(INADDR_LOOPBACK)};
  if (setsockopt(opened, IPPROTO_IP, IP_ADD_MEMBERSHIP, &joined, sizeof joined) < 0) fail("IP_ADD_MEMBERSHIP");
  struct timeval patience = {.tv_sec = 5};
  setsockopt(opened, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  atomic_store(&member->bufferBytes, bufferBytes);

  static char bytes[65536];
  uint64_t expected = 0;
  while (expected < datagrams) {
    ssize_t length = recv(opened, bytes, sizeof bytes, 0);
    if (length <= 0) fail("recv");
    for (ssize_t at = 0; at + datagramBytes <= length; at += datagramBytes) {
      uint64_t sequence;
      memcpy(&sequence, bytes + at, sizeof sequence);
      if (sequence != expected) atomic_fetch_add(&member->disordered, 1);
      expected = sequence + 1;
    }
    atomic_store_explicit(&member->received, expected, memory_order_release);
  }
  atomic_store(&member->lastNs, nowNs());
  exit(0);
}

static uint64_t slowest(int receivers) {
  uint64_t least = UINT64_MAX;
  for (int each = 0; each < receivers; each++) {
    uint64_t received = atomic_load_explicit(&members[each].received, memory_order_acquire);
    if (received < least) least = received;
  }
  return least;
}

/* Waits until no more than `window` are under way. */
static void awaitRoom(int receivers, uint64_t sent, uint64_t window) {
  if (sent - slowest(receivers) <= window) return;
  uint64_t since = nowNs();
  while (sent - slowest(receivers) > window) {
    sched_yield();
    if (atomic_load(failed)) exit(1);
    if (nowNs() - since > stallNs) {
      fprintf(stderr, "nothing moves: %llu sent, %llu received\n", (unsigned long long)sent,
              (unsigned long long)slowest(receivers));
      exit(1);
    }
  }
}

static void publish(int opened, struct sockaddr_in group, int receivers, uint64_t datagrams, uint64_t perCall,
                    uint64_t window) {
  static char bytes[segmentsMax * datagramBytes];
  memset(bytes, 0xa5, sizeof bytes);
  for (uint64_t sent = 0; sent < datagrams;) {
    uint64_t count = datagrams - sent < perCall ? datagrams - sent : perCall;
    for (uint64_t each = 0; each < count; each++) {
      uint64_t sequence = sent + each;
      memcpy(bytes + each * datagramBytes, &sequence, sizeof sequence);
    }
    awaitRoom(receivers, sent + count, window);
    size_t length = (size_t)count * datagramBytes;
    if (sendto(opened, bytes, length, 0, (struct sockaddr *)&group, sizeof group) != (ssize_t)length) fail("sendto");
    sent += count;
  }
}

static double cpuSeconds(int who) {
  struct rusage used;
  getrusage(who, &used);
  return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

int main(int count, char **given) {
  int gso = count == 4 && strcmp(given[1], "gso") == 0;
  int receivers = count == 4 ? atoi(given[2]) : 0;
  uint64_t datagrams = count == 4 ? strtoull(given[3], NULL, 10) : 0;
  if ((!gso && (count != 4 || strcmp(given[1], "sendto") != 0)) || receivers < 1 || receivers > receiversMax ||
      datagrams < 1) {
    fprintf(stderr, "usage: udpLimit sendto|gso RECEIVERS DATAGRAMS\n");
    return 2;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  size_t sharedBytes = receiversMax * sizeof(struct Member) + sizeof *failed;
  void *shared = mmap(NULL, sharedBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) fail("mmap");
  members = shared;
  failed = (_Atomic int *)((char *)shared + receiversMax * sizeof(struct Member));

  /* A port of the kernel's choice, which the receivers bind as well: it is kept by a socket that joins no group. */
  int keeper = openSocket();
  int one = 1;
  setsockopt(keeper, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in group = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof group;
  if (bind(keeper, (struct sockaddr *)&group, size) < 0) fail("bind");
  getsockname(keeper, (struct sockaddr *)&group, &size);
  group.sin_addr.s_addr = inet_addr("239.255.77.9");

  for (int each = 0; each < receivers; each++) {
    pid_t child = fork();
    if (child < 0) fail("fork");
    if (child == 0) receive(&members[each], group, datagrams, gso);
  }
  uint64_t bufferBytes = UINT64_MAX;
  for (int each = 0; each < receivers; each++) {
    uint64_t own;
    while ((own = atomic_load(&members[each].bufferBytes)) == 0) {
      if (atomic_load(failed)) return 1;
      usleep(1000);
    }
    if (own < bufferBytes) bufferBytes = own;
  }

  int opened = openSocket();
  growBuffer(opened, SO_SNDBUF, SO_SNDBUFFORCE);
  struct in_addr loopback = {.s_addr = htonl(INADDR_LOOPBACK)};
  if (setsockopt(opened, IPPROTO_IP, IP_MULTICAST_IF, &loopback, sizeof loopback) < 0) fail("IP_MULTICAST_IF");
  int segment = datagramBytes;
  if (gso && setsockopt(opened, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment) < 0) fail("UDP_SEGMENT");
  uint64_t perCall = gso ? segmentsMax : 1;
  /* Half of it: the kernel gives back what was read only when a quarter of the buffer has gathered. */
  uint64_t window = bufferBytes / 2 / (gso ? chargedSegmentBytes : chargedBytes);
  if (window < perCall) window = perCall;

  double cpuBefore = cpuSeconds(RUSAGE_SELF);
  uint64_t startNs = nowNs();
  publish(opened, group, receivers, datagrams, perCall, window);
  awaitRoom(receivers, datagrams, 0);
  double cpu = cpuSeconds(RUSAGE_SELF) - cpuBefore;
  for (int each = 0; each < receivers; each++) wait(NULL);

  uint64_t lastNs = 0;
  uint64_t disordered = 0;
  for (int each = 0; each < receivers; each++) {
    uint64_t own = atomic_load(&members[each].lastNs);
    if (own > lastNs) lastNs = own;
    disordered += atomic_load(&members[each].disordered);
  }
  printf("{\"datagrams\":%llu,\"seconds\":%.6f,\"cpuSeconds\":%.6f,\"disordered\":%llu,\"bufferBytes\":%llu}\n",
         (unsigned long long)datagrams, (double)(lastNs - startNs) / 1e9, cpu + cpuSeconds(RUSAGE_CHILDREN),
         (unsigned long long)disordered, (unsigned long long)bufferBytes);
  return 0;
}
