// check.js: the report's page in Chromium. node check.js FOLDER [NAME]...: FOLDER has NAME.html and NAME.ndjson, what the page was made of.
// A line for each check: "ok PAGE: CHECK", or "not ok PAGE: CHECK: what was seen". node check.js --pictures FOLDER NAME: PNG files of it.
'use strict';
const { chromium } = require('playwright-core');
const axe = require('axe-core').source;
const fs = require('fs');
const path = require('path');

let failed = false;
function check(page, name, got, expected = true) {
	const same = JSON.stringify(got) === JSON.stringify(expected);
	failed ||= !same;
	console.log(same ? `ok ${page}: ${name}` : `not ok ${page}: ${name}: ${JSON.stringify(got)} and not ${JSON.stringify(expected)}`);
}

const records = (file, stream) => fs.readFileSync(file, 'utf8').split('\n').filter(line => line.includes(`"${stream}"`)).map(line => JSON.parse(line))
	.filter(message => message.type === 'RECORD' && message.stream === stream).map(message => message.record);

// What a reader sees: the rows of a section's tables, each the texts of its cells.
const rows = (tab, selector) => tab.$$eval(`${selector} tbody tr:not(.of)`, list => list.map(row => [...row.cells].map(cell => cell.textContent.trim())));

const shown = figure => figure === null || figure === undefined ? '–' : String(figure).replace('-', '−');

async function checkContent(tab, name, file) {
	const metrics = records(file, 'metric_result').sort((a, b) => a.software_model < b.software_model ? -1 : a.software_model > b.software_model ? 1 : a.period_index - b.period_index);
	const last = end => new Date(Date.parse(end) - 1).toISOString().slice(0, 10);
	check(name, 'the licence position is that of the records', await rows(tab, '#position'), metrics.map(m => [`${m.period_start.slice(0, 10)} – ${last(m.period_end)}`,
		m.period_state, ...[m.rights_owned, m.rights_used, m.rights_available, m.over_licensed_rights, m.unlicensed_rights].map(shown), m.status]));
	const totals = {};
	for (const c of records(file, 'consumption')) totals[c.account_id] = (totals[c.account_id] || 0) + c.units_consumed;
	const seen = (await rows(tab, '#accounts')).map(cells => [cells[0], cells[cells.length - 1]]);
	check(name, 'every account is there, with its units', seen.length, Object.keys(totals).length);
	const missing = Object.entries(totals).filter(([id, units]) => !seen.some(([account, total]) => account.endsWith(id) && total === String(units)));
	check(name, 'its units are the sum of the records', missing.slice(0, 3), []);
	const months = await rows(tab, '#units details:first-of-type');
	const dated = records(file, 'consumption').flatMap(c => Object.values(c.by_day || {})).reduce((a, b) => a + b, 0);
	check(name, 'the months add up to the days of the records', months.map(cells => Number(cells[cells.length - 1])).reduce((a, b) => a + b, 0), dated);
	const missingRights = metrics.filter(m => m.unlicensed_rights > 0);
	const tile = await tab.$eval('.tiles dd', element => element.textContent.trim());
	if (missingRights.length)
		check(name, 'money at risk is the sum of the records', tile, `${missingRights.reduce((sum, m) => sum + Math.round(m.true_up_cost * 100), 0) / 100} ${missingRights[0].currency}`);
}

// A bar is as high as its figure on the axis: from the ticks, which a reader takes it by.
async function checkBars(tab, name, file) {
	const figures = records(file, 'metric_result').map(m => m.rights_used).sort((a, b) => a - b);
	const read = await tab.$$eval('#position .chart', charts => charts.flatMap(chart => {
		const ticks = [...chart.querySelectorAll('.ticks text')].map(text => [Number(text.textContent), Number(text.getAttribute('y')) - 4]);
		const unit = (ticks[1][0] - ticks[0][0]) / (ticks[0][1] - ticks[1][1]), bars = new Map();
		for (const bar of chart.querySelectorAll('.plot rect'))
			bars.set(bar.getAttribute('x'), (bars.get(bar.getAttribute('x')) || 0) + Number(bar.getAttribute('height')) * unit);
		return [...bars.values()].map(Math.round);
	}));
	const near = read.sort((a, b) => a - b).every((value, at) => Math.abs(value - figures[at]) <= 1);
	check(name, 'bars are as high as their figures', [near, read.length], [true, figures.length]);
}

