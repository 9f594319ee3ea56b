// Node's http and https, as interop/suite/programs.py wants it.
const { options, say, repeat } = require('./arguments.js');
const library = require(options.url.protocol === 'https:' ? 'node:https' : 'node:http');

const agent = new library.Agent({ keepAlive: true, ca: options.ca });

function ask() {
  return new Promise((resolve, reject) => {
    const request = library.request(options.url, {
      agent, method: options.method, headers: options.headers,
    }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        say(answer.statusCode, `HTTP/${answer.httpVersion}`, answer.headers, Buffer.concat(chunks));
        resolve();
      });
    });
    request.on('error', reject);
    request.end(options.body);
  });
}

repeat(ask).then(() => agent.destroy());
