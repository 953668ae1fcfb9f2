// SPDX-License-Identifier: MIT
// post.js URL OUT PROXY CA FILE [chunked]: posts FILE's bytes with node's own
// modules: with a length, in one write; or chunked, as a stream.
'use strict';
const fs = require('fs');
const http = require('http');
const https = require('https');
const tls = require('tls');

const [url, out, proxy, ca, file, how] = process.argv.slice(2);
const target = new URL(url);
const via = new URL(proxy);
const headers = {'Host': target.host, 'Content-Type': 'text/plain'};
if (!how) headers['Content-Length'] = fs.statSync(file).size;

function fail(text) {
  console.error(text);
  process.exit(1);
}

function post(library, options) {
  const request = library.request(
      {method: 'POST', headers, ...options}, (response) => {
        if (response.statusCode !== 200) fail(`status ${response.statusCode}`);
        response.pipe(fs.createWriteStream(out));
      });
  request.on('error', (e) => fail(e.message));
  if (how) fs.createReadStream(file).pipe(request);
  else request.end(fs.readFileSync(file));
}

if (target.protocol === 'http:') {
  post(http, {host: via.hostname, port: via.port, path: url, agent: false});
} else {
  const request = http.request({
    host: via.hostname, port: via.port, method: 'CONNECT', path: target.host,
    headers: {Host: target.host}, agent: false});
  request.on('connect', (answer, socket) => {
    if (answer.statusCode !== 200) fail(`status ${answer.statusCode}`);
    const secure = tls.connect(
        {socket, servername: target.hostname, ca: fs.readFileSync(ca)});
    headers.Connection = 'close';
    post(https, {createConnection: () => secure, host: target.hostname,
                 path: target.pathname});
  });
  request.on('error', (e) => fail(e.message));
  request.end();
}
