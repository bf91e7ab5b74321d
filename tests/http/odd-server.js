// A service with what the simulator has not: HTTP/2, redirects, odd headers. Writes its port to PORT-FILE and the
// protocol and path of each request to LOG.
//
//   node odd-server.js KEY CERTIFICATE PORT-FILE LOG
'use strict';
const fs = require('fs');
const http2 = require('http2');
const [key, certificate, portFile, log] = process.argv.slice(2);
const server = http2.createSecureServer({ key: fs.readFileSync(key), cert: fs.readFileSync(certificate), allowHTTP1: true });

server.on('request', (request, response) => {
	const url = new URL(request.url, 'https://x');
	const cursor = url.searchParams.get('cursor'), account = url.searchParams.get('accountId');
	fs.appendFileSync(log, `${request.httpVersion} ${request.url}\n`);
	if (account === 'elsewhere') {
		response.writeHead(302, { location: 'https://evil.example/steal', 'content-type': 'text/html' });
		response.end('<p>moved');
		return;
	}
	const data = cursor === 'end' ? [] : [{ envelopeId: `e-${account}`, lastModifiedDateTime: '2025-03-01T00:00:00Z' }];
	response.writeHead(200, { 'Content-Type': 'Application/JSON;charset=UTF-8', 'Set-Cookie': 'session=s3cret', 'X-Odd': 'caf\xe9 "x"' });
	setTimeout(() => response.end(JSON.stringify({ endCursor: 'end', data })), 20);
});
server.listen(0, '127.0.0.1', () => fs.writeFileSync(portFile, String(server.address().port)));
