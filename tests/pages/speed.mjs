// How soon a page can be used: node speed.mjs PAGE. Prints its bytes, when its table is there, and how long a search takes.

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { launch } from './browser.mjs';

const path = resolve(process.argv[2] ?? 'out/current/discrepancies.html');
const browser = await launch();
const bytes = statSync(path).size;
for (let round = 1; round <= 3; round += 1) {
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  await page.goto(pathToFileURL(path).href, { waitUntil: 'commit' });
  await page.waitForSelector('html[data-ready]', { state: 'attached' });
  // From the beginning of the navigation to the first answer of the main thread with the table in place.
  const ready = await page.evaluate(() => performance.now());
  const answered = await page.evaluate(async () => {
    const before = performance.now();
    const search = document.getElementById('search');
    search.value = 'zz no such word zz';
    search.dispatchEvent(new Event('input'));
    while (!document.querySelector('.results .none')) await new Promise((done) => setTimeout(done, 5));
    return performance.now() - before;
  });
  console.log(`round ${round}: ${bytes} bytes, interactive after ${Math.round(ready)} ms, a search after ${Math.round(answered)} ms`);
  await page.close();
}
await browser.close();
