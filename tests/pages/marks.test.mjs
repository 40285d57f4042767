// From the report to the statement that a marked figure is about.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { address, dataOf, open, quiet, rowsOf, start } from './house.mjs';

let browser;
before(async () => { browser = await start(); });
after(() => browser.close());

test('a marked figure leads to its note, and the note to the statement, open and in sight', async () => {
  const opened = await open(browser, address('report.html'));
  const { page } = opened;
  const marks = page.locator('main a.mark');
  assert.ok(await marks.count() > 10, 'figures are marked');
  const mark = page.locator('main td a.mark, main .cards a.mark, main p a.mark').first();
  const note = (await mark.getAttribute('href')).slice(1);
  await mark.click();
  const link = page.locator(`[id="${note}"] a[href^="discrepancies.html#"]`).first();
  await link.waitFor({ state: 'visible' });
  const href = await link.getAttribute('href');
  await quiet(opened);
  await link.click();
  await page.waitForSelector('html[data-ready]', { state: 'attached' });
  const id = href.split('#')[1];
  assert.match(id, /^s-[0-9a-f]+$/);
  const statement = page.locator(`[id="${id}"]`);
  assert.ok(await statement.isVisible(), 'the statement is in the page, unfolded');
  assert.ok(await statement.evaluate((element) => element.open !== false && element.contains(document.activeElement)), 'it is open and has the focus');
  await page.waitForFunction((name) => {
    const box = document.getElementById(name).getBoundingClientRect();
    return box.top >= -1 && box.top < innerHeight;
  }, id, { timeout: 5000 });
  await opened.context.close();
});

test('every link to the auditor’s page leads to something that is there', async () => {
  const { page, context } = await open(browser, address('report.html'));
  const links = await page.$$eval('a[href*="discrepancies.html"]', (all) => [...new Set(all.map((a) => a.getAttribute('href')))]);
  assert.ok(links.length > 10);
  await context.close();
  const { page: auditor, context: other } = await open(browser, address('discrepancies.html'));
  const there = new Set(await auditor.$$eval('[id]', (all) => all.map((one) => one.id)));
  const ids = new Set(rowsOf(dataOf('discrepancies.html')).map((row) => row.id));
  const fragments = links.map((href) => href.split('#')[1]).filter(Boolean);
  assert.deepEqual(fragments.filter((one) => !(one.startsWith('open=') ? ids.has(one.slice(5)) : there.has(one))), []);
  await other.close();
});

test('it prints with every section', async () => {
  const { page, context } = await open(browser, address('report.html'));
  const pdf = await page.pdf({ preferCSSPageSize: true });
  assert.ok(pdf.length > 50_000);
  assert.equal(pdf.subarray(0, 5).toString(), '%PDF-');
  await context.close();
});
