// What the programs for Node of this folder are asked for, and how they say what came back.
const { createHash } = require('node:crypto');
const { gunzipSync } = require('node:zlib');
const { readFileSync } = require('node:fs');
const { parseArgs } = require('node:util');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ca: { type: 'string' },
    library: { type: 'string' },
    protocol: { type: 'string', default: 'h1' },
    method: { type: 'string', default: 'GET' },
    header: { type: 'string', multiple: true, default: [] },
    body: { type: 'string', default: '0' },
    count: { type: 'string', default: '1' },
    parallel: { type: 'boolean', default: false },
    compressed: { type: 'boolean', default: false },
  },
});

const headers = {};
for (const field of values.header) {
  const colon = field.indexOf(': ');
  headers[field.slice(0, colon).toLowerCase()] = field.slice(colon + 2);
}
if (values.compressed) headers['accept-encoding'] = 'gzip';

exports.options = {
  ...values,
  headers,
  ca: readFileSync(values.ca),
  url: new URL(positionals[0]),
  body: Number(values.body) ? Buffer.alloc(Number(values.body), 'u') : undefined,
};

exports.say = (status, protocol, fields, body, decoded = false) => {
  const plain = !decoded && fields['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
  console.log(JSON.stringify({
    status, protocol, headers: fields, size: plain.length,
    sha256: createHash('sha256').update(plain).digest('hex'),
  }));
};

// Calls ask() as often as wanted, one after the other or all at once.
exports.repeat = async (ask) => {
  const count = Number(values.count);
  if (values.parallel) return void await Promise.all(Array.from({ length: count }, ask));
  for (let i = 0; i < count; i++) await ask();
};
