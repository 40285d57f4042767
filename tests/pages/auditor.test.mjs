// discrepancies.html of a run, as an auditor uses it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { accessible, address, fits, launch, open, readCsv, ready, run } from './browser.mjs';

const PAGE = 'discrepancies.html';
const log = readCsv(join(run, 'discrepancies.csv'));
let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const at = async (fragment, options) => open(browser, address(PAGE, fragment), options);
const told = (page) => page.locator('.told').textContent();
const shownRows = (page) => page.locator('table.log > tbody > tr:not(.details)');
const number = (n) => new Intl.NumberFormat('en-GB').format(n);

/** Waits until the table says how many it shows. */
async function says(page, count) {
  await page.waitForFunction((words) => document.querySelector('.told').textContent.startsWith(words), `${number(count)} discrepanc`);
}

test('the log is told whole, and the page is quiet', async () => {
  const { page, context, heard } = await at('');
  assert.ok(log.length > 100, 'a log to look at');
  await says(page, log.length);
  assert.equal(await shownRows(page).count(), Math.min(100, log.length));
  const policy = await page.locator('meta[http-equiv="Content-Security-Policy"]').getAttribute('content');
  assert.match(policy, /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'$/);
  assert.deepEqual(heard, []);
  await context.close();
});

test('search, filters, order and groups say what the log says, and the address keeps them', async () => {
  const { page, context, heard } = await at('');
  const rule = log.find((row) => row.source_line)?.rule_id;
  await page.fill('#search', rule);
  const found = log.filter((row) => Object.entries(row).some(([name, text]) => !['rule_version', 'run_id', 'kind'].includes(name) && text.toLowerCase().includes(rule.toLowerCase())));
  await says(page, found.length);
  await page.waitForFunction((text) => decodeURIComponent(location.hash).includes(text), rule);

  await page.click('text=Clear all');
  await says(page, log.length);
  await page.click('summary:has-text("Severity")');
  for (const severity of ['error', 'warn']) {
    await page.check(`[data-facet=severity] input[data-value=${severity}]`);
  }
  const severe = log.filter((row) => ['error', 'warn'].includes(row.severity));
  await says(page, severe.length);
  // Counts of a filter follow the others.
  await page.click('summary:has-text("Table")');
  const people = severe.filter((row) => row.table === 'people');
  const choice = page.locator('[data-facet=table] label', { has: page.locator('input[data-value=people]') });
  assert.equal((await choice.textContent()).trim(), `people ${number(people.length)}`);
  await choice.locator('input').check();
  await says(page, people.length);

  // Order: rows come by record, upwards, then downwards.
  await page.click('[data-sort=record]');
  const keys = async () => (await page.locator('table.log td[data-title=Record]').allTextContents()).slice(0, 100);
  const collator = new Intl.Collator('en-GB', { numeric: true });
  const sorted = people.map((row) => row.record_key).sort(collator.compare);
  assert.deepEqual(await keys(), sorted.slice(0, 100));
  assert.equal(await page.locator('th[aria-sort=ascending]').textContent(), 'Record ▲');
  await page.click('[data-sort=record]');
  assert.deepEqual(await keys(), sorted.toReversed().slice(0, 100));

  // The same address shows the same.
  const url = page.url();
  const again = await open(browser, url);
  await says(again.page, people.length);
  assert.deepEqual(await again.page.locator('table.log td[data-title=Record]').allTextContents(), await keys());
  await again.page.reload();
  await ready(again.page);
  await says(again.page, people.length);
  await again.context.close();

  await page.selectOption('#grouping', 'rule');
  const byRule = new Map();
  for (const row of people) byRule.set(row.rule_id, [...(byRule.get(row.rule_id) ?? []), row]);
  const groups = [...byRule];
  assert.equal(await page.locator('details.group').count(), groups.length);
  const [largest] = groups.sort((a, b) => b[1].length - a[1].length);
  const first = page.locator('details.group').first();
  assert.match(await first.locator('summary').textContent(), new RegExp(`^${largest[0]} — ${number(largest[1].length)} discrepanc`));
  await first.locator('summary').click();
  assert.equal(await first.locator('tbody > tr').count(), Math.min(100, largest[1].length));

  await page.click('text=Clear all');
  await says(page, log.length);
  assert.ok(!page.url().includes('='), page.url());
  assert.deepEqual(heard, []);
  await context.close();
});

test('pages of the table, and the way back', async () => {
  const { page, context } = await at('');
  const pages = Math.ceil(log.length / 100);
  await page.click('nav.pager >> nth=0 >> text=Next');
  assert.match(await page.locator('nav.pager').first().textContent(), new RegExp(`Page 2 of ${pages}`));
  await page.click('nav.pager >> nth=0 >> text=Last');
  assert.equal(await shownRows(page).count(), log.length - (pages - 1) * 100);
  await page.goBack();
  await page.waitForFunction(() => document.querySelector('nav.pager').textContent.includes('Page 2 '));
  await context.close();
});

test('a discrepancy shows where it comes from and what was done, and its waiver can be copied', async () => {
  const { page, context, heard } = await at('');
  const row = log.find((one) => one.action === 'quarantined' && one.source_line);
  await page.fill('#search', row.discrepancy_id);
  await says(page, 1);
  await page.click('table.log button.open');
  const details = page.locator('#details');
  await details.waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'details');
  const text = await details.textContent();
  for (const part of [row.message, row.observed, row.expected, row.record_key, `${row.source_file}:${row.source_line}`, row.action, row.first_seen_run, row.rule_id]) {
    assert.ok(text.includes(part), `${part} in: ${text}`);
  }
  assert.ok(page.url().includes(`open=${row.discrepancy_id}`));
  const failed = page.locator('table.record tr.failed');
  assert.equal(await failed.locator('td').textContent(), row.observed);
  const copy = page.locator('.command', { hasText: 'trueup waive' }).locator('button');
  await copy.click();
  await page.waitForFunction(() => document.getElementById('spoken').textContent.startsWith('Copied'));
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  const expires = copied.match(/--expires (\d{4}-\d\d-\d\d)/)[1];
  assert.ok(expires > row.run_id.slice(0, 10), copied);
  assert.equal(copied, `trueup waive ${row.discrepancy_id} --reason '…' --requested-by '…' --approved-by '…' --expires ${expires} --evidence '…'`);
  if (process.env.TRUEUP_BIN) {
    const help = execFileSync(process.env.TRUEUP_BIN, ['waive', '--help'], { encoding: 'utf8' });
    for (const option of copied.match(/--[a-z-]+/g)) assert.ok(help.includes(option), option);
  }
  await page.keyboard.press('Escape');
  assert.equal(await details.count(), 0);
  assert.deepEqual(heard, []);
  await context.close();
});

