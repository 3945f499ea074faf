/* SPDX-License-Identifier: MIT */
/*
 * Scenarios of "FIX Session Layer Test Cases and Expected Behaviours", by
 * their numbers, with what is expected of a session, in each version; and what
 * real engines have stumbled over.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "tests/support/fix_script.h"

#define ON                      \
	"> 35=A|34=1|{logon}\n" \
	"< 35=A|34=1|{logon}\n"

static const struct {
	const char *name, *script;
} accepts[] = {
	{ "1S.a a Logon", ON "= nothing\n" },
	{ "1S.a a Logon whose number is too high",
	  "> 35=A|34=5|{logon}\n< 35=A|34=1|{logon}\n"
	  "< 35=2|34=2|7=1|16=0\n= nothing\n" },
	{ "1S.b a number that is too low",
	  ON "again\n> 35=A|34=1|{logon}\n"
	     "< 35=5|34=2|58=MsgSeqNum too low, expecting 2 but received 1\n"
	     "= refused\n" },
	{ "1S.b a number that is none, and resets nothing",
	  ON "again\n> 35=A|34=0|98=0|108=30|141=Y{5.0}\n"
	     "< 35=5|34=2|58=Received message without MsgSeqNum\n"
	     "= refused\n" },
	{ "1S.c a TargetCompID that is not ours",
	  "> 35=A|34=1|56=OTHER|{logon}\n= unknown\n" },
	{ "1S.c a SenderCompID that names a path",
	  "> 35=A|34=1|49=../TW|52={now}|56=ISLD|{logon}\n= unknown\n" },
	{ "1S.d a BeginString that is another's",
	  "> 8=FIX.4.9|35=A|34=1|{logon}\n= refused\n" },
	{ "1S.d a SendingTime of yesterday",
	  "> 35=A|34=1|49=TW|52={now-86400}|56=ISLD|{logon}\n= refused\n" },
	{ "1S.d a Logon without HeartBtInt",
	  "> 35=A|34=1|98=0{5.0}\n"
	  "< 35=3|34=1|45=1|58=Required tag missing|371=108|372=A|373=1\n"
	  "< 35=5|34=2\n= refused\n" },
	{ "1S.d a Logon whose number is none",
	  "> 35=A|34=x|{logon}\n"
	  "< 35=3|34=1|58=Incorrect data format for value|371=34|372=A|373=6\n"
	  "< 35=5|34=2\n= refused\n" },
	{ "1S.e another message first", "> 35=0|34=1\n= refused\n" },
	{ "ResetSeqNumFlag", ON "> 35=0|34=2\nagain\n"
				"> 35=A|34=1|98=0|108=30|141=Y{5.0}\n"
				"< 35=A|34=1|98=0|108=30|141=Y{5.0}\n"
				"> 35=0|34=2\n= nothing\n" },
	{ "ResetSeqNumFlag in a session",
	  ON "> 35=0|34=7\n< 35=2|34=2|7=2|16=0\n"
	     "> 35=2|34=8|7=1|16=1\n< 35=4|34=1|43=Y|36=2|123=Y\n"
	     "> 35=A|34=1|98=0|108=30|141=Y{5.0}\n"
	     "< 35=A|34=1|98=0|108=30|141=Y{5.0}\n"
	     "> 35=4|34=2|36=8|123=Y\n"
	     /* another 8 was answered before */
	     "> 35=2|34=8|7=1|16=1\n< 35=4|34=1|43=Y|36=2|123=Y\n" },
	{ "ResetSeqNumFlag with another number than 1 resets nothing",
	  ON "> 35=A|34=2|98=0|108=30|141=Y{5.0}\n= nothing\n"
	     "> 35=0|34=3\n= nothing\n" },
	{ "ResetSeqNumFlag that comes again resets nothing",
	  "> 35=A|34=1|98=0|108=30|141=Y{5.0}\n"
	  "< 35=A|34=1|98=0|108=30|141=Y{5.0}\n> 35=0|34=2\n"
	  "> 35=A|34=1|43=Y|122={now}|98=0|108=30|141=Y{5.0}\n= nothing\n"
	  "> 35=0|34=3\n= nothing\n" },
	{ "2.a numbers in their order",
	  ON "> 35=0|34=2\n= nothing\n> 35=D|34=3|{order}\n= application\n" },
	{ "2.b a number that is too high",
	  ON "> 35=0|34=4\n< 35=2|34=2|7=2|16=0\n"
	     "> 35=0|34=5\n" /* asked once */
	     "> 35=4|34=2|43=Y|122={now}|36=4|123=Y\n= nothing\n"
	     /* 4 and 5 were held */
	     "> 35=D|34=6|{order}\n= application\n" },
	{ "2.b what came too early waits",
	  ON "> 35=D|34=3|{order}\n< 35=2|34=2|7=2|16=0\n= nothing\n"
	     "> 35=0|34=2|43=Y|122={now}\n= application\n"
	     /* and is not taken twice */
	     "> 35=D|34=3|43=Y|122={now}|{order}\n= nothing\n" },
	{ "2.b what came too early was in time",
	  "> 35=A|34=1|98=0|108=0{5.0}\n< 35=A|34=1|98=0|108=0{5.0}\n"
	  "> 35=D|34=3|{order}\n< 35=2|34=2|7=2|16=0\n+ 130\n"
	  "> 35=0|34=2|43=Y|122={now}\n= application\n"
	  /* and nothing else is late */
	  "> 35=D|34=4|49=TW|52={now-121}|56=ISLD|{order}\n"
	  "< 35=3|34=3|45=4|58=SendingTime accuracy problem|372=D|373=10\n"
	  "< 35=5|34=4\n= refused\n" },
	{ "2.b a gap whose last message is refused",
	  ON "> 35=0|34=3|41=X\n< 35=2|34=2|7=2|16=0\n"
	     "> 35=0|34=2|43=Y|122={now}\n"
	     "< 35=3|34=3|45=3|58=Tag not defined for this message type|"
	     "371=41|372=0|373=2\n"
	     /* the next gap is another one */
	     "> 35=0|34=6\n< 35=2|34=4|7=4|16=0\n" },
	{ "2.c a number that is too low",
	  ON "> 35=0|34=1\n"
	     "< 35=5|34=2|58=MsgSeqNum too low, expecting 2 but received 1\n"
	     "= refused\n" },
	{ "2.d a garbled message",
	  ON "! 8=FIX.4.4|9=20|35=0|34=2|10=000|\n= garbled\n"
	     "> 35=0|34=2\n= nothing\n" },
	{ "2.e a duplicate that was taken",
	  ON "> 35=D|34=2|{order}\n= application\n"
	     "> 35=D|34=2|43=Y|122={now}|{order}\n= nothing\n" },
	{ "2.e a duplicate that was not",
	  ON "> 35=D|34=2|43=Y|122={now}|{order}\n= application\n" },
	{ "2.f OrigSendingTime behind SendingTime",
	  ON "> 35=D|34=2|{order}\n"
	     "> 35=D|34=2|43=Y|122={now+10}|{order}\n"
	     "< 35=3|34=2|45=2|58=SendingTime accuracy problem|372=D|373=10\n"
	     "< 35=5|34=3\n= refused\n" },
	{ "2.g PossDup without OrigSendingTime",
	  ON "> 35=D|34=2|43=Y|{order}\n"
	     "< 35=3|34=2|45=2|58=Required tag missing|371=122|372=D|373=1\n"
	     "> 35=0|34=3\n= nothing\n" },
	{ "2.i another BeginString",
	  ON "> 8=FIX.4.9|35=0|34=2\n"
	     "< 35=5|34=2|58=Incorrect BeginString\n= refused\n" },
	{ "2.k another SenderCompID",
	  ON "> 35=D|34=2|49=X|52={now}|56=ISLD|{order}\n"
	     "< 35=3|34=2|45=2|58=CompID problem|372=D|373=9\n"
	     "< 35=5|34=3\n= refused\n" },
	{ "2.k another TargetCompID",
	  ON "> 35=D|34=2|56=X|{order}\n"
	     "< 35=3|34=2|45=2|58=CompID problem|372=D|373=9\n"
	     "< 35=5|34=3\n= refused\n" },
	{ "2.k a CompID without a value",
	  ON "> 35=0|34=2|56=\n"
	     "< 35=3|34=2|45=2|58=Tag specified without a value|371=56|"
	     "372=0|373=4\n"
	     "> 35=0|34=3\n= nothing\n" },
	{ "2.o a SendingTime out of range",
	  ON "> 35=D|34=2|49=TW|52={now-121}|56=ISLD|{order}\n"
	     "< 35=3|34=2|45=2|58=SendingTime accuracy problem|372=D|373=10\n"
	     "< 35=5|34=3\n= refused\n" },
	/* 121 s ahead, without decimals, and a second on its way */
	{ "2.o a SendingTime out of range by less than a second",
	  ON "> 35=D|34=2|49=TW|52={now+119}|56=ISLD|{order}\n"
	     "< 35=3|34=2|45=2|58=SendingTime accuracy problem|372=D|373=10\n"
	     "< 35=5|34=3\n= refused\n" },
	{ "2.n a SendingTime that is just in range",
	  ON "> 35=D|34=2|49=TW|52={now-119}|56=ISLD|{order}\n"
	     "= application\n"
	     "> 35=D|34=3|49=TW|52={now+118}|56=ISLD|{order}\n"
	     "= application\n" },
	{ "2.q a MsgType that is none",
	  ON "> 35=I|34=2\n"
	     "< 35=3|34=2|45=2|58=Invalid MsgType|372=I|373=11\n"
	     "> 35=0|34=3\n= nothing\n" },
	{ "2.r a MsgType that is not taken",
	  ON "> 35=8|34=2|37=1\n"
	     "< 35=j|34=2|45=2|58=Unsupported Message Type|372=8|380=3\n"
	     "> 35=0|34=3\n= nothing\n" },
	{ "no MsgSeqNum",
	  ON "> 35=0|49=TW|52={now}|56=ISLD\n"
	     "< 35=5|34=2|58=Received message without MsgSeqNum\n"
	     "= refused\n" },
	{ "4.a nothing was sent for HeartBtInt",
	  ON "> 35=0|34=2\n+ 29\n+ 1\n< 35=0|34=2\n" },
	{ "4.b a TestRequest",
	  ON "> 35=1|34=2|112=HELLO\n< 35=0|34=2|112=HELLO\n" },
	{ "6 nothing was heard for longer",
	  ON "> 35=0|34=2\n+ 30\n< 35=0|34=2\n+ 6\n< 35=1|34=3|112=TEST\n"
	     "> 35=0|34=3|112=TEST\n+ 30\n< 35=0|34=4\n" },
	{ "6 ... and nothing then",
	  ON "+ 30\n< 35=0|34=2\n+ 6\n< 35=1|34=3|112=TEST\n"
	     /* which says for both that we are there */
	     "+ 35\n= nothing\n+ 1\n= silent\n" },
	{ "HeartBtInt 0", "> 35=A|34=1|98=0|108=0{5.0}\n"
			  "< 35=A|34=1|98=0|108=0{5.0}\n+ 1000\n= nothing\n" },
	{ "7 a Reject",
	  ON "> 35=3|34=2|45=1|58=why\n> 35=0|34=3\n= nothing\n" },
	{ "8 asked for what the session said",
	  ON "> 35=1|34=2|112=A\n< 35=0|34=2|112=A\n"
	     "> 35=2|34=3|7=1|16=0\n< 35=4|34=1|43=Y|36=3|123=Y\n"
	     "> 35=2|34=4|7=2|16=2\n< 35=4|34=2|43=Y|36=3|123=Y\n" },
	{ "8 asked by a number that is too low",
	  ON "> 35=1|34=2|112=A\n< 35=0|34=2|112=A\n"
	     "> 35=2|34=2|7=1|16=0\n< 35=4|34=1|43=Y|36=3|123=Y\n"
	     "> 35=2|34=2|43=Y|122={now}|7=1|16=0\n= nothing\n"
	     "> 35=0|34=3\n= nothing\n"
	     "> 35=2|34=3|7=1\n"
	     "< 35=5|34=3|58=MsgSeqNum too low, expecting 4 but received 3\n"
	     "= refused\n" },
	{ "8 asked for applications' messages too",
	  ON "> 35=8|34=2|37=1\n"
	     "< 35=j|34=2|45=2|58=Unsupported Message Type|372=8|380=3\n"
	     "> 35=1|34=3|112=A\n< 35=0|34=3|112=A\n"
	     "> 35=8|34=4|37=1\n"
	     "< 35=j|34=4|45=4|58=Unsupported Message Type|372=8|380=3\n"
	     "> 35=2|34=5|7=1|16=0\n"
	     "< 35=4|34=1|43=Y|36=2|123=Y\n"
	     "< 35=j|34=2|43=Y|45=2|58=Unsupported Message Type|372=8|380=3\n"
	     "< 35=4|34=3|43=Y|36=4|123=Y\n"
	     "< 35=j|34=4|43=Y|45=4|58=Unsupported Message Type|372=8|380=3\n"
	     "> 35=2|34=6|7=9|16=0\n> 35=2|34=7|7=2|16=1\n"
	     "> 35=1|34=8|112=B\n< 35=0|34=5|112=B\n" },
	{ "10.a a gap fill that is too high",
	  ON "> 35=4|34=10|36=20|123=Y\n< 35=2|34=2|7=2|16=0\n" },
	{ "10.b a gap fill",
	  ON "> 35=4|34=2|36=10|123=Y\n> 35=0|34=10\n= nothing\n" },
	{ "10.c a gap fill that came before",
	  ON "> 35=0|34=2\n> 35=4|34=1|43=Y|122={now}|36=20|123=Y\n"
	     "= nothing\n> 35=4|34=2|43=Y|36=20|123=Y\n> 35=0|34=3\n"
	     "= nothing\n" },
	{ "10.d a gap fill that is too low",
	  ON "> 35=0|34=2\n> 35=4|34=1|36=20|123=Y\n"
	     "< 35=5|34=2|58=MsgSeqNum too low, expecting 3 but received 1\n"
	     "= refused\n" },
	{ "10.e a gap fill backwards",
	  ON "> 35=0|34=2\n> 35=4|34=3|36=3|123=Y\n"
	     "< 35=3|34=2|45=3|58=Value is incorrect (out of range) for this "
	     "tag|372=4|373=5\n" },
	{ "11.a a reset to a higher number",
	  ON "> 35=4|34=7|36=50\n> 35=0|34=50\n= nothing\n" },
	{ "11.a ... whose own number is 0",
	  ON "> 35=4|34=0|36=50\n> 35=0|34=50\n= nothing\n" },
	{ "11.c ... to a lower one",
	  ON "> 35=0|34=2\n> 35=4|34=0|36=2\n"
	     "< 35=3|34=2|45=0|58=Value is incorrect (out of range) for this "
	     "tag|372=4|373=5\n"
	     "> 35=0|34=3\n= nothing\n" },
	{ "10 a gap fill's own number is none",
	  ON "> 35=4|34=0|36=50|123=Y\n"
	     "< 35=5|34=2|58=Received message without MsgSeqNum\n"
	     "= refused\n" },
	{ "11.b a reset to the same number",
	  ON "> 35=4|34=1|36=2\n> 35=0|34=2\n= nothing\n" },
	{ "11.c a reset to a lower number",
	  ON "> 35=0|34=2\n> 35=4|34=3|36=2\n"
	     "< 35=3|34=2|45=3|58=Value is incorrect (out of range) for this "
	     "tag|372=4|373=5\n"
	     "> 35=0|34=3\n= nothing\n" },
	{ "13.b a Logout", ON "> 35=5|34=2|58=bye\n< 35=5|34=2\n= over\n" },
	{ "13 a Logout whose number is too high",
	  ON "> 35=5|34=9\n< 35=5|34=2\n= over\n" },
	{ "14.a a tag that is none",
	  ON "> 35=0|34=2|0=HI\n"
	     "< 35=3|34=2|45=2|58=Invalid tag number|371=0|372=0|373=0\n"
	     "> 35=0|34=3|-1=HI\n"
	     "< 35=3|34=3|45=3|58=Invalid tag number|371=-1|372=0|373=0\n"
	     "> 35=0|34=4|5000=HI\n"
	     "< 35=3|34=4|45=4|58=Invalid tag number|371=5000|372=0|373=0\n" },
	{ "14.b a tag that is missing",
	  ON "> 35=1|34=2\n"
	     "< 35=3|34=2|45=2|58=Required tag missing|371=112|372=1|373=1\n"
	     "> 35=D|34=3|21=1|40=2|54=1|55=X|60={now}\n"
	     "< 35=3|34=3|45=3|58=Required tag missing|371=11|372=D|373=1\n"
	     "> 35=0|34=4|49=TW|56=ISLD\n"
	     "< 35=3|34=4|45=4|58=Required tag missing|371=52|372=0|373=1\n" },
	{ "14.c a tag of another message",
	  ON "> 35=0|34=2|41=X\n"
	     "< 35=3|34=2|45=2|58=Tag not defined for this message type|"
	     "371=41|372=0|373=2\n"
	     "> 35=D|34=3|41=X|{order}\n"
	     "< 35=3|34=3|45=3|58=Tag not defined for this message type|"
	     "371=41|372=D|373=2\n" },
	{ "14.d a tag without a value",
	  ON "> 35=0|34=2|112=\n"
	     "< 35=3|34=2|45=2|58=Tag specified without a value|371=112|"
	     "372=0|373=4\n" },
	{ "14.e a value that is not in the list",
	  ON "> 35=D|34=2|11=ID|21=4|40=1|54=1|55=X|60={now}\n"
	     "< 35=3|34=2|45=2|58=Value is incorrect (out of range) for this "
	     "tag|371=21|372=D|373=5\n" },
	{ "14.f a value in another format",
	  ON "> 35=D|34=2|11=ID|21=1|38=+200|40=1|54=1|55=X|60={now}\n"
	     "< 35=3|34=2|45=2|58=Incorrect data format for value|371=38|"
	     "372=D|373=6\n"
	     "> 35=D|34=3|11=ID|21=1|40=1|54=1|55=X|60=20250126\n"
	     "< 35=3|34=3|45=3|58=Incorrect data format for value|371=60|"
	     "372=D|373=6\n" },
	{ "14.g the body before the header",
	  ON "> 35=D|55=X|34=2|11=ID|21=1|40=1|54=1|60={now}\n"
	     "< 35=3|34=2|45=2|58=Tag specified out of required order|371=34|"
	     "372=D{r14}\n" },
	{ "14.h a tag that is there twice",
	  ON "> 35=D|34=2|40=2|{order}\n"
	     "< 35=3|34=2|45=2|58=Tag appears more than once|371=40|"
	     "372=D{r13}\n" },
	{ "14.i a group of another size",
	  ON "> 35=D|34=2|78=2|79=A|80=1|{order}\n"
	     "< 35=3|34=2|45=2|58=Incorrect NumInGroup count for repeating "
	     "group|371=78|372=D{r16}\n"
	     "> 35=D|34=3|78=2|79=A|80=1|79=B|80=2|{order}\n= application\n" },
	{ "a refusal goes back by the way that it came", ON
	  "> 35=D|34=2|49=TW|52={now}|56=ISLD|115=JCD|116=CS|144=CHI|11=ID|"
	  "21=3|40=w|54=1|55=X|60={now}\n"
	  "< 35=3|34=2|128=JCD|129=CS|145=CHI|45=2|58=Value is incorrect "
	  "(out of range) for this tag|371=40|372=D|373=5\n"
	  "> 35=D|34=3|49=TW|52={now}|56=ISLD|128=JCD|129=|11=ID|21=3|40=2|"
	  "54=1|55=X|60={now}\n"
	  "< 35=3|34=3|115=JCD|45=3|58=Tag specified without a value|371=129|"
	  "372=D|373=4\n" },
	{ "15 the header in another order",
	  ON "> 35=D|49=TW|56=ISLD|52={now}|34=2|60={now}|55=X|54=1|44=1|40=2|"
	     "38=1|21=1|11=ID\n= application\n" },
	{ "20 both ask",
	  ON "> 35=0|34=7\n< 35=2|34=2|7=2|16=0\n"
	     "> 35=2|34=8|7=1|16=1\n< 35=4|34=1|43=Y|36=2|123=Y\n"
	     "> 35=4|34=2|43=Y|122={now}|36=7|123=Y\n= nothing\n"
	     /* 8 is not answered twice */
	     "> 35=1|34=9|112=A\n< 35=0|34=3|112=A\n" },
	{ "what was asked for does not come",
	  ON "> 35=0|34=9\n< 35=2|34=2|7=2|16=0\n"
	     "> 35=0|34=10\n+ 20\n> 35=0|34=11\n+ 10\n< 35=0|34=3\n"
	     "+ 7\n< 35=2|34=4|7=2|16=0\n"
	     "> 35=0|34=12\n+ 30\n< 35=0|34=5\n"
	     "> 35=0|34=13\n+ 6\n< 35=2|34=6|7=2|16=0\n"
	     "> 35=0|34=14\n+ 30\n< 35=0|34=7\n> 35=0|34=15\n+ 6\n"
	     "< 35=5|34=8|58=ResendRequest not answered\n= silent\n" },
	{ "what was asked for may have come and is not read",
	  "> 35=A|34=5|{logon}\n< 35=A|34=1|{logon}\n"
	  "< 35=2|34=2|7=1|16=0\n~ 30\n< 35=0|34=3\n~ 30\n< 35=0|34=4\n"
	  "~ 30\n< 35=0|34=5\n~ 30\n< 35=0|34=6\n= nothing\n"
	  /* it is read from now on */
	  "+ 30\n< 35=0|34=7\n> 35=0|34=6\n+ 6\n< 35=2|34=8|7=1|16=0\n" },
	{ "a number that fits no counter",
	  ON "> 35=0|34=4294967296\n"
	     "< 35=5|34=2|58=Received message without MsgSeqNum\n"
	     "= refused\n" },
	{ "after the end nothing is taken",
	  ON "> 35=5|34=2\n< 35=5|34=2\n> 35=D|34=3|{order}\n= over\n" },
};

