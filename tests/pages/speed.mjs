// node speed.mjs PAGE [SECONDS]: how long a page of discrepancies takes to be of use, and its bytes.
// Told are milliseconds from the start of the navigation: the table is shown; a search is answered; a row is open.
// With a number of seconds it fails when the search is answered later, or the page is of 10 MB or more.
import { statSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { start } from './house.mjs';

const [file, seconds] = process.argv.slice(2);
if (!file) {
  console.error('usage: node speed.mjs out/current/discrepancies.html [SECONDS]');
  process.exit(2);
}
const bytes = statSync(file).size;
const browser = await start();
const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
const page = await context.newPage();
await page.addInitScript(() => {
  const told = {};
  window.told = told;
  const mark = (name, ready) => {
    const look = () => (ready() ? requestAnimationFrame(() => setTimeout(() => { told[name] = performance.now(); })) : requestAnimationFrame(look));
    look();
  };
  const searched = () => {
    const search = document.getElementById('search');
    search.value = 'e a';
    search.form.requestSubmit();
    return true;
  };
  mark('shown', () => document.querySelector('html[data-ready]'));
  mark('searched', () => told.shown && (told.asked || (told.asked = searched())) && /#q=/.test(location.href));
  mark('opened', () => told.searched && (told.pressed || (told.pressed = [document.querySelector('#rows .toggle')].every((one) => one?.click() || true))) && (document.getElementById('details') || !document.querySelector('#rows .toggle')));
});
await page.goto(pathToFileURL(path.resolve(file)).href);
await page.waitForFunction(() => window.told.opened);
const { shown, searched, opened } = await page.evaluate(() => window.told);
console.log(JSON.stringify({ bytes, shown: Math.round(shown), searched: Math.round(searched), opened: Math.round(opened) }));
await browser.close();
if (seconds && (searched > Number(seconds) * 1000 || bytes >= 10_000_000)) process.exit(1);
