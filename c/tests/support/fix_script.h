/* SPDX-License-Identifier: MIT */
/*
 * A FIX session driven by a text, a step a line:
 *
 *	> FIELDS	a message comes; SOH is '|'
 *	< FIELDS	it has said this, next
 *	+ SECONDS	time goes by, in steps of a second
 *	~ SECONDS	... while nobody reads what comes
 *	= WORD		the last message was: nothing, application, over (the
 *			peer has logged out), refused, silent (the tick's)
 *	! FIELDS	bytes come that are no message, and no checksum is made
 *	again		the connection is a new one, with the same store
 *
 * Of what comes, BeginString, BodyLength and CheckSum are put before and
 * behind; where it has no field 49, 52 or 56 they are put behind 34, as they
 * should be. Of what is said, they are left out, and 122 too. {logon} and
 * {order} stand for the fields that the version wants, {now}, {now+N} and
 * {now-N} for a time, {5.0} for what a Logon has in that version alone, {r13}
 * for a SessionRejectReason that the version may know. All that it says must
 * be expected.
 */
#ifndef TESTS_SUPPORT_FIX_SCRIPT_H
#define TESTS_SUPPORT_FIX_SCRIPT_H

#include "order/fix_session.h"

/* Fails the test with the line. */
void fix_script_run(enum fix_session_role role, enum fix_version version,
		    const char *script);

#endif