static const struct {
	const char *name, *script;
} initiates[] = {
	{ "1B.c the Logon is answered",
	  "< 35=A|34=1|{logon}\n> 35=A|34=1|{logon}\n= nothing\n" },
	{ "1B.c ... with a number that is too high",
	  "< 35=A|34=1|{logon}\n> 35=A|34=4|{logon}\n"
	  "< 35=2|34=2|7=1|16=0\n" },
	{ "1B.c ... with a number that is none",
	  "< 35=A|34=1|{logon}\n> 35=A|34=0|98=0|108=30|141=Y{5.0}\n"
	  "< 35=5|34=2|58=Received message without MsgSeqNum\n"
	  "= refused\n" },
	{ "1B.d the answer is no good",
	  "< 35=A|34=1|{logon}\n> 35=A|34=1|98=0{5.0}\n"
	  "< 35=3|34=2|45=1|58=Required tag missing|371=108|372=A|373=1\n"
	  "< 35=5|34=3\n= refused\n" },
	{ "1B.e something else comes first",
	  "< 35=A|34=1|{logon}\n> 35=0|34=1\n= refused\n" },
	{ "a Logout instead",
	  "< 35=A|34=1|{logon}\n> 35=5|34=1|58=no\n= unknown\n" },
	{ "executions are taken, orders are not",
	  "< 35=A|34=1|{logon}\n> 35=A|34=1|{logon}\n> 35=8|34=2|37=1\n"
	  "= nothing\n> 35=D|34=3|{order}\n"
	  "< 35=j|34=2|45=3|58=Unsupported Message Type|372=D|380=3\n" },
	{ "a new connection goes on where it was",
	  "< 35=A|34=1|{logon}\n> 35=A|34=1|{logon}\n> 35=0|34=2\n"
	  "again\n< 35=A|34=2|{logon}\n> 35=A|34=3|{logon}\n= nothing\n"
	  "> 35=2|34=4|7=1|16=0\n< 35=4|34=1|43=Y|36=3|123=Y\n" },
};

