#!/usr/bin/node
// SPDX-License-Identifier: MIT
/* A WebSocket peer that is not ours: npm's ws, as Debian has it, as a client of
 * t2t-exchange and as the server of t2t-trader.
 *
 *	websocket_peer.js orders|echo PORT
 *	websocket_peer.js server PORT GROUP GROUP_PORT
 *
 * Says what was wrong and exits with 1, or exits with 0. */
'use strict';
const assert = require('assert').strict;
const dgram = require('dgram');
const { once } = require('events');
const { setTimeout } = require('timers/promises');
const { WebSocket, WebSocketServer } = require('ws');

const SOON_MS = 30000;
const SETTLE_MS = 300;
const PRICE = 250000000000n;
const SELL = 1;

/* An order's 13 bytes: quantity, price in nano, side (wire/order.h). */
function order(number) {
	const bytes = Buffer.alloc(13);

	bytes.writeUInt32LE(number, 0);
	bytes.writeBigInt64LE(PRICE, 4);
	bytes[12] = SELL;
	return bytes;
}

/* As most clients do: compression is offered. */
async function connect(port) {
	const peer = new WebSocket(`ws://127.0.0.1:${port}/orders`);

	await once(peer, 'open');
	assert.equal(peer.extensions, '');
	return peer;
}

function send(peer, pieces) {
	pieces.forEach((piece, i) =>
		peer.send(piece, { fin: i === pieces.length - 1 }));
}

/* Three orders, the second in fragments, then one that is text. */
async function orders(port) {
	const peer = await connect(port);

	send(peer, [order(1)]);
	send(peer, [order(2).subarray(0, 5), Buffer.alloc(0),
			  order(2).subarray(5)]);
	peer.ping('between');
	assert.equal((await once(peer, 'pong'))[0].toString(), 'between');
	send(peer, [order(3)]);
	send(peer, ['an order']);
	const [code, reason] = await once(peer, 'close');
	assert.equal(code, 1003);
	assert.notEqual(reason.toString(), '');
}

/* Messages of all lengths and kinds come back whole. */
async function echo(port) {
	const peer = await connect(port);
	const messages = [[''], ['x'], ['κόσμε'], [order(1)],
			  ...[125, 126, 65535, 65536, 300000].map(
				  n => [Buffer.alloc(n, 'y')]),
			  ['κό', '', 'σμε']];

	for (const pieces of messages) {
		const binary = Buffer.isBuffer(pieces[0]);
		const whole = Buffer.concat(pieces.map(p => Buffer.from(p)));

		send(peer, pieces);
		const [data, isBinary] = await once(peer, 'message');
		assert.equal(isBinary, binary);
		assert.ok(data.equals(whole), `${whole.length} bytes`);
	}
	peer.ping();
	await once(peer, 'pong');
	peer.close(3001, 'done');
	assert.equal((await once(peer, 'close'))[0], 3001);
}

/* A datagram of one level: an update, its order id 0 (wire/README.md). */
function publish(socket, to, number, flags, side, price, quantity) {
	const bytes = Buffer.alloc(36);

	bytes.writeUInt32LE(number, 0);
	bytes.writeUInt16LE(1, 4);
	bytes.writeUInt16LE(flags, 6);
	bytes.write('U' + side, 8);
	bytes.writeBigUInt64LE(BigInt(price) * 1000000000n, 12);
	bytes.writeBigUInt64LE(BigInt(quantity) * 1000000000n, 20);
	socket.send(bytes, to.port, to.group);
}

/* A trader connects, is told of a book, orders and leaves. */
async function serve(port, group, groupPort) {
	const socket = dgram.createSocket('udp4');
	const to = { group, port: groupPort };

	await new Promise(done => socket.bind(0, '127.0.0.1', done));
	socket.setMulticastInterface('127.0.0.1');
	const server = new WebSocketServer({
		host: '127.0.0.1', port, perMessageDeflate: true,
		handleProtocols: names => names.has('t2t') && 't2t' });
	await once(server, 'listening');
	console.log('listening');
	const [peer, request] = await once(server, 'connection');
	assert.equal(request.url, '/orders');
	/* It joins the group once it is connected. */
	await setTimeout(SETTLE_MS);
	publish(socket, to, 0, 1, 'A', 250, 1);
	publish(socket, to, 1, 1, 'B', 100, 1);
	for (let i = 0; i < 3; i++) {
		publish(socket, to, 2 + i, 0, 'B', 160, 10000);
		const [bytes, isBinary] = await once(peer, 'message');
		assert.ok(isBinary);
		assert.equal(bytes.readUInt32LE(0), 1);
		assert.equal(bytes.readBigInt64LE(4), PRICE);
		assert.equal(bytes[12], 0);
	}
	peer.ping('alive');
	assert.equal((await once(peer, 'pong'))[0].toString(), 'alive');
	peer.send('said to whom it does not concern');
	publish(socket, to, 5, 2, 'A', 250, 1);
	assert.equal((await once(peer, 'close'))[0], 1000);
	socket.close();
	server.close();
}

/* By the command line; whatever hangs has failed. */
const [what, port, group, groupPort] = process.argv.slice(2);
const job = { orders, echo, server: serve }[what];

setTimeout(SOON_MS, null, { ref: false }).then(() => {
	console.error(`${what}: not done within ${SOON_MS} ms`);
	process.exit(1);
});
job(Number(port), group, Number(groupPort)).catch(fault => {
	console.error(fault);
	process.exit(1);
});
