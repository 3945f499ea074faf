/* SPDX-License-Identifier: MIT */
/*
 * QuickFIX as a peer: whether both understand each other, and to measure
 * against.
 *
 *	quickfix_peer initiator VERSION ADDRESS PORT ORDERS
 *		logs on as TRADER, sends orders, waits for an ExecutionReport
 *		each, asks for all of them again, and logs out: "executions N,
 *		again N"
 *	quickfix_peer acceptor VERSION PORT
 *		"listens"; takes orders until the peer logs out: "orders N"
 *	quickfix_peer codec ROUNDS
 *		ns of a NewOrderSingle, read and built: "READ BUILT"
 */
#include <quickfix/Application.h>
#include <quickfix/FixFields.h>
#include <quickfix/Log.h>
#include <quickfix/Message.h>
#include <quickfix/MessageStore.h>
#include <quickfix/Session.h>
#include <quickfix/SessionSettings.h>
#include <quickfix/SocketAcceptor.h>
#include <quickfix/SocketInitiator.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <thread>

static const int wait_ms = 20000;

static void order_make(FIX::Message &order, bool hands, int number)
{
	order.getHeader().setField(FIX::MsgType("D"));
	order.setField(FIX::ClOrdID("Q" + std::to_string(number)));
	if (hands)
		order.setField(FIX::HandlInst('1'));
	order.setField(FIX::OrderQty(number));
	order.setField(FIX::OrdType('2'));
	order.setField(FIX::Price(61800.5));
	order.setField(FIX::Side('1'));
	order.setField(FIX::Symbol("T2T"));
	order.setField(FIX::TransactTime());
}

class peer : public FIX::Application
{
      public:
	std::atomic<bool> on{ false }, off{ false };
	std::atomic<int> orders{ 0 }, executions{ 0 }, again{ 0 };
	FIX::SessionID session;

	void onCreate(const FIX::SessionID &) override
	{
	}
	void onLogon(const FIX::SessionID &id) override
	{
		session = id;
		on = true;
	}
	void onLogout(const FIX::SessionID &) override
	{
		off = on.load();
	}
	void toAdmin(FIX::Message &, const FIX::SessionID &) override
	{
	}
	void toApp(FIX::Message &,
		   const FIX::SessionID &) throw(FIX::DoNotSend) override
	{
	}
	void fromAdmin(const FIX::Message &,
		       const FIX::SessionID &) throw(FIX::FieldNotFound,
						     FIX::IncorrectDataFormat,
						     FIX::IncorrectTagValue,
						     FIX::RejectLogon) override
	{
	}
	void fromApp(const FIX::Message &message, const FIX::SessionID &) throw(
		FIX::FieldNotFound, FIX::IncorrectDataFormat,
		FIX::IncorrectTagValue, FIX::UnsupportedMessageType) override
	{
		const std::string type = message.getHeader().getField(35);

		const bool seen = message.getHeader().isSetField(43);

		orders += type == "D" && message.getField(44) != "";
		executions += type == "8" && !seen;
		again += type == "8" && seen;
	}
};

template <typename Condition> static bool wait_for(Condition condition)
{
	for (int ms = 0; ms < wait_ms && !condition(); ms += 2)
		std::this_thread::sleep_for(std::chrono::milliseconds(2));
	return condition();
}

static std::string settings_of(const std::string &version, bool initiator,
			       const std::string &address,
			       const std::string &port)
{
	const bool fixt = version == "5.0";
	std::ostringstream text;

	text << "[DEFAULT]\nUseDataDictionary=N\nStartTime=00:00:00\n"
	     << "EndTime=00:00:00\nHeartBtInt=30\nReconnectInterval=1\n"
	     << "[SESSION]\nBeginString="
	     << (fixt ? "FIXT.1.1" : "FIX." + version) << "\n";
	if (fixt)
		text << "DefaultApplVerID=FIX.5.0\n";
	if (initiator)
		text << "ConnectionType=initiator\nSenderCompID=TRADER\n"
		     << "TargetCompID=EXCHANGE\nResetOnLogon=Y\n"
		     << "SocketConnectHost=" << address
		     << "\nSocketConnectPort=" << port << "\n";
	else
		text << "ConnectionType=acceptor\nSenderCompID=EXCHANGE\n"
		     << "TargetCompID=TRADER\nSocketAcceptPort=" << port
		     << "\nSocketReuseAddress=Y\n";
	return text.str();
}

