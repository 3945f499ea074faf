/* SPDX-License-Identifier: MIT */
#include "wire/fix_order_fields.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "wire/fix_tags.h"

#define DATE_LEN  8 /* "20260131" */
#define MONTH_LEN 6

enum form {
	TEXT,
	CHAR,
	CHARS, /* with blanks between */
	INT,
	DECIMAL,
	TIME,
	DATE,
	MONTH, /* "202601", with a day or a week ("w2") or without */
	DAY,   /* of a month */
};

/*
 * FIX 4.2 to 5.0, volumes 4 and 6: X(tag, form, values), values with blanks
 * between, NULL where any will do. What parties may agree upon among
 * themselves is not listed. tests/lint/fix_dictionary.sh holds it against a
 * published dictionary.
 */
/* clang-format off */
#define FIELDS(X) \
	X(12, DECIMAL, NULL) \
	X(13, CHAR, "1 2 3 4 5 6") \
	X(18, CHARS, "0 1 2 3 4 5 6 7 8 9 A B C D E F G H I J K L M N O P Q " \
	  "R S T U V W X Y Z a b c d e f g h i j k l m n o p q r " \
	  "s t") \
	X(21, CHAR, "1 2 3") \
	X(22, TEXT, "1 2 3 4 5 6 7 8 9 A B C D E F G H I J K L M") \
	X(38, DECIMAL, NULL) \
	X(40, CHAR, "1 2 3 4 5 6 7 8 9 A B C D E F G H I J K L M P Q") \
	X(44, DECIMAL, NULL) \
	X(47, CHAR, "A B C D E F H I J K L M N O P R S T U W X Y Z") \
	X(54, CHAR, "1 2 3 4 5 6 7 8 9 A B C D E F G") \
	X(59, CHAR, "0 1 2 3 4 5 6 7 8 9") \
	X(60, TIME, NULL) \
	X(63, TEXT, "0 1 2 3 4 5 6 7 8 9 A B C") \
	X(64, DATE, NULL) \
	X(75, DATE, NULL) \
	X(77, CHAR, "C D F N O R") \
	X(80, DECIMAL, NULL) \
	X(81, CHAR, "0 1 2 3 4 5 6") \
	X(99, DECIMAL, NULL) \
	X(110, DECIMAL, NULL) \
	X(111, DECIMAL, NULL) \
	X(114, CHAR, "N Y") \
	X(121, CHAR, "N Y") \
	X(126, TIME, NULL) \
	X(140, DECIMAL, NULL) \
	X(152, DECIMAL, NULL) \
	X(167, TEXT, "? AN BA BN CB CD CL CP CS DN FN GN GO MF MT PN PS RP " \
	  "SL TB TD ABS BDN BOX CAN CDS CMB CMO CPP CTB FAC FHA " \
	  "FHL FOR FRN FUT IET IRS LQN MBS MIO MPO MPP MPT MTN " \
	  "OOC OOF OOP OPT PEF RAN REV STN TAN TBA UST WAR WLD " \
	  "XCN YCD ZOO CAMM CASH CMBS COFO COFP CORP DINP DUAL " \
	  "EUCD EUCP FADN GOVT LOFC MLEG MUNI NONE POOL PROV " \
	  "PZFJ REPO RVLV RVRP SLQN TAXA TCAL TECP TERM TINT " \
	  "TIPS TLQN TMCP TPRN TRAN USTB VRDN YANK BRADY EUFRN " \
	  "EUSOV FXFWD FXNDF ONITE PFAND SPCLA SPCLO SPCLT SUPRA " \
	  "SWING TBILL TBOND TNOTE BRIDGE EUCORP FXSPOT FXSWAP " \
	  "STRUCT XLINKD AMENDED BUYSELL DEFLTED EUSUPRA FORWARD " \
	  "MATURED REPLACD RETIRED RVLVTRM SECLOAN WITHDRN " \
	  "SECPLEDGE") \
	X(168, TIME, NULL) \
	X(192, DECIMAL, NULL) \
	X(193, DATE, NULL) \
	X(200, MONTH, NULL) \
	X(201, INT, "0 1") \
	X(202, DECIMAL, NULL) \
	X(203, INT, "0 1") \
	X(204, INT, "0 1") \
	X(205, DAY, NULL) \
	X(206, CHAR, NULL) \
	X(210, DECIMAL, NULL) \
	X(211, DECIMAL, NULL) \
	X(218, DECIMAL, NULL) \
	X(223, DECIMAL, NULL) \
	X(224, DATE, NULL) \
	X(225, DATE, NULL) \
	X(226, INT, NULL) \
	X(227, DECIMAL, NULL) \
	X(228, DECIMAL, NULL) \
	X(229, DATE, NULL) \
	X(231, DECIMAL, NULL) \
	X(235, TEXT, "PUT BOOK CALL MARK TRUE CLOSE GROSS WORST ANNUAL " \
	  "CHANGE SIMPLE TENDER ATISSUE AVGLIFE CURRENT LONGEST " \
	  "OPENAVG AFTERTAX COMPOUND LASTYEAR MATURITY PROCEEDS " \
	  "SHORTEST TAXEQUIV GOVTEQUIV INFLATION LASTCLOSE " \
	  "LASTMONTH PREVCLOSE VALUE1/32 VALUE1_32 NEXTREFUND " \
	  "SEMIANNUAL AVGMATURITY LASTQUARTER LONGAVGLIFE " \
	  "SHORTAVGLIFE INVERSEFLOATER") \
	X(236, DECIMAL, NULL) \
	X(240, DATE, NULL) \
	X(241, DATE, NULL) \
	X(242, DATE, NULL) \
	X(244, INT, NULL) \
	X(245, DECIMAL, NULL) \
	X(246, DECIMAL, NULL) \
	X(247, DATE, NULL) \
	X(313, MONTH, NULL) \
	X(315, INT, NULL) \
	X(316, DECIMAL, NULL) \
	X(317, CHAR, NULL) \
	X(377, CHAR, "N Y") \
	X(388, CHAR, "0 1 2 3 4 5 6 7") \
	X(389, DECIMAL, NULL) \
	X(423, INT, "1 2 3 4 5 6 7 8 9 10 11 13 14 15 16 17 18 19") \
	X(427, INT, "0 1 2") \
	X(432, DATE, NULL) \
	X(435, DECIMAL, NULL) \
	X(436, DECIMAL, NULL) \
	X(447, CHAR, "1 2 3 4 5 6 7 8 9 A B C D E F G H I") \
	X(452, INT, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 " \
	  "22 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 " \
	  "41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 " \
	  "59 60 61 62 63 64 65 66 67 68 69 70 71 72 73 74 75 76 " \
	  "77 78 79 80 81 82 83 84 85") \
	X(460, INT, "1 2 3 4 5 6 7 8 9 10 11 12 13") \
	X(462, INT, NULL) \
	X(468, CHAR, "0 1 2") \
	X(469, DECIMAL, NULL) \
	X(480, CHAR, "M N O Y") \
	X(481, CHAR, "1 2 3 N Y") \
	X(497, CHAR, "N Y") \
	X(516, DECIMAL, NULL) \
	X(525, CHAR, NULL) \
	X(528, CHAR, "A G I P R W") \
	X(529, CHARS, "1 2 3 4 5 6 7 8 9 A B C D E F") \
	X(538, INT, NULL) \
	X(541, DATE, NULL) \
	X(542, DATE, NULL) \
	X(544, CHAR, "1 2 3") \
	X(581, INT, "1 2 3 4 6 7 8") \
	X(582, INT, "1 2 3 4") \
	X(589, CHAR, "0 1 2") \
	X(590, CHAR, "0 1 2") \
	X(591, CHAR, "0 1") \
	X(635, TEXT, "1 2 3 4 5 9 B C E F H I L M") \
	X(640, DECIMAL, NULL) \
	X(660, INT, "1 2 3 4 5 99") \
	X(661, INT, NULL) \
	X(662, DECIMAL, NULL) \
	X(663, INT, NULL) \
	X(667, MONTH, NULL) \
	X(696, DATE, NULL) \
	X(697, DECIMAL, NULL) \
	X(698, INT, NULL) \
	X(701, DATE, NULL) \
	X(775, INT, "0 1 2") \
	X(788, INT, "1 2 3 4") \
	X(805, INT, NULL) \
	X(810, DECIMAL, NULL) \
	X(835, INT, "0 1") \
	X(836, INT, "0 1 2 3") \
	X(837, INT, "0 1 2") \
	X(838, INT, "1 2") \
	X(840, INT, "1 2 3 4") \
	X(841, INT, "0 1") \
	X(842, INT, "0 1 2 3") \
	X(843, INT, "0 1 2") \
	X(844, INT, "1 2") \
	X(846, INT, "1 2 3 4") \
	X(849, DECIMAL, NULL) \
	X(854, INT, "0 1 2") \
	X(865, INT, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 99") \
	X(866, DATE, NULL) \
	X(867, DECIMAL, NULL) \
	X(873, DATE, NULL) \
	X(874, DATE, NULL) \
	X(875, INT, "1 2 99") \
	X(879, DECIMAL, NULL) \
	X(882, DECIMAL, NULL) \
	X(883, DECIMAL, NULL) \
	X(884, DECIMAL, NULL) \
	X(885, DECIMAL, NULL) \
	X(886, DECIMAL, NULL) \
	X(898, DECIMAL, NULL) \
	X(915, DATE, NULL) \
	X(916, DATE, NULL) \
	X(917, DATE, NULL) \
	X(919, INT, "0 1 2 3")
