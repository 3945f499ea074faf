#!/bin/bash
# SPDX-License-Identifier: MIT
# What wire/fix_tags, fix_order_fields and fix_dictionary know of NewOrderSingle,
# beside a published dictionary: what QuickFIX made of FIX's, by its headers.
set -u
# shellcheck source=tests/lint/support.bash
. tests/lint/support.bash
headers=${QUICKFIX:-/usr/include/quickfix}
name="NewOrderSingle is as QuickFIX's dictionary has it"

if [ ! -e "$headers/FixValues.h" ]; then
	skip "$name" 'no libquickfix-dev'
	finish
fi
expect_none "$name" < <(python3 tests/lint/fix_dictionary.py "$headers" 2>&1)
finish
