/* SPDX-License-Identifier: MIT */
/*
 * The trader as it is often built today: on Boost.Asio, with io_uring as its
 * only backend. Sockets and all work on a datagram are ours (peer.h), so that
 * what is compared is how data comes in and orders go out.
 */
#define BOOST_ASIO_HAS_IO_URING	 1
#define BOOST_ASIO_DISABLE_EPOLL 1
#include <boost/asio.hpp>

#include <array>
#include <cstdio>
#include <vector>

#include "tests/bench/support/peer.h"

#ifndef BOOST_ASIO_HAS_IO_URING_AS_DEFAULT
#error "this Boost.Asio does not take io_uring for its sockets"
#endif

namespace asio = boost::asio;
using boost::system::error_code;

class trader
{
      public:
	trader(peer &work, asio::io_context &loop)
		: work(work), loop(loop),
		  data(loop, asio::ip::udp::v4(), work.data),
		  orders(loop, asio::ip::tcp::v4(), work.orders)
	{
	}

	void start()
	{
		watch();
		receive();
	}

	bool failed = false;

      private:
	/* The exchange sends nothing: what comes is its end. */
	void watch()
	{
		orders.async_read_some(
			asio::buffer(unused), [this](error_code, std::size_t) {
				std::fprintf(stderr, "the exchange is gone\n");
				fail();
			});
	}

	void receive()
	{
		data.async_receive(asio::buffer(datagram),
				   [this](error_code err, std::size_t len) {
					   if (err)
						   return told(err);
					   trade(len);
				   });
	}

	/* The order first: the next datagram can wait that long. */
	void trade(std::size_t len)
	{
		int n = peer_trade(&work, datagram.data(), len, made.data());

		if (n < 0)
			return fail();
		waiting.insert(waiting.end(), made.data(), made.data() + n);
		if (leaving.empty())
			send();
		if (!work.ended)
			receive();
	}

	/* One write at a time, as TCP wants it; what comes meanwhile waits. */
	void send()
	{
		if (waiting.empty()) {
			if (work.ended)
				loop.stop();
			return;
		}
		leaving.swap(waiting);
		asio::async_write(orders, asio::buffer(leaving),
				  [this](error_code err, std::size_t) {
					  if (err)
						  return told(err);
					  leaving.clear();
					  send();
				  });
	}

	void told(error_code err)
	{
		std::fprintf(stderr, "%s\n", err.message().c_str());
		fail();
	}

	void fail()
	{
		failed = true;
		loop.stop();
	}

	peer &work;
	asio::io_context &loop;
	asio::ip::udp::socket data;
	asio::ip::tcp::socket orders;
	std::array<std::uint8_t, PEER_DATAGRAM_MAX> datagram;
	std::array<std::uint8_t, PEER_ORDERS_MAX> made;
	std::array<std::uint8_t, 1> unused;
	std::vector<std::uint8_t> waiting, leaving;
};

int main(int argc, char **argv)
{
	peer work{};
	int code = peer_open(&work, "asio", argc, argv);

	if (code >= 0)
		return code;

	asio::io_context loop{ 1 }; /* a hint: one thread */
	trader trader{ work, loop };

	trader.start();
	if (work.spin)
		while (!loop.stopped())
			loop.poll();
	else
		loop.run();
	code = peer_close(&work);
	return trader.failed ? 1 : code;
}
