// Node's http2, over TLS or with prior knowledge, as interop/suite/programs.py wants it.
const http2 = require('node:http2');
const { options, say, repeat } = require('./arguments.js');

const session = http2.connect(options.url.origin, { ca: options.ca });
session.on('error', (error) => { throw error; });

function ask() {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': options.method, ':path': options.url.pathname, ...options.headers,
    }, { endStream: options.body === undefined });
    const chunks = [];
    let fields;
    stream.on('response', (got) => { fields = got; });
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () => {
      const { ':status': status, ...headers } = fields;
      const tls = session.socket.alpnProtocol;
      const version = session.encrypted && tls !== 'h2' ? tls : 'HTTP/2';
      say(status, version, headers, Buffer.concat(chunks));
      resolve();
    });
    if (options.body) stream.end(options.body);
  });
}

repeat(ask).then(() => session.close());
