// report.html of a run, as its readers see it.

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { accessible, address, fits, launch, open, readCsv, ready, run } from './browser.mjs';

const PAGE = 'report.html';
let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

test('every figure is that of its aggregate', async () => {
  const { page, context, heard } = await open(browser, address(PAGE));
  const aggregates = new Map();
  for (const file of readdirSync(join(run, 'aggregates')).filter((name) => name.endsWith('.csv') && name !== 'year_on_year.csv')) {
    for (const row of readCsv(join(run, 'aggregates', file))) {
      aggregates.set([file.slice(0, -4), row.period, row.population, row.category].join('\u0000'), row);
    }
  }
  const figures = await page.locator('data[data-aggregate]:not([data-aggregate=year_on_year])').evaluateAll((all) => all.map((e) => ({ ...e.dataset, value: e.value, text: e.textContent })));
  assert.ok(figures.length > 500, `${figures.length} figures`);
  const british = new Intl.NumberFormat('en-GB');
  const seen = new Set();
  for (const figure of figures) {
    const key = [figure.aggregate, figure.period, figure.population, figure.category].join('\u0000');
    if (!figure.category) continue;
    const row = aggregates.get(key);
    assert.ok(row, `no row of ${JSON.stringify(figure)}`);
    assert.equal(figure.value, row[figure.measure], JSON.stringify(figure));
    const want = figure.measure === 'share' ? `${(Number(row.share) * 100).toFixed(1)}%` : british.format(Number(row[figure.measure]));
    assert.equal(figure.text, want, JSON.stringify(figure));
    seen.add(key);
  }
  // Nothing that was counted is missing from the page.
  const missing = [...aggregates.keys()].filter((key) => !seen.has(key));
  assert.deepEqual(missing, []);
  assert.deepEqual(heard, []);
  await context.close();
});

test('a marked figure leads to its note, and the note to the statement, which is open', async () => {
  const { page, context, heard } = await open(browser, address(PAGE));
  const marks = page.locator('main a.mark');
  assert.ok(await marks.count() > 10, 'marks');
  const mark = marks.first();
  await mark.evaluate((e) => { for (let o = e; o; o = o.parentElement) if (o.tagName === 'DETAILS') o.open = true; });
  await mark.click();
  const note = page.locator(`[id="${(await mark.getAttribute('href')).slice(1)}"]`);
  assert.ok(await note.isVisible());
  const link = note.locator('a[href^="discrepancies.html#"]').first();
  const href = await link.getAttribute('href');
  await link.click();
  await page.waitForURL(/discrepancies\.html/);
  await ready(page);
  const id = href.split('#')[1];
  const place = id.startsWith('s-') ? page.locator(`[id="${id}"]`) : page.locator('#details');
  assert.ok(await place.isVisible());
  await page.waitForFunction((e) => { const { top, bottom } = e.getBoundingClientRect(); return bottom > 0 && top < innerHeight; }, await place.elementHandle());
  assert.equal(await place.evaluate((e) => e.tagName !== 'DETAILS' || e.open), true, 'it is unfolded');
  assert.deepEqual(heard, []);
  await context.close();
});

test('all links within the run lead somewhere', async () => {
  const { page, context } = await open(browser, address(PAGE));
  const links = await page.locator('a[href]').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
  const other = await open(browser, address('discrepancies.html'));
  const places = new Set(await other.page.evaluate(() => [...document.querySelectorAll('[id]')].map((e) => e.id)));
  const own = new Set(await page.evaluate(() => [...document.querySelectorAll('[id]')].map((e) => e.id)));
  for (const href of new Set(links)) {
    const [file, id] = href.split('#');
    if (file && file !== 'discrepancies.html') assert.ok(existsSync(join(run, file)), href);
    else if (id && !id.includes('=')) assert.ok((file ? places : own).has(id), href);
  }
  await context.close();
  await other.context.close();
});

for (const scheme of ['light', 'dark']) {
  for (const width of [360, 1600]) {
    test(`nothing breaks at ${width} pixels, ${scheme}, and axe finds nothing`, async () => {
      const { page, context, heard } = await open(browser, address(PAGE), { viewport: { width, height: 900 }, colorScheme: scheme });
      await fits(page, 'as it opens');
      await accessible(page, 'as it opens');
      await page.evaluate(() => document.querySelectorAll('details').forEach((d) => { d.open = true; }));
      await fits(page, 'all unfolded');
      await accessible(page, 'all unfolded');
      assert.deepEqual(heard, []);
      await context.close();
    });
  }
}

test('it prints', async () => {
  const { page, context } = await open(browser, address(PAGE));
  const pdf = await page.pdf({ format: 'A4' });
  const pages = pdf.toString('latin1').match(/\/Type \/Page\b/g).length;
  assert.ok(pages > 5 && pages < 150, `${pages} pages`);
  await context.close();
});
