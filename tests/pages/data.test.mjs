// Values that would act stay text: in the table, in the details, in the address.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { RUN, accessible, dataOf, laidOut, open, quiet, start } from './house.mjs';

const HOSTILE = [
  '<img src=x onerror="window.hit=1">', '</script><script>window.hit=1</script>', '<svg onload=window.hit=1>', '"><b onmouseover=window.hit=1>',
  "javascript:window.hit=1", '{{7*7}}${window.hit=1}', '=HYPERLINK("http://example.invalid","x")', '&lt;b&gt;&amp;', '<!--', ']]>', '<style>*{display:none}</style>',
  'ab\u202egnp.exe', '\u2066x\u2069\u200f', 'a\u001b[31mred\u0007\u0000', 'line\nbreak\ttab', '\ud800 half', '__proto__', 'constructor', "'; rm -rf ~ #", '-rf', 'x'.repeat(1_000_000), `${'word '.repeat(200_000)}`, 'مرحبا ABC', '​zero', '%00%', '#open=1&q=2,3',
];
let browser;
let folder;
before(async () => { browser = await start(); folder = mkdtempSync(path.join(os.tmpdir(), 'trueup-hostile-')); });
after(async () => { await browser.close(); rmSync(folder, { recursive: true, force: true }); });

/** A page of the run in which every text of every row, rule and record is hostile. */
function spoilt() {
  const data = dataOf('discrepancies.html');
  const pick = (n) => HOSTILE[n % HOSTILE.length];
  const id = data.columns.indexOf('id');
  const ids = new Set(data.rows.map((row) => row[id]));
  // The long ones once: a megabyte for each of thousands of words is another test.
  const long = new Set();
  data.words = data.words.map((word, at) => {
    if (at === 0 || ids.has(at)) return word;
    const text = pick(at);
    if (text.length < 1000 || long.size < 2 && !long.has(text) && long.add(text)) return text;
    return pick(at + 5);
  });
  // One row whose id is hostile too.
  data.words.push(HOSTILE[0]);
  data.rows[1][id] = data.words.length - 1;
  // Two rules with texts of a megabyte are enough.
  const brief = HOSTILE.filter((text) => text.length < 1000);
  const ofRule = (at, n) => (at < 2 ? pick(at + n + HOSTILE.findIndex((text) => text.length > 1000)) : brief[(at + n) % brief.length]);
  data.rules = data.rules.map((rule, at) => ({ ...rule, ...Object.fromEntries(['id', 'table', 'column', 'why', 'expected', 'sql', 'place', 'category', 'dimension', 'severity', 'kind', 'version'].map((key, n) => [key, ofRule(at, n)])) }));
  data.tables = data.tables.map((table, at) => ({ name: brief[at], columns: table.columns.map((_, n) => brief[n % brief.length]) }));
  data.run = { ...data.run, project: pick(0), id: pick(1), published: false };
  const page = readFileSync(path.join(RUN, 'discrepancies.html'), 'utf8');
  const [head, rest] = page.split('<script type="application/json" id="data">');
  const tail = rest.slice(rest.indexOf('</script>'));
  const file = path.join(folder, 'hostile.html');
  writeFileSync(file, `${head}<script type="application/json" id="data">${JSON.stringify(data).replaceAll('<', '\\u003c')}${tail}`);
  return { file, data };
}

test('hostile texts stay texts', async () => {
  const { file, data } = spoilt();
  const url = pathToFileURL(file).href;
  const at = (name) => data.columns.indexOf(name);
  const ids = data.rows.slice(0, HOSTILE.length).map((row) => data.words[row[at('id')]]);
  const opened = await open(browser, url, { width: 360 });
  const { page } = opened;
  for (const width of [360, 1600]) {
    await page.setViewportSize({ width, height: 900 });
    for (const id of ids) {
      await page.evaluate((fragment) => { location.hash = fragment; }, `open=${encodeURIComponent(id)}`);
      await page.waitForFunction((want) => document.querySelector('#rows .is-open')?.id === `r-${want}`, id);
    }
    await laidOut(page, `hostile, ${width} wide`);
  }
  const state = await page.evaluate(() => ({
    hit: window.hit,
    made: document.querySelectorAll('#browser :is(script,img,svg,style,iframe,b b,link)').length,
    links: [...document.querySelectorAll('#browser a')].filter((a) => !a.getAttribute('href').startsWith('#')).length,
    handlers: [...document.querySelectorAll('#browser *')].filter((e) => [...e.attributes].some((a) => a.name.startsWith('on') || a.name === 'style')).length,
    acts: /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/.test(document.getElementById('browser').textContent),
    size: document.getElementById('browser').textContent.length,
    text: document.getElementById('browser').textContent.slice(0, 2_000_000),
  }));
  assert.equal(state.hit, undefined);
  assert.deepEqual([state.made, state.links, state.handlers], [0, 0, 0]);
  assert.equal(state.acts, false, 'nothing acts on the reader');
  assert.ok(state.size < 1_000_000, `a text of a million characters is cut: ${state.size}`);
  for (const shown of ['<img src=x onerror="window.hit=1">', '</script><script>window.hit=1</script>', '\\u{202e}']) assert.ok(state.text.includes(shown), shown);
  // Filters, groups and orders take them too.
  for (const fragment of [`q=${encodeURIComponent(HOSTILE[1])}`, `rule=${encodeURIComponent(data.rules[0].id)}`, 'group=rule', 'group=record', 'sort=observed', 'sort=-rule', `q=${encodeURIComponent('</script>')}&status=${encodeURIComponent(HOSTILE[0])}`]) {
    await page.evaluate((wanted) => { location.hash = wanted; }, fragment);
    await page.waitForTimeout(100);
  }
  assert.equal(await page.evaluate(() => window.hit), undefined);
  await quiet(opened);
  await opened.context.close();
});

test('a page of hostile texts is as accessible as any', async () => {
  const { file } = spoilt();
  const { page, context } = await open(browser, pathToFileURL(file).href);
  await accessible(page, 'hostile');
  await context.close();
});

test('data that are broken say so, and how to go on', async () => {
  const page = readFileSync(path.join(RUN, 'discrepancies.html'), 'utf8');
  const [head, rest] = page.split('<script type="application/json" id="data">');
  const file = path.join(folder, 'broken.html');
  writeFileSync(file, `${head}<script type="application/json" id="data">{"rows": [${rest.slice(rest.indexOf('</script>'))}`);
  const context = await browser.newContext();
  const opened = await context.newPage();
  await opened.goto(pathToFileURL(file).href);
  await opened.getByText('The table cannot be built').waitFor();
  await opened.getByText('discrepancies.csv beside this page').waitFor();
  await context.close();
});
