// SPDX-License-Identifier: MIT
// many.js URL OUT PROXY CA LANES TIMES: LANES connections at once, and on each
// TIMES requests one after the other. OUT gets all answers, lane by lane;
// stdout tells in JSON, in milliseconds, how long it took (total) and how long
// the event loop was held up at most (gap).
'use strict';
const fs = require('fs');
const http = require('http');
const https = require('https');
const tls = require('tls');

const [url, out, proxy, ca, lanes, times] = process.argv.slice(2);
const target = new URL(url);
const via = new URL(proxy);

// The socket behind a tunnel, with TLS on it.
function tunnel() {
  return new Promise((resolve, reject) => {
    const request = http.request({
      host: via.hostname, port: via.port, method: 'CONNECT', path: target.host,
      headers: {Host: target.host}, agent: false});
    request.on('connect', (answer, socket) => {
      if (answer.statusCode !== 200) {
        reject(new Error(`status ${answer.statusCode}`));
        return;
      }
      const secure = tls.connect(
          {socket, servername: target.hostname, ca: fs.readFileSync(ca)});
      secure.once('secureConnect', () => resolve(secure));
      secure.once('error', reject);
    });
    request.on('error', reject);
    request.end();
  });
}

function get(library, options) {
  return new Promise((resolve, reject) => {
    library.get(options, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(Buffer.concat(parts));
        else reject(new Error(`status ${response.statusCode}`));
      });
    }).on('error', reject);
  });
}

async function lane() {
  let library = http;
  let options = {host: via.hostname, port: via.port, path: url,
                 headers: {Host: target.host},
                 agent: new http.Agent({keepAlive: true, maxSockets: 1})};
  if (target.protocol === 'https:') {
    const secure = await tunnel();
    const agent = new https.Agent({keepAlive: true, maxSockets: 1});
    agent.createConnection = () => secure;
    library = https;
    options = {host: target.hostname, path: target.pathname,
               headers: {Host: target.host}, agent};
  }
  const answers = [];
  for (let i = 0; i < Number(times); i++)
    answers.push(await get(library, options));
  options.agent.destroy();
  return Buffer.concat(answers);
}

const begin = performance.now();
let gap = 0;
let last = begin;
const tick = setInterval(() => {
  const now = performance.now();
  gap = Math.max(gap, now - last);
  last = now;
}, 1);

Promise.all(Array.from({length: Number(lanes)}, lane)).then((answers) => {
  clearInterval(tick);
  const now = performance.now();
  fs.writeFileSync(out, Buffer.concat(answers));
  console.log(JSON.stringify({total: Math.round(now - begin),
                              gap: Math.round(Math.max(gap, now - last))}));
  process.exit(0);
}, (e) => {
  console.error(e.message);
  process.exit(1);
});
