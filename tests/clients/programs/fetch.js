// SPDX-License-Identifier: MIT
// fetch.js URL OUT PROXY CA: through a proxy with nothing but node's own
// modules, which have no proxy support: so it never sends a credential.
'use strict';
const fs = require('fs');
const http = require('http');
const https = require('https');
const tls = require('tls');

const [url, out, proxy, ca] = process.argv.slice(2);
const target = new URL(url);
const via = new URL(proxy);

function fail(text) {
  console.error(text);
  process.exit(1);
}

function save(response) {
  if (response.statusCode !== 200) fail(`status ${response.statusCode}`);
  response.pipe(fs.createWriteStream(out));
}

if (target.protocol === 'http:') {
  http.get({host: via.hostname, port: via.port, path: url, agent: false,
            headers: {Host: target.host}}, save)
      .on('error', (e) => fail(e.message));
} else {
  const request = http.request({
    host: via.hostname, port: via.port, method: 'CONNECT', path: target.host,
    headers: {Host: target.host}, agent: false});
  request.on('connect', (answer, socket) => {
    if (answer.statusCode !== 200) fail(`status ${answer.statusCode}`);
    const secure = tls.connect(
        {socket, servername: target.hostname, ca: fs.readFileSync(ca)});
    https.get({createConnection: () => secure, host: target.hostname,
               path: target.pathname, headers: {Host: target.host,
                                                Connection: 'close'}}, save)
        .on('error', (e) => fail(e.message));
  });
  request.on('error', (e) => fail(e.message));
  request.end();
}
