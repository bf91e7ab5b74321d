// time-stamps.js PORT-FILE KEY CERTIFICATE CONFIG [FAULT]: OpenSSL's own responder (openssl ts -reply) behind HTTPS on a free port of this machine.
// FAULT: slow (never answers), large (answers without end), other (stamps something else), refuse (500).
const { execFileSync } = require("child_process"), fs = require("fs"), https = require("https"), os = require("os"), path = require("path");
const [portFile, key, certificate, config, fault] = process.argv.slice(2);

https.createServer({ key: fs.readFileSync(key), cert: fs.readFileSync(certificate) }, (request, response) => {
	const parts = [];
	request.on("data", part => parts.push(part));
	request.on("end", () => {
		const folder = fs.mkdtempSync(path.join(os.tmpdir(), "tsa-")), query = path.join(folder, "query"), reply = path.join(folder, "reply");
		if (fault === "slow") return;
		response.on("error", () => {});
		if (fault === "refuse") return response.writeHead(500).end();
		response.writeHead(200, { "content-type": "application/timestamp-reply" });
		if (fault === "large") {
			const more = () => { while (!response.destroyed && response.write(Buffer.alloc(65536))); };
			response.on("drain", more);
			return more();
		}
		fs.writeFileSync(query, Buffer.concat(parts));
		if (fault === "other") execFileSync("openssl", ["ts", "-query", "-data", certificate, "-sha256", "-cert", "-out", query], { stdio: "ignore" });
		execFileSync("openssl", ["ts", "-reply", "-config", config, "-queryfile", query, "-out", reply], { stdio: "ignore" });
		response.end(fs.readFileSync(reply));
		fs.rmSync(folder, { recursive: true });
	});
}).listen(0, "127.0.0.1", function () { fs.writeFileSync(portFile, `${this.address().port}\n`); });