struct test {
	enum fix_session_role role;
	enum fix_version version;
	const char *script;
};

static void scenario(void **state)
{
	const struct test *test = *state;

	fix_script_run(test->role, test->version, test->script);
}

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define VERSIONS  3
#define TESTS_MAX (VERSIONS * (COUNT(accepts) + COUNT(initiates)))

int main(void)
{
	static struct test tests[TESTS_MAX];
	static struct CMUnitTest units[TESTS_MAX];
	static char names[TESTS_MAX][128];
	size_t n = 0;

	for (unsigned int version = 0; version < VERSIONS; version++) {
		for (size_t i = 0; i < COUNT(accepts) + COUNT(initiates);
		     i++, n++) {
			bool accepting = i < COUNT(accepts);
			size_t at = accepting ? i : i - COUNT(accepts);

			tests[n] = (struct test){
				accepting ? FIX_ACCEPTOR : FIX_INITIATOR,
				(enum fix_version)version,
				accepting ? accepts[at].script
					  : initiates[at].script,
			};
			snprintf(names[n], sizeof(names[n]), "%s: %s",
				 fix_begin_string(tests[n].version),
				 accepting ? accepts[at].name
					   : initiates[at].name);
			units[n] = (struct CMUnitTest){
				.name = names[n],
				.test_func = scenario,
				.initial_state = &tests[n],
			};
		}
	}
	return _cmocka_run_group_tests("fix_session", units, n, NULL, NULL);
}