test('by keyboard alone', async () => {
  const { page, context } = await at(`#rule=${log.find((row) => row.source_line).rule_id}`);
  await page.locator('#search').focus();
  const reach = async (selector) => {
    for (let i = 0; i < 60; i += 1) {
      await page.keyboard.press('Tab');
      if (await page.evaluate((s) => document.activeElement.matches(s), selector)) return;
    }
    assert.fail(`no way to ${selector}`);
  };
  await reach('button.sort');
  await page.keyboard.press('Enter');
  assert.ok(await page.evaluate(() => document.activeElement.matches('button.sort')), 'focus stays on the heading');
  await reach('button.open');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'details');
  await reach('button.copy');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.getElementById('spoken').textContent.startsWith('Copied'));
  await page.keyboard.press('Escape');
  assert.ok(await page.evaluate(() => document.activeElement.matches('button.open')), 'focus comes back to the row');
  await context.close();
});

test('a link to a discrepancy or a statement shows it', async () => {
  const total = log.find((row) => row.table === '' && row.rule_id.includes('.'));
  const row = log.at(-1);
  const { page, context, heard } = await at(`#open=${row.discrepancy_id}`);
  assert.ok(await page.locator('#details').isVisible());
  await page.evaluate((id) => { location.hash = `#open=${id}`; }, total.discrepancy_id);
  await page.waitForFunction((id) => document.getElementById('details')?.textContent.includes(id), total.discrepancy_id);
  const link = page.locator(`#details a[href="#s-${total.discrepancy_id}"]`);
  await link.click();
  const statement = page.locator(`#s-${total.discrepancy_id}`);
  assert.ok(await statement.isVisible());
  await page.waitForFunction((e) => e.getBoundingClientRect().top < innerHeight, await statement.elementHandle());
  assert.deepEqual(heard, []);
  await context.close();
});

for (const scheme of ['light', 'dark']) {
  for (const width of [360, 1600]) {
    test(`nothing breaks at ${width} pixels, ${scheme}, and axe finds nothing`, async () => {
      const { page, context, heard } = await at('', { viewport: { width, height: 900 }, colorScheme: scheme });
      await fits(page, 'as it opens');
      await accessible(page, 'as it opens');
      await page.evaluate(() => document.querySelectorAll('details').forEach((d) => { d.open = true; }));
      await fits(page, 'all unfolded');
      await page.evaluate((id) => { location.hash = `#open=${id}`; }, log.find((row) => row.source_line).discrepancy_id);
      await page.locator('#details').waitFor();
      await fits(page, 'a discrepancy open');
      await accessible(page, 'a discrepancy open');
      assert.deepEqual(heard, []);
      await context.close();
    });
  }
}

test('all of it unfolded is accessible too', async () => {
  const { page, context } = await at('#group=severity');
  await page.evaluate(() => document.querySelectorAll('main details').forEach((d) => { d.open = true; }));
  await accessible(page, 'all unfolded');
  await context.close();
});

test('the sign-off sheet prints', async () => {
  const { page, context } = await at('');
  await page.emulateMedia({ media: 'print' });
  const sheet = page.locator('#sign-off');
  assert.ok(await sheet.isVisible());
  const text = await sheet.textContent();
  assert.ok(text.includes(log[0].run_id), text);
  assert.ok(!(await page.locator('form.tools').isVisible()), 'controls are not printed');
  const pdf = await page.pdf();
  assert.ok(pdf.length > 10_000);
  await context.close();
});
