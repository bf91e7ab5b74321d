// Holds what the simulator answers, and what envtally has asked it, against Docusign's description of its APIs, and prints what does not fit.
//
// usage: node openapi.js PROFILE REQUESTS-LOG [FOLDER]; NODE_EXTRA_CA_CERTS names the simulator's authority.
// The description is that of Docusign's generated clients: their models and operations are made from the published OpenAPI files. With FOLDER, a
// checkout of github.com/docusign/OpenAPI-Specifications, it is these files themselves.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const Ajv = require('ajv');

const [profilePath, logPath, folder] = process.argv.slice(2);
const profile = JSON.parse(fs.readFileSync(profilePath, 'utf8'));
const user = process.env.CONTRACT_USER;

// An API's operations, by "GET /path": {query: [NAME], response: SCHEMA}; and its models, by name.
const apis = {
	esign: { base: '/restapi', file: 'esignature.rest.swagger-v2.1.json', error: true, classes: ['AccountsApi', 'DataFeedApi', 'EnvelopesApi'] },
	admin: { base: '/Management', file: 'admin.rest.swagger-v2.1.json', error: true, classes: ['AccountsApi', 'ProvisionAssetGroupApi'] },
	monitor: { base: '', file: 'monitor.rest.swagger-v2.0.json', classes: ['DataSetApi'] },
};
const errorSchema = { $ref: '#/definitions/ErrorDetails' };
// No document lists elements, and that of one is in the clients only: the descriptor datafeed-elements is a model.
const assumed = folder ? /\/data_feeds\/data\b/ : /\/data_feeds\/data$/;

// ---- what is asked ----

const account = '/v2.1/accounts/{accountId}', organization = '/v2/organizations/{organizationId}';
const stream = '/api/v{version}/datasets/{dataSetName}/stream';
// API, operation, query, token, status, and members that envtally or Docusign's clients go by
const requests = [
	['esign', account, '', 'user', 200, ['accountIdGuid', 'billingPeriodStartDate', 'billingPeriodEndDate', 'billingPeriodEnvelopesAllowed', 'billingPeriodEnvelopesSent']],
	['esign', `${account}/billing_charges`, '', 'user', 200, ['billingChargeItems']],
	['esign', `${account}/envelopes`, 'from_date=2025-01-01&count=7', 'user', 200, ['totalSetSize', 'endPosition', 'nextUri', 'envelopes']],
	['esign', `${account}/envelopes`, 'from_date=2030-01-01', 'user', 200, ['totalSetSize', 'endPosition']],
	['esign', `${account}/envelopes`, '', 'user', 400],
	['esign', account, '', 'application', 403],
	['esign', account, '', 'none', 401],
	['esign', `${account}/envelopes`, '', 'wrong', 401],
	['admin', '/v2/organizations', 'mode=org_admin', 'user', 200, ['organizations']],
	['admin', '/v2/organizations', '', 'application', 403],
	['admin', `${organization}/planItems`, '', 'application', 200],
	['admin', `${organization}/planItems`, '', 'none', 401],
	['admin', `${organization}/assetGroups/accounts`, 'compliant=true', 'application', 200, ['assetGroupAccounts']],
	['admin', `${organization}/assetGroups/accounts`, 'compliant=false', 'application', 200, ['assetGroupAccounts']],
	['monitor', stream, 'cursor=2025-01-01T00:00:00Z&limit=7', 'user', 200, ['endCursor', 'data']],
	['monitor', stream, 'cursor=2030-01-01T00:00:00Z', 'user', 200, ['endCursor', 'data']],
	['monitor', stream, 'cursor=nonsense', 'user', 400],
];

// ---- the generated clients ----

function typeSchema(type) {
	const plain = { "'String'": 'string', "'Date'": 'string', "'Number'": 'number', "'Boolean'": 'boolean', Object: 'object', "'Object'": 'object' };
	const list = /^\[(.*)\]$/.exec(type), map = /^\{'String': (.*)\}$/.exec(type);
	if (type === 'null')
		return {};
	if (list)
		return { type: 'array', items: typeSchema(list[1]) };
	if (map)
		return { type: 'object', additionalProperties: typeSchema(map[1]) };
	return plain[type] ? { type: plain[type] } : { $ref: `#/definitions/${type}` };
}

function modelSchema(text) {
	const properties = {};
	for (const [, member, type, of] of text.matchAll(/obj\['([^']+)'\] = (?:ApiClient\.convertToType\(data\['[^']+'\], (.+)\);|(\w+)\.constructFromObject)/g))
		properties[member] = typeSchema(type ?? of);
	return { type: 'object', properties };
}

