// fetch: Node's own (--library node, whose CA comes by NODE_EXTRA_CA_CERTS) or that of undici, which
// does HTTP/2 as well; as interop/suite/programs.py wants it.
const { options, say, repeat } = require('./arguments.js');
const diagnostics = require('node:diagnostics_channel');

const h2 = options.protocol === 'h2';
let fetch = globalThis.fetch;
let dispatcher;
if (options.library === 'undici') {
  const undici = require('undici');
  fetch = undici.fetch;
  dispatcher = new undici.Agent({ allowH2: h2, connect: { ca: options.ca } });
}
// fetch does not tell the protocol; the socket of its connection does.
let protocol = 'none';
diagnostics.subscribe('undici:client:connected', ({ socket }) => {
  protocol = socket.alpnProtocol === 'h2' ? 'HTTP/2' : 'HTTP/1.1';
});

async function ask() {
  const answer = await fetch(options.url, {
    method: options.method, headers: options.headers, body: options.body, redirect: 'manual',
    dispatcher,
  });
  const body = Buffer.from(await answer.arrayBuffer());
  say(answer.status, protocol, Object.fromEntries(answer.headers), body, true);
}

repeat(ask).then(() => dispatcher?.close());
