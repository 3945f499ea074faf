/* SPDX-License-Identifier: MIT */
/*
 * System calls with nothing in between. A kernel that guards its returns
 * (Spectre and its kin) leaves the return predictor full of its own, so each
 * return to user space's callers after a system call is one the CPU guesses
 * wrong: libc's wrapper costs a HOT loop some ten nanoseconds for no work.
 * Restarted after signals as libc's are; no cancellation point (pthreads(7)).
 * Calling conventions: syscall(2).
 */
#ifndef BASE_SYSCALL_H
#define BASE_SYSCALL_H

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* HOT. What the kernel returns: a result, or a negative errno. */
static inline long syscall_direct(long number, long a, long b, long c, long d,
				  long e, long f)
{
#if defined(__x86_64__) && !defined(__ILP32__)
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10),
			   "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
#else
	long result = syscall(number, a, b, c, d, e, f);

	return result < 0 ? -errno : result;
#endif
}

/* HOT. As recvmsg(2), recv(2) and send(2), but for the negative errno. */
static inline ssize_t syscall_recvmsg(int fd, struct msghdr *message, int flags)
{
	return syscall_direct(SYS_recvmsg, fd, (long)message, flags, 0, 0, 0);
}

static inline ssize_t syscall_recv(int fd, void *bytes, size_t len, int flags)
{
	return syscall_direct(SYS_recvfrom, fd, (long)bytes, (long)len, flags,
			      0, 0);
}

static inline ssize_t syscall_send(int fd, const void *bytes, size_t len,
				   int flags)
{
	return syscall_direct(SYS_sendto, fd, (long)bytes, (long)len, flags, 0,
			      0);
}

#endif
