#!/bin/bash
# SPDX-License-Identifier: MIT
# The tls channel with others' software, both ways: OpenSSL's s_client and
# s_server, and GnuTLS's client and server. Each says in its own words that a
# session was resumed, and what became of early data.
# Mostly waits: for one another, over two connections each.
# shellcheck disable=SC2317 # called by check, and by the trap
set -u
# shellcheck source=tests/tap.bash
. tests/tap.bash
# shellcheck source=tests/support/own_network.bash
. tests/support/own_network.bash
# shellcheck source=tests/support/within.bash
. tests/support/within.bash
BUILD=$(realpath "${BUILD:-build}")

own_network 'C.32 TLS peers'
if "$BUILD/t2t-trader" --channel help | grep -q '^tls .*built without'; then
	skip 'C.32 TLS peers' 'built without OpenSSL'
	finish
fi
folder=$(mktemp -d)
started=()
clean() {
	kill "${started[@]}" 2>/dev/null
	rm -rf "$folder"
}
trap clean EXIT
shown() {
	tail -n 20 "$folder"/*.log
	rm "$folder"/*.log
}

# Until the text stands so often in the file.
eventually() { # count, text, file
	within 30 holds "$@"
}
holds() { # count, text, file
	[ "$(grep -acsF -- "$2" "$3")" -ge "$1" ] 2>/dev/null
}

start() { # name, text that says that it is ready, command...
	local name=$1 ready=$2
	shift 2
	# Without that it is /dev/null.
	"$@" <&0 >"$folder/$name.log" 2>&1 &
	started+=($!)
	eventually 1 "$ready" "$folder/$name.log"
}

# All that is there, the last one first.
stop() {
	local i
	for ((i = ${#started[@]} - 1; i >= 0; i--)); do
		kill "${started[i]}" 2>/dev/null
		wait "${started[i]}" 2>/dev/null
	done
	started=()
	rm -f "$folder"/*.log
}

exchange() { # name, channel's options
	start "$1" 'state INIT' "$BUILD/t2t-exchange" \
		--feed "$folder/feed.csv.gz" --interface lo \
		--listen 127.0.0.1:9012 --pace rate:1000 \
		--channel "tls:folder=$keys${2:+,$2}"
}

trader() { # name, port, channel's options
	"$BUILD/t2t-trader" --connect "127.0.0.1:$2" --interface lo \
		--reconnect 60 --channel "tls:folder=$keys${3:+,$3}" \
		>"$folder/$1.log" 2>&1 &
	started+=($!)
}

keys=$folder/keys
"$BUILD/t2t-keys" --folder "$keys"
"$BUILD/t2t-feedgen" --quiet --bytes 50000 --triggers 0.1 \
	--output "$folder/feed.csv.gz" >"$folder/feedgen.log" 2>&1
printf '\3\0\0\0\0\312\232\73\0\0\0\0\0' >"$folder/order"
order='quantity=3 price=1 side=buy'

s_client() { # name, options...
	local name=$1
	shift
	# Whoever has sent stays until the ticket has come.
	{ cat "$folder/order" && sleep 1; } |
		timeout 20 openssl s_client -connect 127.0.0.1:9012 -servername exchange \
			-verify_hostname exchange -verify_return_error \
			-CAfile "$keys/ca.pem" -nocommands "$@" >"$folder/$name.log" 2>&1
}

# A ticket, then early data by it, then the same ticket and data again.
openssl_client() {
	exchange exchange early=on &&
		s_client first -sess_out "$folder/ticket" &&
		eventually 1 "$order" "$folder/exchange.log" &&
		grep -q '^New, TLSv1.3' "$folder/first.log" &&
		s_client second -sess_in "$folder/ticket" -early_data "$folder/order" &&
		grep -q '^Reused, TLSv1.3' "$folder/second.log" &&
		grep -q '^Early data was accepted' "$folder/second.log" &&
		eventually 3 "$order" "$folder/exchange.log" &&
		s_client third -sess_in "$folder/ticket" -early_data "$folder/order" &&
		grep -q '^New, TLSv1.3' "$folder/third.log" &&
		grep -q '^Early data was rejected' "$folder/third.log" &&
		eventually 4 "$order" "$folder/exchange.log" &&
		[ "$(grep -c "$order" "$folder/exchange.log")" = 4 ]
}

# With new keys that it asks for.
openssl_client_updates() {
	exchange exchange '' || return
	{
		cat "$folder/order" && sleep 0.5 && echo K && sleep 0.5 &&
			cat "$folder/order" && sleep 0.5
	} | timeout 20 openssl s_client -connect 127.0.0.1:9012 -servername exchange \
		-CAfile "$keys/ca.pem" -msg >"$folder/client.log" 2>&1
	grep -q '^>>> .*KeyUpdate' "$folder/client.log" &&
		grep -q '^<<< .*KeyUpdate' "$folder/client.log" &&
		[ "$(grep -c "$order" "$folder/exchange.log")" = 2 ]
}

openssl_client_mutual() {
	exchange exchange mutual=on || return
	s_client nobody
	s_client somebody -cert "$keys/trader.pem" -key "$keys/trader.key" &&
		grep -q 'alert certificate required' "$folder/nobody.log" &&
		eventually 1 "$order" "$folder/exchange.log" &&
		[ "$(grep -c "$order" "$folder/exchange.log")" = 1 ]
}

# The channel inside is the example: the test says its answer.
openssl_server() {
	local welcome='T2TLOGIN\1\0x\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
	mkfifo "$folder/input"
	start server ACCEPT openssl s_server -accept 127.0.0.1:9013 -early_data \
		-cert "$keys/exchange.pem" -key "$keys/exchange.key" -tls1_3 \
		-CAfile "$keys/ca.pem" -Verify 1 < <(exec cat "$folder/input") &&
		exec 7>"$folder/input" &&
		trader trader 9013 early=on,inner=login:heartbeat=250 &&
		eventually 1 'T2TLOGIN' "$folder/server.log" &&
		printf '%b' "$welcome" >&7 && sleep 1 && echo q >&7 &&
		eventually 1 'Early data received' "$folder/server.log" &&
		eventually 1 'Reused session-id' "$folder/server.log" &&
		eventually 2 'T2TLOGIN' "$folder/server.log" &&
		eventually 1 'resumed, early data taken' "$folder/trader.log"
	set -- $?
	exec 7>&-
	return "$1"
}

gnutls_client() { # options...
	local said=$folder/client.log
	exchange exchange early=on &&
		{ sleep 2 && cat "$folder/order" && sleep 1; } |
		timeout 30 gnutls-cli --port 9012 --x509cafile "$keys/ca.pem" \
			--sni-hostname exchange --verify-hostname exchange \
			--resume --waitresumption "$@" 127.0.0.1 >"$said" 2>&1
	grep -q 'The certificate is trusted' "$said" &&
		grep -q 'This is a resumed session' "$said" &&
		grep -q 'TLS1.3' "$said" &&
		eventually 1 "$order" "$folder/exchange.log"
}
gnutls_early() {
	gnutls_client --earlydata "$folder/order" &&
		eventually 2 "$order" "$folder/exchange.log" &&
		grep -q 'resumed, early data taken' "$folder/exchange.log"
}
# 3.8.9 gives up before it has sent a byte, also to OpenSSL's own server.
gnutls_has_no_early() {
	dpkg --compare-versions "$(gnutls-cli --version |
		sed -n '1s/.* //p')" ge 3.8
}

# What lies between the two cuts the first connection off.
gnutls_server() {
	start server 'listening on' gnutls-serv --port 9013 --echo \
		--x509certfile "$keys/exchange.pem" --x509keyfile "$keys/exchange.key" \
		--x509cafile "$keys/ca.pem" --require-client-cert &&
		start between ready python3 -u - <<-'END' &&
			import select, socket
			listener = socket.create_server(("127.0.0.1", 9014))
			print("ready")
			for patience in (2, 60):
			    here = listener.accept()[0]
			    there = socket.create_connection(("127.0.0.1", 9013))
			    while True:
			        ready = select.select([here, there], [], [], patience)[0]
			        if not ready:
			            break
			        for one in ready:
			            data = one.recv(65536)
			            (there if one is here else here).sendall(data)
			        if not data:
			            break
			    here.close()
			    there.close()
		END
		trader trader 9014 '' &&
		eventually 1 'This is a resumed session' "$folder/server.log" &&
		grep -q 'cut off: it ended without a close_notify' "$folder/trader.log" &&
		eventually 1 ', resumed' "$folder/trader.log"
}

# Messages of all lengths come back, whoever reads late.
websocket_echo() {
	exchange exchange inner=ws:ping=0,echo=on,echo_max=2m &&
		timeout 60 /usr/bin/python3 - "$keys/ca.pem" <<-'END' >"$folder/client.log" 2>&1
			import asyncio, ssl, sys, websockets

			async def main():
			    trusts = ssl.create_default_context(cafile=sys.argv[1])
			    async with websockets.connect(
			            "wss://127.0.0.1:9012/", ssl=trusts, max_size=None,
			            server_hostname="exchange", compression=None) as peer:
			        said = [b"x" * n for n in (0, 1, 125, 65536, 2 << 20)] + \
			            [b"y" * 60000] * 100
			        for message in said:
			            await peer.send(message)
			        for message in said:
			            assert await peer.recv() == message

			asyncio.run(main())
		END
}

tried() { # name, function
	check "$1" "$2"
	stop
}

if command -v openssl >/dev/null; then
	tried "C.32 OpenSSL's client orders, resumes, and its early order counts once" \
		openssl_client
	tried "C.32 OpenSSL's client asks for new keys" openssl_client_updates
	tried "C.32 OpenSSL's client shows a certificate" openssl_client_mutual
	tried "C.32 OpenSSL's server has the trader back, with early data" openssl_server
else
	skip "C.32 OpenSSL's programs, both ways" 'openssl is not installed'
fi
if /usr/bin/python3 -c 'import websockets' 2>/dev/null; then
	tried "C.32 python3-websockets' client has its messages back, by wss" \
		websocket_echo
else
	skip "C.32 python3-websockets' client, by wss" \
		'python3-websockets is not installed'
fi
if command -v gnutls-cli >/dev/null && command -v gnutls-serv >/dev/null; then
	tried "C.32 GnuTLS's client orders, and resumes" gnutls_client
	name="C.32 GnuTLS's client sends early data"
	if gnutls_has_no_early; then
		skip "$name" 'this gnutls-cli sends none to anybody'
	else
		tried "$name" gnutls_early
	fi
	tried "C.32 GnuTLS's server has the trader back" gnutls_server
else
	skip "C.32 GnuTLS's programs, both ways" 'gnutls-bin is not installed'
fi
finish