/* clang-format on */

#define PLACE(tag, form_, values_)   PLACE_##tag,
#define FIELD(tag, form_, values_)   [PLACE_##tag] = { form_, values_ },
#define LOOK_UP(tag, form_, values_) [tag] = PLACE_##tag,

enum place { PLACE_NONE, FIELDS(PLACE) PLACES };
_Static_assert(PLACES <= UINT8_MAX, "a byte is enough");

static const struct {
	enum form form;
	const char *values;
} fields[PLACES] = { FIELDS(FIELD) };

static const uint8_t places[FIX_TAGS] = { FIELDS(LOOK_UP) };

static bool is_one_of(const char *values, const uint8_t *text, size_t len)
{
	while (*values) {
		size_t value_len = strcspn(values, " ");

		if (value_len == len && memcmp(values, text, len) == 0)
			return true;
		values += value_len;
		values += *values == ' ';
	}
	return false;
}

static bool is_number(const uint8_t *text, size_t len, uint64_t min,
		      uint64_t max)
{
	uint64_t number;

	return fix_unsigned(text, len, &number) == 0 && number >= min &&
	       number <= max;
}

static bool is_date(const uint8_t *text, size_t len)
{
	static const char midnight[] = "-00:00:00";
	uint8_t time[DATE_LEN + sizeof(midnight) - 1];
	uint64_t ns;

	if (len != DATE_LEN)
		return false;
	memcpy(time, text, DATE_LEN);
	memcpy(time + DATE_LEN, midnight, sizeof(midnight) - 1);
	return fix_time(time, sizeof(time), &ns) == 0;
}

