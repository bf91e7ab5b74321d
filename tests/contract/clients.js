// Asks the simulator through Docusign's official clients, as their users do, and prints what the clients made of it, as JSON.
//
// usage: node clients.js PROFILE COMMAND [ARGUMENT…]; NODE_EXTRA_CA_CERTS names the simulator's authority.
// The clients are used unchanged: what does not fit them is mended in the simulator.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

// Loaded where used: each takes long.
const clients = {
	get admin() { return require('docusign-admin'); },
	get esign() { return require('docusign-esign'); },
	get monitor() { return require('docusign-monitor'); },
};

const [profilePath, command, ...args] = process.argv.slice(2);
const profile = JSON.parse(fs.readFileSync(profilePath, 'utf8'));
const key = fs.readFileSync(path.resolve(path.dirname(profilePath), profile.key_file));
const adminScopes = ['organization_read', 'organization_sub_account_read', 'asset_group_account_read', 'account_read'];
const userScopes = ['signature', 'impersonation', ...adminScopes];
const user = process.env.CONTRACT_USER;

// basePath decides the token service in these clients, so it is set after.
function client(library, base) {
	const made = new library.ApiClient();
	made.setBasePath(profile.api_base + base);
	made.setOAuthBasePath(profile.audience);
	return made;
}

async function applicationToken(of) {
	return (await of.requestJWTApplicationToken(profile.integration_key, adminScopes, key, 3600)).body;
}

async function userToken(of) {
	return (await of.requestJWTUserToken(profile.integration_key, user, userScopes, key, 3600)).body;
}

async function adminClient(grant) {
	const made = client(clients.admin, '/Management');
	made.setJWTToken((await grant(made)).access_token);
	return made;
}

async function monitorClient() {
	const made = client(clients.monitor, '');
	made.setJWTToken((await userToken(made)).access_token);
	return made;
}

// As esignature's users do: the base is that of the account, from the user's info.
async function esignClient(grant) {
	const made = client(clients.esign, '/restapi');
	made.addDefaultHeader('Authorization', `Bearer ${(await grant(made)).access_token}`);
	return made;
}

const commands = {
	'application-token': async () => applicationToken(client(clients.admin, '/Management')),
	'user-token': async () => userToken(client(clients.admin, '/Management')),
	'monitor-token': async () => userToken(client(clients.monitor, '')),

	userinfo: async () => {
		const made = client(clients.admin, '/Management');
		return made.getUserInfo((await userToken(made)).access_token);
	},

	// organizations [application]
	organizations: async () => {
		const grant = args[0] === 'application' ? applicationToken : userToken;
		return new clients.admin.AccountsApi(await adminClient(grant)).getOrganizations({ mode: 'org_admin' });
	},

	'plan-items': async () =>
		new clients.admin.ProvisionAssetGroupApi(await adminClient(applicationToken))
			.getOrganizationPlanItems(args[0] || profile.organization_id),

	// asset-groups true|false
	'asset-groups': async () =>
		new clients.admin.ProvisionAssetGroupApi(await adminClient(applicationToken))
			.getAssetGroupAccounts(profile.organization_id, { compliant: args[0] === 'true' }),

	// stream CURSOR LIMIT: to the end, as the client's documentation has it
	stream: async () => {
		const api = new clients.monitor.DataSetApi(await monitorClient());
		let [cursor, limit] = args, pages = 0;
		const data = [];
		for (;;) {
			const result = await api.getStream('2.0', 'monitor', { cursor, limit: Number(limit) });
			if (!(result instanceof clients.monitor.CursoredResult))
				throw new Error('not a CursoredResult');
			pages++;
			data.push(...result.data);
			if (result.endCursor === cursor)
				return { pages, data };
			cursor = result.endCursor;
		}
	},

	// stream-page CURSOR: one answer; without a cursor, seven days
	'stream-page': async () =>
		new clients.monitor.DataSetApi(await monitorClient()).getStream('2.0', 'monitor', args[0] ? { cursor: args[0] } : {}),

	// account, charges ACCOUNT [application]: Docusign's own count
	account: async () =>
		new clients.esign.AccountsApi(await esignClient(args[1] === 'application' ? applicationToken : userToken)).getAccountInformation(args[0]),
	charges: async () =>
		new clients.esign.AccountsApi(await esignClient(args[1] === 'application' ? applicationToken : userToken)).getBillingCharges(args[0]),

	// envelopes ACCOUNT FROM: the list that the preset esign reads, all pages; element ACCOUNT ID: what datafeed-elements downloads
	envelopes: async () => {
		const api = new clients.esign.EnvelopesApi(await esignClient(userToken));
		const all = [];
		for (;;) {
			const page = await api.listStatusChanges(args[0], { fromDate: args[1], count: '10', startPosition: String(all.length) });
			all.push(...(page.envelopes ?? []));
			if (all.length >= Number(page.totalSetSize) || !page.envelopes?.length)
				return { total: page.totalSetSize, ids: all.map((envelope) => envelope.envelopeId), sent: all[0].sentDateTime };
		}
	},
	// The package does not export this class, and declares no type of the answer: the response itself has it.
	element: async () => {
		const DataFeedApi = require('docusign-esign/src/api/DataFeedApi');
		const api = new DataFeedApi(await esignClient(userToken));
		return new Promise((resolve, reject) => api.getDataFeedElement(args[0], args[1], (error, data, response) =>
			error ? reject(error) : resolve(response.data ?? response.body)));
	},

	// verify JWT PUBLIC-KEY: the claims, if jose finds the JWT good
	verify: async () => {
		const jose = await import('jose');
		const publicKey = await jose.importSPKI(fs.readFileSync(args[1], 'utf8'), 'RS256');
		const { payload, protectedHeader } = await jose.jwtVerify(fs.readFileSync(args[0], 'utf8').trim(), publicKey,
			{ issuer: profile.integration_key, audience: profile.audience, algorithms: ['RS256'] });
		return { payload, protectedHeader };
	},

	// jose-token: a JWT made by jose, at the token service
	'jose-token': async () => {
		const jose = await import('jose');
		const jwt = await new jose.SignJWT({ scope: adminScopes.join(' ') })
			.setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: profile.key_pair_id })
			.setIssuer(profile.integration_key).setAudience(profile.audience).setIssuedAt().setExpirationTime('10m')
			.sign(await jose.importPKCS8(key.toString(), 'RS256'));
		return (await client(clients.admin, '/Management').sendJWTTokenRequest(jwt)).body;
	},
};

commands[command]().then(
	(result) => console.log(JSON.stringify(result)),
	(error) => {
		// docusign-admin and -monitor reject with {statusCode, header, body}, docusign-esign with the answer.
		const { status, data } = error?.response ?? {};
		console.log(JSON.stringify({ statusCode: error?.statusCode ?? status, body: error?.body ?? data, message: error?.message }));
		process.exitCode = 1;
	});
