// What a spoilt delivery holds is text on both pages: nothing of it acts.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { accessible, laidOut, open, quiet, start } from './house.mjs';

const program = process.env.TRUEUP_BIN;
const LONG = `<b>${'long '.repeat(200_000)}</b>`;
const TEXTS = [
  '<script>window.hit=1</script>', '"><img src=x onerror=window.hit=1>', "' onfocus='window.hit=1", '</script><script>window.hit=1</script>',
  '<!--', ']]>', '{{ 7*7 }}', '${7*7}', '&lt;b&gt;', '=cmd|\' /C calc\'!A0', '@SUM(A1)', 'javascript:window.hit=1', '__proto__', 'constructor',
  '\u202egpj.exe', '\u2066a\u2069', '\u001b[31mred', 'a\u200bb', '\ufeff', 'line\u2028line', '\\u003cscript\\u003e', LONG,
];
const TABLE = `version: 1
table: things
description: "<script>window.hit=1</script>"
source: { files: "*.csv" }
key: [id]
columns:
  id: { type: string, not_null: error }
  text: { type: string, clean: [], accepted_values: { values: [fine], severity: warn, why: "</script><script>window.hit=1</script>" } }
rules:
  - id: things.same
    check: { duplicates: { columns: [text] } }
    why: "<img src=x onerror=window.hit=1>"
`;
const PROJECT = `version: 1
name: "<script>window.hit=1</script>"
delivery: { path: "deliv<ery", as_of: 2020-06-01 }
`;
const AGGREGATE = `-- <script>window.hit=1</script>
SELECT '<i>2020' AS period, '"><b>all' AS population, substr(text, 1, 300) AS category, CAST(min(_row) AS BIGINT) AS sort,
  count(*) AS count, CAST(NULL AS BIGINT) AS base, CAST(NULL AS DOUBLE) AS share
FROM things GROUP BY substr(text, 1, 300) ORDER BY sort
`;
const cell = (text) => `"${text.replaceAll('"', '""')}"`;

let browser;
let folder;
let run;
/** The address of a page of the run. */
const at = (name, fragment = '') => pathToFileURL(join(run, name)).href + fragment;
before(async () => {
  assert.ok(program, 'TRUEUP_BIN names the program');
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'trueup-hostile-')));
  const write = (path, text) => { mkdirSync(dirname(join(folder, path)), { recursive: true }); writeFileSync(join(folder, path), text); };
  write('rules/project.yaml', PROJECT);
  write('rules/tables/things.yaml', TABLE);
  write('sql/aggregates/counted.sql', AGGREGATE);
  const rows = [...TEXTS, TEXTS[0]].map((text, n) => `${cell(n % 2 ? `${n}` : `${n}${text.slice(0, 100)}`)},${cell(text)}`);
  write('deliv<ery/a<script>window.hit=1<\u2215script>.csv', `id,text\n${rows.join('\n')}\n`);
  const ended = spawnSync(program, ['run', '--fail-on', 'never'], { cwd: folder, encoding: 'utf8', maxBuffer: 64 << 20 });
  assert.equal(ended.status, 0, ended.stderr.slice(0, 2_000));
  // Nothing that acts reaches a terminal, and no line is endless.
  for (const said of [ended.stdout, ended.stderr]) {
    assert.ok(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(said), said.slice(0, 500));
    assert.ok(said.split('\n').every((line) => line.length < 10_000));
  }
  run = realpathSync(join(folder, 'out/current'));
  browser = await start();
});
after(async () => {
  await browser?.close();
  if (folder) rmSync(folder, { recursive: true });
});

const acting = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

for (const name of ['discrepancies.html', 'report.html']) {
  test(`${name}: all of it is text`, async () => {
    const opened = await open(browser, at(name));
    const { page, context } = opened;
    await page.evaluate(() => document.querySelectorAll('details').forEach((d) => { d.open = true; }));
    const text = await page.evaluate(() => document.body.innerText);
    assert.ok(text.includes('<script>window.hit=1</script>'), 'what was delivered is shown');
    assert.ok(!acting.test(text), 'nothing that acts is shown as it is');
    assert.equal(await page.evaluate(() => document.scripts.length), name === 'report.html' ? 0 : 2);
    assert.equal(await page.locator('img, iframe, object, embed, [onerror], [onfocus], main b').count(), await page.locator('.cards b').count());
    assert.equal(await page.evaluate(() => window.hit), undefined);
    assert.ok(readFileSync(join(run, name)).length < 10 << 20);
    await laidOut(page, name);
    await accessible(page, name);
    await quiet(opened);
    await context.close();
  });
}

test('each discrepancy can be opened', async () => {
  const opened = await open(browser, at('discrepancies.html'));
  const { page, context } = opened;
  const ids = await page.$$eval('#rows tr.row', (all) => all.map((tr) => tr.id.slice(2)));
  assert.ok(ids.length >= TEXTS.length, `${ids.length}`);
  for (const id of ids) {
    await page.evaluate((one) => { location.hash = `#open=${one}`; }, id);
    await page.waitForFunction((one) => document.getElementById('details')?.textContent.includes(one), id);
  }
  await laidOut(page, 'opened');
  await page.fill('#search', '<script>window.hit');
  await page.waitForFunction(() => location.hash.includes('script'));
  await page.reload();
  assert.equal(await page.evaluate(() => window.hit), undefined);
  await quiet(opened);
  await context.close();
});

test('an address that somebody made up does nothing', async () => {
  for (const fragment of ['#q=%3Cscript%3Ewindow.hit=1%3C/script%3E', '#open=%3Cimg src=x onerror=window.hit=1%3E', '#group=__proto__&sort=constructor&page=-5&severity=%E0%A4%A', '#constructor', '#%', '#page=1e9', '#rule=toString&table=__proto__']) {
    const opened = await open(browser, at('discrepancies.html', fragment));
    const { page, context } = opened;
    assert.equal(await page.evaluate(() => window.hit), undefined, fragment);
    assert.ok(await page.locator('#found').textContent(), fragment);
    await quiet(opened);
    await context.close();
  }
});

test('what explains it is text in the terminal, too', () => {
  const said = execFileSync(program, ['explain', 'things.text.accepted_values'], { cwd: folder, encoding: 'utf8', maxBuffer: 64 << 20 });
  assert.ok(!acting.test(said.replaceAll('\t', '')), said.slice(0, 500));
});
