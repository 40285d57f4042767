// Opens report.html of a run in headless Chromium with the network off, and fails where a reader would be let down: an error
// or a request, a layout that breaks, a mark without its note, a note without the way to its statement, a violation that
// axe-core finds.
//
//   npm install --prefix /tmp/browser playwright-core axe-core
//   NODE_PATH=/tmp/browser/node_modules node tests/pages/report.mjs out/current
import { createRequire } from 'node:module';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(join(process.env.NODE_PATH ?? 'node_modules', 'x.js'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const run = realpathSync(process.argv[2]);
const page = pathToFileURL(join(run, 'report.html')).href;
const wrong = [];
const expect = (holds, what) => { if (!holds) wrong.push(what); };

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-component-update'],
});

async function open(width, colorScheme, bypassCSP) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, offline: true, bypassCSP });
  const tab = await context.newPage();
  const where = `${width} pixels, ${colorScheme}`;
  tab.on('console', (said) => { if (['error', 'warning'].includes(said.type())) wrong.push(`${where}: ${said.text()}`); });
  tab.on('pageerror', (error) => wrong.push(`${where}: ${error}`));
  tab.on('request', (request) => expect(request.url().startsWith('file:'), `${where}: asks for ${request.url()}`));
  const start = Date.now();
  await tab.goto(page);
  expect(Date.now() - start < 2000, `${where}: opens in ${Date.now() - start} ms`);
  return { context, tab, where };
}

for (const width of [360, 1600]) {
  for (const scheme of ['light', 'dark']) {
    // axe is put into the page, which the page's own policy forbids.
    const { context, tab, where } = await open(width, scheme, true);
    const [is, may] = await tab.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    expect(is <= may, `${where}: ${is} pixels wide`);
    for (const details of ['closed', 'open']) {
      if (details === 'open') await tab.evaluate(() => document.querySelectorAll('details').forEach((one) => { one.open = true; }));
      await tab.evaluate(axe);
      const found = await tab.evaluate((values) => axe.run(document, { runOnly: { type: 'tag', values } }), RULES);
      for (const one of found.violations) wrong.push(`${where}, details ${details}: ${one.id}: ${one.nodes[0].html.slice(0, 200)}`);
    }
    await context.close();
  }
}

const { context, tab } = await open(1200, 'light', false);
const marks = await tab.locator('a.mark').count();
expect(marks > 0, 'there is no mark');
const way = await tab.evaluate(() => {
  const note = document.querySelector(document.querySelector('a.mark').getAttribute('href'));
  return [...note.querySelectorAll('a')].map((a) => a.getAttribute('href')).find((href) => href.includes('#s-'));
});
expect(/^discrepancies\.html#s-[0-9a-f]{20}$/.test(way ?? ''), `the first note leads to ${way}`);
await tab.keyboard.press('Tab');
expect((await tab.evaluate(() => document.activeElement.className)) === 'skip', 'the first key leads past the head');
await tab.locator('a.mark').first().click();
expect((await tab.evaluate(() => location.hash)).includes('-note-'), 'a mark leads to its note');
const seen = await tab.evaluate(() => document.querySelector(location.hash).getBoundingClientRect().height > 0);
expect(seen, 'the note is seen, folded or not');
// The auditor's page stands beside this one.
if (existsSync(join(run, 'discrepancies.html'))) {
  await tab.goto(page);
  await tab.evaluate((href) => { location.href = href; }, way);
  await tab.waitForURL(/discrepancies\.html#s-/);
  const found = await tab.evaluate(() => document.getElementById(location.hash.slice(1)) !== null);
  expect(found, `${way} is not on the auditor's page`);
}
await tab.goto(page);
await tab.emulateMedia({ media: 'print' });
const print = await tab.pdf({ format: 'A4' });
expect(print.length > 50_000, 'the page prints');
await context.close();
await browser.close();

for (const what of wrong) console.error(what);
console.log(wrong.length === 0 ? `${marks} marks, nothing wrong` : `${wrong.length} wrong`);
process.exit(wrong.length === 0 ? 0 : 1);
