/* SPDX-License-Identifier: MIT */
#include "tests/support/real_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/lab.h"
#include "tests/support/sanitizer.h"

#define FILE_NAME \
	"binance-futures_incremental_book_L2_2024-08-08_BTCUSDT.csv.gz"

const char *real_file_find(char path[static PATH_MAX])
{
	const char *data = getenv("T2T_DATA");

	if (SANITIZED)
		lab_skip("a sanitizer is too slow for 20,000 packets a second");
	snprintf(path, PATH_MAX, "%s", data ? data : "");
	if (data && access(path, R_OK) == 0 && strstr(path, ".gz"))
		return path;
	snprintf(path, PATH_MAX, "%s/" FILE_NAME,
		 data ? data : "../../shared/data");
	if (access(path, R_OK) < 0)
		lab_skip("no " FILE_NAME " in $T2T_DATA");
	return path;
}