async function checkWidths(tab, name) {
	for (const width of [320, 768, 1440]) {
		await tab.setViewportSize({ width, height: 900 });
		check(name, `nothing is wider than ${width} pixels`, await tab.evaluate(() => {
			// A table may scroll in its frame; on a phone only those do whose rows are no lists.
			const apart = innerWidth > 760 ? '.scroll, .chart, .visually-hidden' : '.scroll table:not(.stacked), .chart, .visually-hidden, .stacked thead, details:not([open])';
			const wide = [...document.querySelectorAll('main *')].filter(e => !e.closest(apart) && e.getBoundingClientRect().right > innerWidth + 0.5);
			return [document.documentElement.scrollWidth <= innerWidth, wide.slice(0, 3).map(e => e.outerHTML.slice(0, 90))];
		}), [true, []]);
	}
}

async function checkAxe(tab, name, scheme) {
	await tab.emulateMedia({ colorScheme: scheme });
	await tab.evaluate(axe);
	const result = await tab.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
	check(name, `axe finds nothing, ${scheme}`, result.violations.map(v => `${v.id}: ${v.nodes[0].html.slice(0, 120)}`), []);
}

async function checkKeyboard(tab, name) {
	const button = '#position thead .n button';
	await tab.focus(button);
	await tab.keyboard.press('Enter');
	const used = async () => (await rows(tab, '#position div.scroll:first-of-type')).map(cells => Number(cells[2]));
	const down = await used();
	check(name, 'a title sorts its column by the keyboard, the largest first', [await tab.$eval(button, b => b.parentElement.ariaSort), down], ['descending', [...down].sort((a, b) => b - a)]);
	await tab.keyboard.press('Enter');
	check(name, 'and again the smallest first', await used(), [...down].sort((a, b) => a - b));
}

async function checkSearch(tab, name) {
	const id = await tab.$eval('#accounts details tbody tr:last-child code', code => code.textContent);
	await tab.fill('#accounts input', id.toUpperCase());
	const seen = await tab.$$eval('#accounts tbody tr', list => list.filter(row => row.checkVisibility()).map(row => row.textContent));
	check(name, 'the smallest of all accounts is found', [seen.length, seen.length === 1 ? seen[0].includes(id) : false], [1, true]);
}

async function checkPrint(tab, name, folder) {
	await tab.setViewportSize({ width: 703, height: 1009 }); // A4 within its margins
	await tab.emulateMedia({ media: 'print' });
	check(name, 'the first sheet is the overview', await tab.$eval('.overview', e => e.getBoundingClientRect().bottom + scrollY <= 1009));
	await tab.pdf({ path: path.join(folder, `${name}.pdf`), preferCSSPageSize: true, printBackground: true });
	const sheets = fs.readFileSync(path.join(folder, `${name}.pdf`), 'latin1').match(/\/Type \/Page\b(?!s)/g).length;
	check(name, 'it prints on some sheets', sheets > 3 && sheets < 15, true);
	await tab.emulateMedia({ media: 'screen' });
}

async function checkPage(browser, folder, name) {
	const tab = await browser.newPage({ reducedMotion: 'reduce' });
	const said = [], asked = [];
	const url = `file://${path.resolve(folder, name)}.html`;
	tab.on('console', message => said.push(message.text()));
	tab.on('pageerror', error => said.push(String(error)));
	tab.on('request', request => request.url() === url || asked.push(request.url()));
	await tab.goto(url);
	if (name === 'demo') {
		await checkContent(tab, name, path.join(folder, `${name}.ndjson`));
		await checkBars(tab, name, path.join(folder, `${name}.ndjson`));
	}
	await checkWidths(tab, name);
	if (name === 'many')
		await checkSearch(tab, name);
	else
		for (const scheme of ['light', 'dark'])
			await checkAxe(tab, name, scheme);
	if (name === 'demo') {
		await checkKeyboard(tab, name);
		await checkPrint(tab, name, folder);
	}
	check(name, 'no message', said, []);
	check(name, 'no request', asked, []);
	await tab.close();
}

async function takePictures(browser, folder, name) {
	for (const [kind, width, height, colorScheme] of [['light', 1060, 960, 'light'], ['dark', 1060, 960, 'dark'], ['phone', 320, 700, 'light']]) {
		const tab = await browser.newPage({ viewport: { width, height }, colorScheme });
		await tab.goto(`file://${path.resolve(folder, name)}.html`);
		await tab.screenshot({ path: path.join(folder, `${kind}.png`) });
		await tab.screenshot({ path: path.join(folder, `${kind}-whole.png`), fullPage: true });
		if (kind === 'light')
			await tab.pdf({ path: path.join(folder, 'print.pdf'), preferCSSPageSize: true, printBackground: true });
		await tab.close();
	}
}

(async () => {
	const pictures = process.argv[2] === '--pictures';
	const [folder, ...names] = process.argv.slice(pictures ? 3 : 2);
	const args = process.getuid() === 0 ? ['--no-sandbox'] : [];
	const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args });
	for (const name of names)
		await (pictures ? takePictures : checkPage)(browser, folder, name);
	await browser.close();
	process.exit(failed ? 1 : 0);
})();