static int initiate(const std::string &version, const std::string &address,
		    const std::string &port, int count)
{
	std::istringstream text(settings_of(version, true, address, port));
	FIX::SessionSettings settings(text);
	FIX::MemoryStoreFactory stores;
	peer application;
	FIX::SocketInitiator initiator(application, stores, settings);
	FIX::Message ask;
	bool good;

	initiator.start();
	good = wait_for([&] { return application.on.load(); });
	for (int i = 1; good && i <= count; i++) {
		FIX::Message order;

		order_make(order, version == "4.2", i);
		good = FIX::Session::sendToTarget(order, application.session);
	}
	good = good &&
	       wait_for([&] { return application.executions >= count; });
	/* A number that it thinks it has not seen: it asks for them again. */
	if (good)
		FIX::Session::lookupSession(application.session)
			->setNextTargetMsgSeqNum(2);
	ask.getHeader().setField(FIX::MsgType("1"));
	ask.setField(FIX::TestReqID("again"));
	good = good && FIX::Session::sendToTarget(ask, application.session) &&
	       wait_for([&] { return application.again >= count; });
	std::printf("executions %d, again %d\n", application.executions.load(),
		    application.again.load());
	initiator.stop();
	return good ? 0 : 1;
}

static int accept_one(const std::string &version, const std::string &port)
{
	std::istringstream text(settings_of(version, false, "", port));
	FIX::SessionSettings settings(text);
	FIX::MemoryStoreFactory stores;
	peer application;
	FIX::SocketAcceptor acceptor(application, stores, settings);
	bool good;

	acceptor.start();
	std::printf("listens\n");
	std::fflush(stdout);
	good = wait_for([&] { return application.off.load(); });
	std::printf("orders %d\n", application.orders.load());
	acceptor.stop();
	return good ? 0 : 1;
}

static double now_ns()
{
	return std::chrono::duration<double, std::nano>(
		       std::chrono::steady_clock::now().time_since_epoch())
		.count();
}

/* The message is the one that tests/bench/support/fix.c has. */
static int codec(int rounds)
{
	std::string text =
		"8=FIX.4.4|9=98|35=D|49=SENDER|56=TARGET|34=1|"
		"52=20250126-12:00:00|11=ORDER123|55=AAPL|54=1|38=100|40=2|"
		"44=150.50|10=";
	unsigned int sum = 0;
	char trailer[8];
	size_t len = 0;
	double begin, read, built;

	for (char &c : text)
		c = c == '|' ? '\1' : c;
	for (size_t i = 0; i + 3 < text.size(); i++)
		sum += (unsigned char)text[i];
	std::snprintf(trailer, sizeof(trailer), "%03u\1", sum % 256);
	text += trailer;
	begin = now_ns();
	for (int i = 0; i < rounds; i++) {
		FIX::Message message;

		message.setString(text, true);
		len += message.getHeader().isSetField(35);
	}
	read = now_ns();
	/* Once built, what changes is set anew. */
	FIX::Message order;

	order_make(order, false, 1);
	order.getHeader().setField(FIX::BeginString("FIX.4.4"));
	order.getHeader().setField(FIX::SenderCompID("SENDER"));
	order.getHeader().setField(FIX::TargetCompID("TARGET"));
	for (int i = 0; i < rounds; i++) {
		order.getHeader().setField(FIX::MsgSeqNum(i));
		order.getHeader().setField(FIX::SendingTime());
		order.setField(FIX::TransactTime());
		order.setField(FIX::ClOrdID("Q" + std::to_string(i)));
		order.setField(FIX::OrderQty(i));
		order.setField(FIX::Price(150.5 + i));
		order.setField(FIX::Side('2'));
		len += order.toString(text).size();
	}
	built = now_ns();
	std::printf("%.1f %.1f\n", (read - begin) / rounds,
		    (built - read) / rounds);
	return len > 0 ? 0 : 1;
}

int main(int argc, char **argv)
try {
	if (argc == 6 && !std::strcmp(argv[1], "initiator"))
		return initiate(argv[2], argv[3], argv[4], std::atoi(argv[5]));
	if (argc == 4 && !std::strcmp(argv[1], "acceptor"))
		return accept_one(argv[2], argv[3]);
	if (argc == 3 && !std::strcmp(argv[1], "codec"))
		return codec(std::atoi(argv[2]));
	std::fprintf(stderr, "quickfix_peer: see its first lines\n");
	return 2;
} catch (const std::exception &error) {
	std::fprintf(stderr, "quickfix_peer: %s\n", error.what());
	return 1;
}
