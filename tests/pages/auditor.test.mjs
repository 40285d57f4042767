// The table of discrepancies: what is found, what the address says, what opens, and that all of it works from the keyboard.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { address, british, dataOf, found, open, quiet, rowsOf, shownIds, start } from './house.mjs';

const FILE = 'discrepancies.html';
const data = dataOf(FILE);
const rows = rowsOf(data);
const count = (test) => rows.filter(test).length;
/** Values of a column by how many rows have them, the most frequent first. */
const frequent = (value) => {
  const counts = new Map();
  for (const row of rows) counts.set(value(row), (counts.get(value(row)) || 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
};
const some = rows.find((row) => row.record_key && row.file && Number.isInteger(row.line) && row.record !== null && row.column && row.rule.waivable);

let browser;
before(async () => { browser = await start(); });
after(() => browser.close());
const at = (fragment, options) => open(browser, address(FILE, fragment), options);

describe('search, filters, order, groups, pages', () => {
  test('the fixture has what these tests look for', () => {
    assert.ok(rows.length > 300, 'several pages');
    assert.ok(some, 'a row with a record, a place and a column');
    assert.ok(frequent((row) => row.rule.severity).length > 1);
  });

  test('all rows are there at first, a hundred a page, in the log’s order', async () => {
    const opened = await at('');
    await found(opened.page, `${british(rows.length)} discrepancies`);
    assert.deepEqual(await shownIds(opened.page), rows.slice(0, 100).map((row) => row.id));
    await quiet(opened);
    await opened.context.close();
  });

  test('a search finds the rows that have all words, in any case, and goes into the address', async () => {
    const { page, context } = await at('');
    const [value] = frequent((row) => row.observed).find(([text]) => /^[A-Za-z]{4,}/.test(text)) || [some.observed];
    const words = [value.split(' ')[0].toUpperCase(), some.rule.table];
    const steps = await page.evaluate(() => history.length);
    await page.getByRole('searchbox').fill(words.join('  '));
    const has = (row, word) => {
      const texts = Object.entries(row).filter(([name]) => !['rule', 'record', 'line', 'row'].includes(name)).map(([, text]) => text);
      const { id, severity, dimension, category, table, kind } = row.rule;
      const delivered = row.record === null ? [] : data.records[row.record].cells.map((cell) => data.words[cell]);
      return [...texts, id, severity, dimension, category, table, kind, ...delivered].some((text) => String(text).toLowerCase().includes(word.toLowerCase()));
    };
    const expected = rows.filter((row) => words.every((word) => has(row, word)));
    assert.ok(expected.length > 0 && expected.length < rows.length, `${words}: ${expected.length}`);
    await found(page, `${british(expected.length)} of ${british(rows.length)} discrepancies`);
    assert.deepEqual(await shownIds(page), expected.slice(0, 100).map((row) => row.id));
    assert.match(page.url(), /#q=/);
    assert.equal(await page.evaluate(() => history.length), steps, 'typing makes no steps to go back');
    await page.reload();
    await found(page, `${british(expected.length)} of`);
    assert.equal(await page.getByRole('searchbox').inputValue(), words.join('  '));
    await page.getByRole('searchbox').fill('no such text anywhere 123');
    await found(page, 'No discrepancy fits');
    await page.getByRole('button', { name: 'Clear all' }).click();
    await found(page, `${british(rows.length)} discrepancies`);
    assert.doesNotMatch(page.url(), /q=/);
    await context.close();
  });

  test('file:line finds the row of that line', async () => {
    const { page, context } = await at(`q=${encodeURIComponent(`${some.file}:${some.line}`)}`);
    assert.ok((await shownIds(page)).includes(some.id));
    await context.close();
  });

  test('filters hold together, and each counts what the others leave', async () => {
    const { page, context } = await at('');
    const [[severity], [other]] = frequent((row) => row.rule.severity);
    const [[dimension]] = frequent((row) => row.rule.dimension);
    const box = (name, group) => page.getByRole('group', { name: group }).getByRole('checkbox', { name: new RegExp(`^${name} `) });
    await box(severity, 'Severity').check();
    await found(page, `${british(count((row) => row.rule.severity === severity))} of`);
    // The other severities still say what they would add, other filters what they would leave.
    const labelOf = (one) => one.evaluate((input) => input.closest('label').textContent);
    const label = await labelOf(box(other, 'Severity'));
    assert.ok(label.endsWith(` ${british(count((row) => row.rule.severity === other))}`), label);
    const both = count((row) => row.rule.severity === severity && row.rule.dimension === dimension);
    const second = await labelOf(box(dimension, 'Dimension'));
    assert.ok(second.endsWith(` ${british(both)}`), `${second}: ${both}`);
    await box(other, 'Severity').check();
    await found(page, british(count((row) => [severity, other].includes(row.rule.severity))));
    assert.match(page.url(), new RegExp(`#severity=${severity},${other}`));
    await page.reload();
    assert.ok(await box(other, 'Severity').isChecked());
    await context.close();
  });

  test('long filters unfold and take rules, tables, columns and categories', async () => {
    const { page, context } = await at('');
    for (const [label, value] of [['Rule', (row) => row.rule.id], ['Table', (row) => row.rule.table], ['Column', (row) => row.column], ['Category', (row) => row.rule.category]]) {
      const [name, n] = frequent(value).find(([text]) => text);
      await page.locator('.facets summary', { hasText: label }).click();
      const box = page.getByRole('group', { name: label, exact: true }).getByRole('checkbox', { name: new RegExp(`^${name.replaceAll('.', '\\.')} `) });
      await box.check();
      if (n < rows.length) await found(page, `${british(n)} of`);
      await box.uncheck();
      await found(page, `${british(rows.length)} discrepancies`);
    }
    await context.close();
  });

  test('links of the page lead into the table, and back', async () => {
    const { page, context } = await at('');
    const link = page.locator('#brought a[href^="#rule="]').first();
    const rule = decodeURIComponent((await link.getAttribute('href')).slice('#rule='.length));
    await link.click();
    await found(page, `${british(count((row) => row.rule.id === rule))} of`);
    assert.ok(await page.evaluate(() => document.getElementById('discrepancies').getBoundingClientRect().top < innerHeight));
    await page.goBack();
    await found(page, `${british(rows.length)} discrepancies`);
    await context.close();
  });

  test('a heading sorts up, down and not at all', async () => {
    const { page, context } = await at(`table=${some.rule.table}`);
    const of = rows.filter((row) => row.rule.table === some.rule.table);
    const head = page.getByRole('columnheader', { name: 'Place' });
    await head.getByRole('button').click();
    assert.equal(await head.getAttribute('aria-sort'), 'ascending');
    const lines = async () => page.$$eval('#rows tr.row .c-place', (cells) => cells.map((cell) => Number(cell.textContent.split(':')[1])));
    const expected = of.filter((row) => row.line !== null).map((row) => row.line);
    const up = await lines();
    assert.deepEqual(up, [...up].sort((a, b) => a - b));
    assert.equal(up[0], Math.min(...expected));
    await head.getByRole('button').click();
    assert.equal(await head.getAttribute('aria-sort'), 'descending');
    assert.equal((await lines())[0], Math.max(...expected));
    assert.match(page.url(), /sort=-place/);
    await head.getByRole('button').click();
    assert.equal(await head.getAttribute('aria-sort'), null);
    assert.deepEqual(await shownIds(page), of.slice(0, 100).map((row) => row.id));
    await context.close();
  });

  test('severities sort by how bad they are', async () => {
    const { page, context } = await at('sort=severity');
    const order = ['blocking', 'error', 'warn', 'info'];
    const worst = order.find((word) => rows.some((row) => row.rule.severity === word));
    assert.equal(await page.locator('#rows .row .severity').first().textContent(), worst);
    await page.goto(address(FILE, 'sort=-severity'));
    const best = [...order].reverse().find((word) => rows.some((row) => row.rule.severity === word));
    await page.waitForFunction((word) => document.querySelector('#rows .row .severity').textContent === word, best);
    await context.close();
  });

  test('groups count their rows, and open one by one', async () => {
    const { page, context } = await at('');
    await page.getByLabel('Group by').selectOption('rule');
    const groups = frequent((row) => row.rule.id);
    await found(page, `${british(rows.length)} discrepancies in ${british(groups.length)} groups`);
    assert.deepEqual(await shownIds(page), []);
    const first = page.locator('#rows .flip').first();
    assert.equal(await first.textContent(), `${groups[0][0]} ${british(groups[0][1])}`);
    await first.press('Enter');
    assert.equal(await first.getAttribute('aria-expanded'), 'true');
    assert.deepEqual(await shownIds(page), rows.filter((row) => row.rule.id === groups[0][0]).slice(0, 100).map((row) => row.id));
    if (groups[0][1] > 100) {
      await page.getByRole('button', { name: /^Show the next/ }).click();
      assert.equal((await shownIds(page)).length, Math.min(200, groups[0][1]));
    }
    for (const by of ['table', 'severity', 'file', 'record', 'status']) {
      await page.getByLabel('Group by').selectOption(by);
      const value = { table: (row) => row.rule.table, severity: (row) => row.rule.severity, file: (row) => row.file, record: (row) => `${row.rule.table} ${row.record_key}`, status: (row) => row.status }[by];
      const n = frequent(value).length;
      await found(page, `${british(rows.length)} discrepancies in ${british(n)} ${n === 1 ? 'group' : 'groups'}`);
    }
    await page.goto(address(FILE, `group=rule&open=${some.id}`));
    await page.waitForSelector('#details');
    assert.ok((await shownIds(page)).includes(some.id), 'the group of an open discrepancy is open');
    await context.close();
  });

  test('pages turn, and turn back', async () => {
    const { page, context } = await at('');
    await page.getByRole('button', { name: 'Next' }).click();
    await found(page, `${british(rows.length)} discrepancies, rows 101–`);
    assert.deepEqual(await shownIds(page), rows.slice(100, 200).map((row) => row.id));
    assert.equal(await page.locator('#pages [aria-current=page]').textContent(), '2');
    const last = Math.ceil(rows.length / 100);
    await page.getByRole('button', { name: `Page ${last} of ${last}` }).click();
    assert.deepEqual(await shownIds(page), rows.slice((last - 1) * 100).map((row) => row.id));
    assert.ok(await page.getByRole('button', { name: 'Next' }).isDisabled());
    await page.goBack();
    await found(page, `${british(rows.length)} discrepancies, rows 101–`);
    await page.goBack();
    await found(page, `${british(rows.length)} discrepancies, rows 1–`);
    await page.goForward();
    await found(page, `${british(rows.length)} discrepancies, rows 101–`);
    await context.close();
  });

  test('an address that makes no sense shows what it can', async () => {
    for (const fragment of ['%', 'page=-3&sort=nothing&group=x&foo=bar', 'q=%E0%A4%A', 'page=999999', 'open=ffffffffff', 'severity=', '=&&=', 'constructor=1&__proto__=2', 'sort=constructor']) {
      const opened = await at(fragment);
      assert.ok((await opened.page.locator('#found').textContent()).length > 10, fragment);
      await quiet(opened);
      await opened.context.close();
    }
  });
});

describe('a discrepancy', () => {
  test('opens with all that is known of it, and the back button closes it', async () => {
    const opened = await at(`rule=${some.rule.id}`);
    const { page, context } = opened;
    await page.locator(`[id="r-${some.id}"] .toggle`).click();
    const details = page.locator('#details');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'details-title');
    assert.match(page.url(), new RegExp(`open=${some.id}`));
    const text = await details.innerText();
    const told = [some.message, some.rule.why, some.rule.sql, some.rule.place, `${some.file}:${some.line}`, some.observed, some.expected,
      some.first_seen, some.id, some.rule.category, some.rule.dimension, some.rule.kind, `trueup explain ${some.id}`];
    for (const words of told) assert.ok(text.includes(words), `“${words}” is told`);
    if (/\.csv$/.test(some.file)) assert.ok(text.includes(`sed -n ${some.line}p `));
    // The record stands there as it was delivered, its failing cell marked.
    const record = data.records[some.record];
    const names = data.tables[record.table].columns;
    const cells = await details.locator('.record > div').evaluateAll((all) => all.map((one) => [one.querySelector('dt').firstChild.data ? one.querySelector('dt').textContent.replace(' fails', '') : '', one.querySelector('dd').textContent, one.className]));
    assert.deepEqual(cells.map(([name]) => name), names);
    assert.deepEqual(cells.map(([, value]) => value), record.cells.map((cell) => ({ '': 'blank', '[hidden]': 'hidden' }[data.words[cell]] ?? data.words[cell])));
    assert.deepEqual(cells.filter(([, , kind]) => kind === 'failing').map(([name]) => name), [some.column]);
    await page.goBack();
    await details.waitFor({ state: 'detached' });
    await page.goForward();
    await details.waitFor();
    await page.keyboard.press('Escape');
    await details.waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => document.activeElement.id), `t-${some.id}`);
    await quiet(opened);
    await context.close();
  });

  test('opens by its address, wherever it is and whatever was filtered', async () => {
    const last = rows[rows.length - 1];
    const { page, context } = await at(`open=${last.id}`);
    assert.ok((await shownIds(page)).includes(last.id));
    await page.waitForFunction((id) => { const { top } = document.getElementById(`r-${id}`).getBoundingClientRect(); return top >= -1 && top < innerHeight; }, last.id);
    const severity = frequent((row) => row.rule.severity).map(([word]) => word).find((word) => word !== last.rule.severity);
    await page.goto(address(FILE, `severity=${severity}&open=${last.id}`));
    await page.waitForSelector(`[id="r-${last.id}"]`);
    assert.ok(await page.locator('#details').isVisible());
    await page.goto(address(FILE, 'open=0123456789abcdef'));
    await found(page, 'The discrepancy 0123456789abcdef is not in this page. See it with: trueup explain 0123456789abcdef');
    await context.close();
  });

  test('its waiver command is copied as a whole, and is one that trueup waive takes', async () => {
    const opened = await at(`open=${some.id}`, { permissions: ['clipboard-read', 'clipboard-write'] });
    const { page, context } = opened;
    await page.getByRole('button', { name: 'Copy command', exact: true }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    await page.waitForFunction(() => document.getElementById('said').textContent.startsWith('Copied'));
    const command = await page.evaluate(() => navigator.clipboard.readText());
    const [year, month, day] = data.run.as_of.split('-').map(Number);
    const expires = new Date(Date.UTC(year, month - 1, day) + 90 * 86_400_000).toISOString().slice(0, 10);
    const run = data.run.published ? '' : ` --run ${data.run.id}`;
    assert.equal(command, `trueup waive ${some.id} --reason '…' --requested-by '…' --approved-by '…' --expires ${expires} --evidence '…'${run}`);
    if (process.env.TRUEUP_BIN) {
      const help = execFileSync(process.env.TRUEUP_BIN, ['waive', '--help'], { encoding: 'utf8' });
      for (const [option] of command.matchAll(/--[a-z-]+/g)) assert.match(help, new RegExp(`^ +${option}\\b`, 'm'));
    }
    await quiet(opened);
    await context.close();
  });

  test('where nothing may be copied, the command is selected', async () => {
    const { page, context } = await at(`open=${some.id}`);
    await page.evaluate(() => { Object.defineProperty(navigator, 'clipboard', { value: undefined }); });
    await page.getByRole('button', { name: 'Copy command', exact: true }).click();
    await page.waitForFunction((id) => String(getSelection()).trim().startsWith(`trueup waive ${id}`), some.id);
    await context.close();
  });

  test('what cannot be waived says so', async () => {
    const { page, context } = await at('');
    const row = rows.find((one) => !one.rule.waivable);
    if (row) {
      await page.goto(address(FILE, `open=${row.id}`));
      await page.getByText('This cannot be waived').waitFor();
    } else {
      assert.ok(data.rules.every((rule) => rule.waivable || rule.found === 0));
    }
    await context.close();
  });

  test('a statement leads to its drawing', async () => {
    const { page, context } = await at('');
    const id = await page.$eval('[id^="s-"]', (one) => one.id.slice(2));
    await page.goto(address(FILE, `open=${id}`));
    await page.getByRole('link', { name: 'See the statement drawn' }).click();
    await page.waitForFunction((name) => { const box = document.getElementById(name); return box.open && box.contains(document.activeElement); }, `s-${id}`);
    await page.goBack();
    await page.locator('#details').waitFor();
    await context.close();
  });
});

describe('from the keyboard', () => {
  test('tab to a row, open it, copy its command, close it', async () => {
    const { page, context } = await at(`rule=${some.rule.id}`, { permissions: ['clipboard-read', 'clipboard-write'] });
    const active = () => page.evaluate(() => ({ id: document.activeElement.id, kind: document.activeElement.className, text: document.activeElement.textContent }));
    const tabTo = async (test, most = 60) => {
      for (let n = 0; n < most; n += 1) {
        await page.keyboard.press('Tab');
        const now = await active();
        // Wherever the focus is, it is seen: it has an outline, and nothing is above it.
        const seen = await page.evaluate(() => {
          const { activeElement: element } = document;
          const box = element.getBoundingClientRect();
          const top = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height / 2, 20));
          return { outline: getComputedStyle(element).outlineStyle, covered: Boolean(top) && !element.contains(top) && !top.contains(element) };
        });
        assert.notEqual(seen.outline, 'none', JSON.stringify(now));
        assert.equal(seen.covered, false, JSON.stringify(now));
        if (test(now)) return now;
      }
      return assert.fail('the tab key does not lead there');
    };
    await page.getByRole('searchbox').focus();
    const { id } = await tabTo((now) => now.kind === 'toggle');
    await page.keyboard.press('Enter');
    assert.equal((await active()).id, 'details-title');
    await tabTo((now) => now.text === 'Copy command');
    await page.keyboard.press('Space');
    await page.waitForFunction(() => document.getElementById('said').textContent.startsWith('Copied'));
    assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^trueup waive /);
    await page.keyboard.press('Escape');
    assert.equal((await active()).id, id);
    assert.equal(await page.locator('#details').count(), 0);
    await context.close();
  });

  test('what is pressed is at least 24 pixels wide and high', async () => {
    for (const width of [360, 1280]) {
      const { page, context } = await at(`open=${some.id}`, { width });
      const small = await page.$$eval('#browser button, #browser input, #browser select, #browser summary, #browser label', (all) => all.filter((one) => one.checkVisibility())
        .map((one) => [one.localName === 'input' ? one.closest('label,.field') || one : one]).map(([one]) => [one.textContent.slice(0, 40), one.getBoundingClientRect().width, one.getBoundingClientRect().height])
        .filter(([, wide, high]) => wide < 24 || high < 20));
      assert.deepEqual(small, []);
      await context.close();
    }
  });
});

