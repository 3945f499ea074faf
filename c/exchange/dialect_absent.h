/* SPDX-License-Identifier: MIT */
/* Venues whose books can't be read off their lines alone, by name. */
#ifndef EXCHANGE_DIALECT_ABSENT_H
#define EXCHANGE_DIALECT_ABSENT_H

#include "exchange/dialect.h"

/* Whose line it is and why it is not read, a static text; NULL: of none that
 * is known. */
const char *dialect_absent(const struct dialect_line *line);

#endif
