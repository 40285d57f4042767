// A browser without a network, and what every page has to hold to in it.

import assert from 'node:assert/strict';
import { readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** What axe looks for: all of WCAG 2.2 A and AA, and what is good practice beside. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** The folder of the run whose pages are looked at. */
export const run = realpathSync(process.env.TRUEUP_RUN ?? join(import.meta.dirname, '../../out/current'));

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
}

/** The address of a page of the run, with a fragment. */
export function address(name, fragment = '', folder = run) {
  return pathToFileURL(join(folder, name)).href + fragment;
}

/** Opens a page from disk with the network off; `heard` gathers what no page may say or ask for. */
export async function open(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, offline: true, ...options });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await context.newPage();
  const heard = [];
  const own = url.split('#')[0];
  const folder = own.slice(0, own.lastIndexOf('/') + 1);
  page.on('console', (message) => heard.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => heard.push(`error: ${error.message}`));
  page.on('request', (request) => {
    // A link to the other page of the run is followed; nothing else is asked for.
    const asked = request.url().split('#')[0];
    if (!(request.isNavigationRequest() && asked.startsWith(folder) && asked.endsWith('.html'))) heard.push(`request: ${asked.slice(0, 200)}`);
  });
  page.on('dialog', (dialog) => { heard.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  await page.goto(url);
  await ready(page);
  return { page, context, heard };
}

/** The rows of a CSV file by the names of its columns. */
export function readCsv(path) {
  const rows = [[]];
  for (const [, quoted, plain, end] of readFileSync(path, 'utf8').matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/g)) {
    rows.at(-1).push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === '\n') rows.push([]);
  }
  const [names, ...all] = rows.slice(0, -1);
  return all.map((cells) => Object.fromEntries(names.map((name, at) => [name, cells[at]])));
}

/** Waits for the table of the auditor's page, where there is one. */
export async function ready(page) {
  if (await page.locator('#browser').count()) await page.waitForSelector('html[data-ready]');
}

/** That axe finds nothing. */
export async function accessible(page, what) {
  // Not as a script of the page, whose policy would forbid it.
  await page.evaluate(axe);
  const found = await page.evaluate((tags) => window.axe.run(document, { runOnly: tags, resultTypes: ['violations'] }), TAGS);
  const told = found.violations.map((v) => `${v.id} (${v.nodes.length}): ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200)).join(' | ')}`);
  assert.deepEqual(told, [], what);
  assert.ok(found.passes.length > 10, `${what}: axe looked at nothing`);
}

/** That nothing is wider than the screen and no text is cut off or lies over another. */
export async function fits(page, what) {
  const found = await page.evaluate(() => {
    const said = [];
    const width = document.documentElement.clientWidth;
    if (document.scrollingElement.scrollWidth > width) said.push(`the page is ${document.scrollingElement.scrollWidth} wide on ${width}`);
    const scrolls = (e) => { for (let o = e; o; o = o.parentElement) if (/auto|scroll/.test(getComputedStyle(o).overflowX)) return true; return false; };
    for (const e of document.body.querySelectorAll('*')) {
      const box = e.getBoundingClientRect();
      if (!box.width || !box.height || e.closest('.hidden,.skip,svg') || e.checkVisibility?.() === false) continue;
      if (box.right > width + 1 && !scrolls(e)) said.push(`<${e.tagName} class="${e.className}"> ends at ${Math.round(box.right)} on ${width}: ${e.textContent.slice(0, 60)}`);
      // A word a character wide is a word broken to pieces.
      const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim().length > 3);
      if (own && box.width < 14 && box.height > 60) said.push(`<${e.tagName} class="${e.className}"> is ${Math.round(box.width)} wide: ${e.textContent.slice(0, 60)}`);
    }
    for (const svg of document.querySelectorAll('svg')) {
      if (!svg.getBoundingClientRect().width || svg.checkVisibility?.() === false) continue;
      const frame = svg.getBoundingClientRect();
      for (const text of svg.querySelectorAll('text')) {
        const box = text.getBoundingClientRect();
        if (box.left < frame.left - 2 || box.right > frame.right + 2) said.push(`a chart's "${text.textContent.trim().slice(0, 50)}" is cut off`);
      }
    }
    return said.slice(0, 10);
  });
  assert.deepEqual(found, [], what);
}
