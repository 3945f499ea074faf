/* SPDX-License-Identifier: MIT */
#include "tests/support/capture_shapes.h"

void capture_shapes_session(struct capture_maker *maker)
{
	capture_maker_connect(maker);
	capture_maker_level(maker, MARKET_DATA_SNAPSHOT, MARKET_DATA_ASK, 50001,
			    1);
	capture_maker_level(maker, MARKET_DATA_SNAPSHOT, MARKET_DATA_BID, 49000,
			    1);
	capture_maker_level(maker, 0, MARKET_DATA_ASK, 50000, 1);
	capture_maker_level(maker, 0, MARKET_DATA_BID, 49100, 30);
	capture_maker_order(maker, ORDER_BUY, 50000);
	capture_maker_acknowledge(maker, maker->client_next);
	capture_maker_level(maker, 0, MARKET_DATA_ASK, 49990, 1);
	capture_maker_level(maker, 0, MARKET_DATA_BID, 49200, 30);
	capture_maker_order(maker, ORDER_BUY, 49990);
	capture_maker_acknowledge(maker, maker->client_next);
	capture_maker_packet(maker, MARKET_DATA_END_OF_FEED, NULL, 0);
	capture_maker_disconnect(maker);
}