describe('paper', () => {
  test('it has the sign-off sheet and what is looked for, and no controls', async () => {
    const rule = frequent((row) => row.rule.id).map(([id, n]) => [id, n]).find(([, n]) => n > 100 && n < 400) || frequent((row) => row.rule.id)[0];
    const { page, context } = await at(`rule=${rule[0]}`);
    const pdf = await page.pdf({ preferCSSPageSize: true });
    const text = execFileSync('pdftotext', ['-layout', '-', '-'], { input: pdf, encoding: 'utf8', maxBuffer: 1 << 28 });
    assert.match(text, /Sign-off/);
    assert.match(text, /Signature/);
    assert.ok(text.includes(data.run.id), 'the run');
    assert.match(text, /[0-9a-f]{64}|[0-9a-f]{20,}/);
    assert.ok(text.includes(`${british(rule[1])} of ${british(rows.length)} discrepancies`));
    assert.doesNotMatch(text, /Group by|Clear all|Previous/);
    // Each sheet of the table has its headings.
    if (rule[1] > 100) assert.ok(text.match(/Severity +Status +Rule +Record/g)?.length > 1, 'headings on each sheet');
    if (rule[1] <= 400) {
      const of = rows.filter((row) => row.rule.id === rule[0]);
      const last = of[of.length - 1];
      assert.ok(text.includes(`${last.line}`) && text.includes(last.record_key.slice(0, 4)), 'the last row of the search');
    }
    await context.close();
  });
});