static bool is_month(const uint8_t *text, size_t len)
{
	if (len == DATE_LEN && text[MONTH_LEN] != 'w')
		return is_date(text, len);
	if (len == DATE_LEN && !is_number(text + MONTH_LEN + 1, 1, 1, 5))
		return false;
	return (len == MONTH_LEN || len == DATE_LEN) &&
	       is_number(text, 4, 1970, 2500) && is_number(text + 4, 2, 1, 12);
}

static bool is_in_form(enum form form, const uint8_t *text, size_t len)
{
	int64_t number;
	uint64_t ns;

	switch (form) {
	case TEXT:
	case CHARS:
		return true;
	case CHAR:
		return len == 1;
	case INT:
		return fix_signed(text, len, &number) != -EINVAL;
	case DECIMAL:
		/* Too great or too fine is a number all the same. */
		return fix_decimal(text, len, &number) != -EINVAL;
	case TIME:
		return fix_time(text, len, &ns) == 0;
	case DATE:
		return is_date(text, len);
	case MONTH:
		return is_month(text, len);
	case DAY:
		return is_number(text, len, 1, 31);
	}
	return true;
}

enum fix_reason fix_order_field_check(uint32_t tag, const uint8_t *text,
				      size_t len)
{
	const uint8_t place = tag < FIX_TAGS ? places[tag] : PLACE_NONE;
	const char *values = fields[place].values;
	size_t at = 0;

	if (place == PLACE_NONE)
		return FIX_NO_FAULT;
	if (!is_in_form(fields[place].form, text, len))
		return FIX_BAD_FORMAT;
	if (!values)
		return FIX_NO_FAULT;
	if (fields[place].form != CHARS)
		return is_one_of(values, text, len) ? FIX_NO_FAULT
						    : FIX_BAD_VALUE;
	for (; at < len; at += 2)
		if (!is_one_of(values, text + at, 1) ||
		    (at + 1 < len && text[at + 1] != ' '))
			return FIX_BAD_VALUE;
	return at == len + 1 ? FIX_NO_FAULT : FIX_BAD_VALUE;
}
