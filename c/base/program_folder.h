/* SPDX-License-Identifier: MIT */
/* Where this program's file lies, beside which others of ours are. proc(5). */
#ifndef BASE_PROGRAM_FOLDER_H
#define BASE_PROGRAM_FOLDER_H

#include <limits.h>

/* As "/a/b". 0; -ENOENT where /proc does not tell, silent. */
int program_folder(char path[static PATH_MAX]);

#endif
