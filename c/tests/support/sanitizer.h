/* SPDX-License-Identifier: MIT */
/* Is this a sanitizer's build? It is slow, has memory of its own, and lets
 * nobody lock any. */
#ifndef TESTS_SUPPORT_SANITIZER_H
#define TESTS_SUPPORT_SANITIZER_H

#ifndef __has_feature
#define __has_feature(x) 0 /* clang's */
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
	__has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* ThreadSanitizer's runtime forgets a signal now and then: one that comes
 * between two calls that block (GCC 12: the handler is never called, in a loop
 * of stat(2) and poll(2) alone one in some hundred times). */
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define SANITIZER_LOSES_SIGNALS 1
#else
#define SANITIZER_LOSES_SIGNALS 0
#endif

#endif