function readClient(name) {
	const source = path.join(__dirname, 'node_modules', `docusign-${name}`, 'src'), operations = {};
	for (const file of apis[name].classes) {
		const text = fs.readFileSync(path.join(source, 'api', `${file}.js`), 'utf8');
		for (const method of text.split('var queryParams = {').slice(1)) {
			const [, type, at] = /var returnType = ([^;]+);\s+return this\.apiClient\.callApi\(\s*('[^']+', '[A-Z]+')/.exec(method);
			const [place, verb] = at.replaceAll("'", '').split(', ');
			operations[`${verb} ${place}`] = { query: [...method.split('}')[0].matchAll(/'([^']+)':/g)].map((match) => match[1]), response: typeSchema(type) };
		}
	}
	return { operations, model: (model) => modelSchema(fs.readFileSync(path.join(source, 'model', `${model}.js`), 'utf8')) };
}

// ---- the published files ----

function readFile(name) {
	const { paths, definitions } = JSON.parse(fs.readFileSync(path.join(folder, apis[name].file), 'utf8'));
	const operations = {};
	for (const [at, { get }] of Object.entries(paths))
		if (get)
			operations[`GET ${at}`] = { query: get.parameters.filter((one) => one.in === 'query').map((one) => one.name), response: get.responses[200]?.schema ?? {} };
	return { operations, model: (model) => definitions[model] ?? definitions.errorDetails }; // eSignature's names begin with a small letter
}

// The schema of what is in the values, for only that: models name hundreds of others. What is not described may not be there.
function narrow(name, schema, values) {
	if (schema.$ref)
		return narrow(name, apis[name].model(schema.$ref.split('/').pop()), values);
	if (schema.items)
		return { type: 'array', items: narrow(name, schema.items, values.filter(Array.isArray).flat()) };
	if (!schema.properties)
		return schema;
	const objects = values.filter((value) => value && typeof value === 'object'), properties = {};
	for (const [member, of] of Object.entries(schema.properties)) {
		const there = objects.filter((value) => member in value).map((value) => value[member]);
		if (there.length)
			properties[member] = narrow(name, of, there);
	}
	return { type: 'object', properties, additionalProperties: false };
}

const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false, logger: false });
for (const [name, api] of Object.entries(apis))
	Object.assign(api, folder ? readFile(name) : readClient(name));

async function token(scopes, impersonated) {
	const { ApiClient } = require('docusign-admin');
	const made = new ApiClient();
	made.setBasePath(`${profile.api_base}/Management`);
	made.setOAuthBasePath(profile.audience);
	const key = fs.readFileSync(path.resolve(path.dirname(profilePath), profile.key_file));
	const grant = impersonated ? made.requestJWTUserToken(profile.integration_key, user, scopes, key, 600)
		: made.requestJWTApplicationToken(profile.integration_key, scopes, key, 600);
	return (await grant).body.access_token;
}

async function main() {
	const scopes = ['organization_read', 'organization_sub_account_read', 'asset_group_account_read', 'account_read'];
	const tokens = { application: await token(scopes, false), user: await token(['signature', 'impersonation', ...scopes], true), wrong: 'wrong' };
	const bearer = (name) => (name === 'none' ? {} : { headers: { authorization: `Bearer ${tokens[name]}` } });
	const info = await (await fetch(`${profile.api_base}/oauth/userinfo`, bearer('user'))).json();
	const values = { accountId: info.accounts[0].account_id, organizationId: profile.organization_id, version: '2.0', dataSetName: 'monitor' };
	const faults = [];
	for (const [name, at, query, by, status, members = []] of requests) {
		const api = apis[name], operation = api.operations[`GET ${at}`], what = `${name} ${at}?${query} by ${by}`;
		const url = `${profile.api_base}${api.base}${at.replace(/\{(\w+)\}/g, (_, key) => values[key])}?${query}`;
		const response = await fetch(url, bearer(by)), body = await response.json();
		if (!operation)
			faults.push(`${what}: is not described`);
		if (response.status !== status)
			faults.push(`${what}: is ${response.status}`);
		const schema = status === 200 ? operation?.response : api.error && errorSchema;
		for (const member of members.filter((one) => !(one in body)))
			faults.push(`${what}: lacks ${member}`);
		if (!schema)
			continue;
		const valid = ajv.compile(narrow(name, schema, [body]));
		if (!valid(body))
			faults.push(...valid.errors.map((error) => `${what}: ${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`));
		if (valid(Array.isArray(body) ? [{ unheard_of: 1 }] : { ...body, unheard_of: 1 }))
			faults.push(`${what}: its schema allows anything`);
	}
	// What envtally has asked: operations and parameters that are described.
	let asked = 0;
	for (const line of fs.readFileSync(logPath, 'utf8').split('\n').filter(Boolean)) {
		const url = new URL(JSON.parse(line).url, profile.api_base);
		const name = Object.keys(apis).find((one) => apis[one].base && url.pathname.startsWith(`${apis[one].base}/`));
		if (!name)
			continue;
		const rest = url.pathname.slice(apis[name].base.length);
		const found = Object.entries(apis[name].operations).find(([at]) => new RegExp(`^${at.replace(/^GET /, '').replace(/\{\w+\}/g, '[^/]+')}$`).test(rest) && at.startsWith('GET '));
		for (const parameter of url.searchParams.keys())
			if (found && !found[1].query.includes(parameter))
				faults.push(`envtally asks ${found[0]} for ${parameter}, which is not described`);
		if (!found && !assumed.test(rest))
			faults.push(`envtally asks ${url.pathname}, which is not described`);
		asked++;
	}
	console.log(JSON.stringify({ responses: requests.length, asked, faults: [...new Set(faults)] }));
}

main();
