// report.html read back: every figure of an aggregate is on it, as the aggregate has it.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { RUN, address, british, open, quiet, start } from './house.mjs';

let browser;
before(async () => { browser = await start(); });
after(() => browser.close());

/** The rows of a CSV file by the names of its columns. */
function readCsv(path) {
  const rows = [[]];
  for (const [, quoted, plain, end] of readFileSync(path, 'utf8').matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/g)) {
    rows.at(-1).push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === '\n') rows.push([]);
  }
  const [names, ...all] = rows.slice(0, -1);
  return all.map((cells) => Object.fromEntries(names.map((name, at) => [name, cells[at]])));
}

test('every figure is that of its aggregate', async () => {
  const opened = await open(browser, address('report.html'));
  const { page, context } = opened;
  const aggregates = new Map();
  for (const file of readdirSync(path.join(RUN, 'aggregates')).filter((name) => name.endsWith('.csv') && name !== 'year_on_year.csv')) {
    for (const row of readCsv(path.join(RUN, 'aggregates', file))) {
      aggregates.set([file.slice(0, -4), row.period, row.population, row.category].join('\u0000'), row);
    }
  }
  const figures = await page.locator('data[data-aggregate]:not([data-aggregate=year_on_year])').evaluateAll((all) => all.map((e) => ({ ...e.dataset, value: e.value, text: e.textContent })));
  assert.ok(figures.length > 500, `${figures.length} figures`);
  const seen = new Set();
  for (const figure of figures) {
    const key = [figure.aggregate, figure.period, figure.population, figure.category].join('\u0000');
    if (!figure.category) continue;
    const row = aggregates.get(key);
    assert.ok(row, `no row of ${JSON.stringify(figure)}`);
    assert.equal(figure.value, row[figure.measure], JSON.stringify(figure));
    const want = figure.measure === 'share' ? `${(Number(row.share) * 100).toFixed(1)}%` : british(Number(row[figure.measure]));
    assert.equal(figure.text, want, JSON.stringify(figure));
    seen.add(key);
  }
  // Nothing that was counted is missing from the page.
  const missing = [...aggregates.keys()].filter((key) => !seen.has(key));
  assert.deepEqual(missing, []);
  await quiet(opened);
  await context.close();
});
