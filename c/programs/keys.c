/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/log.h"
#include "base/option.h"
#include "order/tls_keys.h"

struct options {
	const char *folder, *host;
	uint64_t days;
};

#define AT(member) offsetof(struct options, member)

static const struct option_row rows[] = {
	{ .name = "folder",
	  .metavar = "DIR",
	  .type = OPTION_STRING,
	  .offset = AT(folder),
	  .required = 1,
	  .help = "made with mode 0700, or else of such a mode; what is in it\n"
		  "by these names is replaced" },
	{ .name = "host",
	  .metavar = "NAME",
	  .def = "exchange",
	  .type = OPTION_STRING,
	  .offset = AT(host),
	  .help = "the exchange's name or IPv4 address, as the trader's host=\n"
		  "has it" },
	{ .name = "days",
	  .metavar = "N",
	  .def = "30",
	  .type = OPTION_UNSIGNED,
	  .min = 1,
	  .max = 3650,
	  .offset = AT(days),
	  .help = "from now on that they are valid" },
	OPTION_END,
};

static const struct option_program program = {
	.name = "t2t-keys",
	.summary = "make a lab's certificates and keys for TLS",
	.synopsis = "--folder DIR [OPTION...]",
	.description =
		"Makes a CA and lets it sign a certificate for the exchange "
		"and one for the trader: ca.pem, exchange.pem, exchange.key, "
		"trader.pem and trader.key, of mode 0600, for --channel "
		"tls:folder=DIR of either end. The CA's key is never written: "
		"nobody signs anything with it afterwards. For a lab; it is no "
		"public-key infrastructure.",
	.exit_and_output = "Exit code 0; 1 when a file could not be written; 2 "
			   "for bad usage.",
	.rows = rows,
};

int main(int argc, char **argv)
{
	struct options options = { 0 };
	enum option_result result =
		option_parse_arguments(&program, argc, argv, &options);
	struct tls_keys_config config;
	int err;

	if (result != OPTION_RUN)
		return (int)result;
	config = (struct tls_keys_config){
		.folder = options.folder,
		.host = options.host,
		.days = (int)options.days,
	};
	err = tls_keys_make(&config);
	return err == -EINVAL ? 2 : err < 0;
}
