/* base: what every file of Weir includes first.
 *
 * It brings the fixed-width types and takes away the libc calls that cannot be used safely
 * (use str.h, arena.h and number.h instead). Nothing else belongs here. */
#ifndef WEIR_BASE_BASE_H
#define WEIR_BASE_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The caller must look at the result. */
#define CHECKED __attribute__((warn_unused_result))
/* printf-like: format is argument f, its values begin at argument a. */
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
/* Run a closing function on a local variable when it goes out of scope. */
#define CLEANUP(function) __attribute__((cleanup(function)))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* A programmer's error: stays on in release, ends the process with the place and the claim. */
#define ASSERT(claim) ((claim) ? (void)0 : base_assert_failed(#claim, __FILE__, __LINE__))
_Noreturn void base_assert_failed(const char *claim, const char *file, int line);

#undef alloca /* a macro in glibc: poisoning it would warn */
#pragma GCC poison strcpy strcat sprintf vsprintf gets strtok atoi atol atoll strncpy strncat alloca

#endif
