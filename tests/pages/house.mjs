// What the browser tests share: a browser without a network, pages that are watched, and what is asked of any of them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

/** The folder of the run whose pages are looked at. */
export const RUN = path.resolve(process.env.TRUEUP_RUN || 'out/current');

/** The address of a file of the run, with a fragment. */
export const address = (file, fragment = '') => `${pathToFileURL(path.resolve(RUN, file)).href}${fragment && `#${fragment}`}`;

/** The data that a page of discrepancies holds, as the file has them. */
export function dataOf(file) {
  const page = readFileSync(path.resolve(RUN, file), 'utf8');
  return JSON.parse(page.split('<script type="application/json" id="data">')[1].split('</script>')[0]);
}

/** The rows of that data as objects with texts. */
export function rowsOf(data) {
  return data.rows.map((cells) => Object.fromEntries(data.columns.map((name, at) => {
    if (name === 'rule') return [name, data.rules[cells[at]]];
    return [name, ['line', 'row', 'record'].includes(name) ? cells[at] : data.words[cells[at]]];
  })));
}

/** Starts the browser. */
export function start() {
  return chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: FLAGS });
}

/** Opens an address, offline; what is requested, logged or refused by the page's policy is kept in `watched`. */
export async function open(browser, url, { width = 1280, height = 900, scheme = 'light', permissions = [], ...more } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, permissions, bypassCSP: false, ...more });
  await context.setOffline(true);
  await context.addInitScript(() => {
    window.refused = [];
    addEventListener('securitypolicyviolation', (event) => window.refused.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  const page = await context.newPage();
  const watched = { requests: [], log: [] };
  page.on('request', (request) => watched.requests.push(request.url().split('#')[0]));
  page.on('console', (message) => watched.log.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => watched.log.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => { watched.log.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  await page.goto(url);
  if (await page.locator('#browser').count()) await page.waitForSelector('html[data-ready]', { state: 'attached' });
  return { page, context, watched };
}

/** Nothing but the page's own file was asked for, nothing was logged, and nothing was against its policy. */
export async function quiet({ page, watched }) {
  const own = page.url().split('#')[0];
  assert.deepEqual(watched.requests.filter((url) => url !== own), [], 'requests beside the page itself');
  assert.deepEqual(watched.log, [], 'messages of the console');
  assert.deepEqual(await page.evaluate(() => window.refused), [], 'what the policy refused');
}

/** axe-core finds nothing. */
export async function accessible(page, name) {
  // In the browser's own world, since the page's policy lets no other script in.
  const session = await page.context().newCDPSession(page);
  const evaluate = async (expression) => {
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    assert.equal(exceptionDetails, undefined, JSON.stringify(exceptionDetails));
    return result.value;
  };
  await evaluate(`${AXE};0`);
  const found = await evaluate(`axe.run(document, { runOnly: ${JSON.stringify(TAGS)}, resultTypes: ['violations'] }).then((r) => ({
    violations: r.violations.map((v) => v.id + ': ' + v.help + '\\n' + v.nodes.slice(0, 4).map((n) => '  ' + n.target + ' ' + n.failureSummary).join('\\n')),
    passes: r.passes.length }))`);
  await session.detach();
  assert.ok(found.passes > 15, `${name}: axe looked at the page`);
  assert.deepEqual(found.violations, [], name);
}

/** Nothing needs to be scrolled sideways, no text is cut off, and no text stands on another. */
export async function laidOut(page, name) {
  const bad = await page.evaluate(() => {
    const told = [];
    const say = (what, element) => told.push(`${what}: ${element.localName}${element.id && `#${element.id}`}.${element.getAttribute('class') || ''} ${(element.textContent || '').trim().slice(0, 50)}`);
    const root = document.scrollingElement;
    if (root.scrollWidth > innerWidth) {
      told.push(`the page is ${root.scrollWidth} wide in ${innerWidth}`);
    }
    const boxes = [];
    // What is scrolled out of a list stands on nothing.
    const roomOf = (element) => {
      for (let around = element; around; around = around.parentElement) {
        if (['auto', 'scroll'].includes(getComputedStyle(around).overflowY)) return around.getBoundingClientRect();
      }
      return { top: -Infinity, bottom: Infinity };
    };
    for (const element of document.body.querySelectorAll('*')) {
      if (!element.checkVisibility() || element.closest('.hidden,.skip')) continue;
      const style = getComputedStyle(element);
      const html = element instanceof HTMLElement;
      const clips = html && ['hidden', 'clip'].includes(style.overflowX) && !element.closest('.clamped');
      if (clips && element.scrollWidth > element.clientWidth + 1) say('cut off', element);
      // What leaves the window must be inside something that scrolls.
      const box = element.getBoundingClientRect();
      if (box.width && (box.right > innerWidth + 1 || box.left < -1) && !element.closest('.scroll,.clamped,pre')) say('outside', element);
      const own = [...element.childNodes].filter((node) => node.nodeType === 3 && node.data.trim());
      if (!own.length || (html && element.closest('.scroll,.clamped,select,option'))) continue;
      for (const node of own) {
        const range = document.createRange();
        range.selectNodeContents(node);
        const room = roomOf(element);
        for (const rect of range.getClientRects()) {
          if (rect.width > 1 && rect.bottom <= room.bottom + 1 && rect.top >= room.top - 1) boxes.push({ element, rect });
        }
      }
    }
    boxes.sort((a, b) => a.rect.top - b.rect.top);
    const slack = 3; // lines of one text may touch
    for (let at = 0; at < boxes.length && told.length < 12; at += 1) {
      const one = boxes[at];
      for (let next = at + 1; next < boxes.length && boxes[next].rect.top < one.rect.bottom - slack; next += 1) {
        const other = boxes[next];
        if (other.element === one.element || other.element.closest('thead') || one.element.closest('thead')) continue;
        const wide = Math.min(one.rect.right, other.rect.right) - Math.max(one.rect.left, other.rect.left);
        const high = Math.min(one.rect.bottom, other.rect.bottom) - Math.max(one.rect.top, other.rect.top);
        if (wide > slack && high > slack) say(`on “${other.element.textContent.trim().slice(0, 40)}”`, one.element);
      }
    }
    return { told: told.slice(0, 12), texts: boxes.length };
  });
  assert.ok(bad.texts > 20, `${name}: texts were looked at`);
  assert.deepEqual(bad.told, [], name);
}

/** The rows that the table shows now, by the id of their discrepancy. */
export const shownIds = (page) => page.$$eval('#rows tr.row', (rows) => rows.map((row) => row.id.slice(2)));

/** Waits until the line of what was found says this. */
export async function found(page, start) {
  await page.waitForFunction((text) => document.getElementById('found').textContent.startsWith(text), start, { timeout: 5000 });
}

/** A whole number as British readers write it. */
export const british = (number) => new Intl.NumberFormat('en-GB').format(number);
